"""Work on gifts that may run late or twice; importing this room registers all of it."""

from cishan.donations.jobs import giving, monthly, receipts

__all__ = ["giving", "monthly", "receipts"]
