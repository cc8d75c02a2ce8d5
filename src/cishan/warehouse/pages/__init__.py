"""The pages of the warehouse."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

routes: Sequence[ControllerRouterHandler] = []
