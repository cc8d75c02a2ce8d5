"""Clocks of the law and of the house: every deadline is a row, none is an `if`.

A rule says how long something may take, on which calendar, from which event, and what may pause it; a new
wording of the law is a new version of the rule; a running clock keeps the version under which it began.
A clock belongs to one thing of another slice, which starts, pauses and stops it inside the transaction of its
own step. Green, yellow and red are moments that stand in the row: a list of ten thousand is one query.
"""
