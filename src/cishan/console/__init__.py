"""The staff desk: what waits, lists with their exports, the pages of things, and one field that finds them.

It owns no business table. A list is declared by the slice whose tables it reads (`queries/lists.py`); this
slice says under which address and to whom it is shown. What an export or a look at personal data was for is
written into the log of reads before anybody sees a byte of it.
"""
