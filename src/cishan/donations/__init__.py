"""Gifts: the four screens of giving, monthly gifts, undo and refund, the trail of a gift by its secret link.

A gift is written when the giver confirms, before any money moves; what becomes of the money is told by the
payment service alone (`actions/settling.py`), and only that puts it into the books.
"""
