"""Templates of the objects: every field that Stripe's published examples carry, with its type.

Each function returns a new object of one kind; what a caller does not name is what Stripe answers for
an account that does not use the feature (mostly null).
"""

from paysandbox.config import Json


def address() -> Json:
    """Return an address of which nothing is known."""
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def listing(url: str, data: list[Json], has_more: bool = False) -> Json:
    """Return a list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def billing_details(email: str | None = None, name: str | None = None) -> Json:
    """Return what the payer told about themselves."""
    return {"address": address(), "email": email, "name": name, "phone": None, "tax_id": None}
