"""The giver's screens. Each works without JavaScript."""

from litestar.types import ControllerRouterHandler

from cishan.donations.pages import decisions, giving, goods, moderation, monthly, receipts, refunds, trail

routes: list[ControllerRouterHandler] = [
    *giving.routes,
    *trail.routes,
    *refunds.routes,
    *monthly.routes,
    *receipts.routes,
    *goods.routes,
    *moderation.routes,
    *decisions.routes,
]
"""Every route of this slice; `main.py` hangs them in."""
