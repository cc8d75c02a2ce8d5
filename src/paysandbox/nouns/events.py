"""Events, kept for thirty days of the sandbox's clock."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.routing import LISTED, answer_page, route
from paysandbox.store import Condition
from paysandbox.world import DAY, World

UNDELIVERED = "('pending', 'held', 'sending', 'failed', 'dropped')"


def with_pending(world: World, event: Json) -> Json:
    """Return an event with the number of deliveries still to come."""
    event["pending_webhooks"] = world.store.number(
        "SELECT count(DISTINCT url) FROM delivery WHERE event = ? AND state IN ('pending', 'held', 'sending')"
        " AND url IS NOT NULL",
        event["id"],
    )
    return event


@route("GET", "/v1/events", " ".join([*LISTED, "type", "types", "delivery_success"]))
def list_events(world: World, given: Json) -> Json:
    """Answer events; `delivery_success=false` names those still pending, failed or dropped."""
    kind, kinds = params.text(given, "type"), params.words(given, "types")
    if kind is not None and kinds is not None:
        raise Refusal("You may only specify one of these parameters: type, types.")
    where: list[Condition] = [("created", ">=", world.now - 30 * DAY)]
    if kind is not None:
        where.append(("type", "GLOB", kind) if "*" in kind else ("type", "=", kind))
    extra = ""
    if kinds:
        if not all(word.replace(".", "").replace("_", "").isalnum() for word in kinds):
            raise Refusal("Invalid event type.", param="types")
        extra += " AND json_extract(body, '$.type') IN (" + ", ".join(f"'{word}'" for word in kinds) + ")"
    success = params.flag(given, "delivery_success")
    if success is not None:
        sign = "NOT IN" if success else "IN"
        extra += f" AND id {sign} (SELECT event FROM delivery WHERE state IN {UNDELIVERED})"
    page = answer_page(world, "event", given, "/v1/events", where, extra=extra)
    page["data"] = [with_pending(world, event) for event in page["data"]]
    return page


@route("GET", "/v1/events/{id}")
def retrieve_event(world: World, given: Json, id: str) -> Json:
    """Answer one event."""
    return with_pending(world, world.need("event", id))
