"""What the public sees of the books: the year's income and costs by fund, and every booking without names.

It only reads the ledger and keeps nothing of its own, so it cannot say anything else than the books.
"""
