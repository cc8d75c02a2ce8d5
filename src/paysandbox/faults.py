"""Faults on command: rules that bend deliveries or API calls, a given number of times or with a chance."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.world import World

KINDS = {
    "delivery": ("duplicate", "reorder", "delay", "drop", "hold", "stale_payload", "old_api_version"),
    "request": ("timeout_before", "timeout_after_commit", "429", "500", "500_after_commit", "slow"),
}


@dataclass(frozen=True)
class Fault:
    """One fault that applies now, with the rule that brought it."""

    kind: str
    rule: Json


def add(world: World, place: str, rule: Json) -> int:
    """Store a rule: `kind`, what it fits, `times` (0: always), `chance` in percent."""
    if place not in KINDS or rule.get("kind") not in KINDS[place]:
        known = ", ".join(KINDS.get(place, tuple(KINDS)))
        raise Refusal(f"Unknown fault; known are: {known}", param="kind")
    times = int(rule.get("times", 1))
    cursor = world.store.run(
        "INSERT INTO fault (place, rule, times) VALUES (?, ?, ?)",
        place,
        json.dumps(rule),
        times if times > 0 else -1,
    )
    return int(cursor.lastrowid or 0)


def listed(world: World) -> list[Json]:
    """Return all rules still in force."""
    rows = world.store.rows("SELECT seq, place, rule, times FROM fault ORDER BY seq")
    return [
        {"id": seq, "place": place, "left": "always" if times == -1 else times, **json.loads(str(rule))}
        for seq, place, rule, times in rows
    ]


def clear(world: World) -> None:
    """Drop all rules."""
    world.store.run("DELETE FROM fault")


def take(world: World, place: str, fits: Callable[[Json], bool]) -> list[Fault]:
    """Return the faults that apply and count them as used."""
    found = []
    for seq, rule_text, times in world.store.rows(
        "SELECT seq, rule, times FROM fault WHERE place = ? ORDER BY seq", place
    ):
        rule: Json = json.loads(str(rule_text))
        if not fits(rule) or world.draw_number(100) >= int(rule.get("chance", 100)):
            continue
        found.append(Fault(str(rule["kind"]), rule))
        if times == 1:
            world.store.run("DELETE FROM fault WHERE seq = ?", seq)
        elif times != -1:
            world.store.run("UPDATE fault SET times = times - 1 WHERE seq = ?", seq)
    return found
