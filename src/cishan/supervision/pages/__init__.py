"""The pages of the history: its proof, and who looked at one's own data."""

from litestar.types import ControllerRouterHandler

from cishan.supervision.pages import own, proof

routes: list[ControllerRouterHandler] = [*own.routes, *proof.routes]
