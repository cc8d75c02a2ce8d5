"""Which function answers which request, and what all lists have in common."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal, no_such
from paysandbox.shapes import listing
from paysandbox.store import Condition
from paysandbox.world import World

Handler = Callable[..., Json]
"""Takes the world, the parameters and the ids in the path; returns the object to answer."""

LISTED = ("limit", "starting_after", "ending_before", "created")


@dataclass(frozen=True)
class Route:
    """One endpoint and the top-level parameters that it knows."""

    method: str
    path: re.Pattern[str]
    known: frozenset[str]
    handler: Handler


ROUTES: list[Route] = []


def route(method: str, path: str, known: str = "") -> Callable[[Handler], Handler]:
    """Register an endpoint; `{id}` in the path is an id, `known` the names of its parameters."""
    pattern = re.compile("^" + re.sub(r"\{\w+\}", r"([^/]+)", path) + "$")

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, frozenset([*known.split(), "expand"]), handler))
        return handler

    return register


def listed(method_path: str, kind: str, *filters: str) -> None:
    """Register the list endpoint of a kind with filters by equal field."""
    names = " ".join([*LISTED, *filters])

    def handler(world: World, given: Json) -> Json:
        where: list[Condition] = []
        for name in filters:
            value = params.text(given, name)
            if value is not None:
                where.append((name, "=", value))
        return answer_page(world, kind, given, method_path, where)

    route("GET", method_path, names)(handler)


def retrieved(path: str, kind: str, param: str = "id") -> None:
    """Register the retrieve endpoint of a kind."""

    def handler(world: World, given: Json, id: str) -> Json:
        return world.need(kind, id, param)

    route("GET", path + "/{id}")(handler)


def answer_page(
    world: World, kind: str, given: Json, url: str, where: Sequence[Condition] = (), *, extra: str = ""
) -> Json:
    """Return one page of a list, as the cursor parameters ask."""
    limit = params.whole(given, "limit", least=1, most=100) or 10
    after, before = params.text(given, "starting_after"), params.text(given, "ending_before")
    if after is not None and before is not None:
        raise Refusal("You may only specify one of these parameters: starting_after, ending_before.")
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and world.store.get(cursor) is None:
            raise no_such(kind, cursor, name)
    conditions = [*where, *(("created", sign, at) for sign, at in params.created_range(given))]
    data, more = world.store.page(kind, conditions, limit=limit, after=after, before=before, extra=extra)
    return listing(url, data, more)


# --- expansion -------------------------------------------------------------------------------------

Included = Callable[[World, Json], Json]
INCLUDABLE: dict[tuple[str, str], Included] = {}
"""Lists that an object carries only when asked: (kind, field) → the list."""


ABSENT = {("refund", "failure_balance_transaction")}
"""Fields that an object has only after something happened, and that may be named before that."""


def includable(kind: str, field: str) -> Callable[[Included], Included]:
    """Register a list that is left out unless `expand[]` names it."""

    def register(function: Included) -> Included:
        INCLUDABLE[kind, field] = function
        return function

    return register


def expand(world: World, answer: Json, paths: Iterable[str]) -> None:
    """Replace ids by objects along each dotted path, at most four steps deep."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > 5:
            raise Refusal("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(world, answer, steps, path)


def _expand(world: World, node: Json, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    if node.get("object") == "list" and name == "data":
        for row in node["data"]:
            if rest:
                _expand(world, row, rest, path)
        return
    include = INCLUDABLE.get((str(node.get("object")), name))
    if include is not None and not isinstance(node.get(name), dict):
        node[name] = include(world, node)
    if name not in node and (str(node.get("object")), name) in ABSENT:
        return
    if name not in node:
        raise Refusal(f"This property cannot be expanded ({path}).", param="expand[0]")
    value = node[name]
    if isinstance(value, str):
        found = world.store.get(value)
        if found is None:
            raise Refusal(f"This property cannot be expanded ({path}).", param="expand[0]")
        node[name] = value = found
    if rest and isinstance(value, dict):
        _expand(world, value, rest, path)
    if rest and isinstance(value, list):
        for row in value:
            _expand(world, row, rest, path)
