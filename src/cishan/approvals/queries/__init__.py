"""Reads of approvals, bands and declared relations."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.approvals.rules import (
    ApprovalView,
    Band,
    Decision,
    Relation,
    Stage,
    State,
    StepView,
)
from cishan.approvals.tables import CONTACT_PURPOSE, PAYEE_NAME, RELATED_CONTACT, RELATED_NAME
from cishan.identity.queries import posts
from cishan.identity.rules.accounts import Visitor
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.roles import Post
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.lists import Condition

PAGE = 50
_BAND = """b.kind AS band_kind, b.from_fen, b.propose_roles, b.check_roles, b.panel_role, b.panel_present,
           b.release_role, b.effective_from, b.effective_to, b.source"""
_APPROVAL = f"""
    SELECT a.*, o.name AS organisation_name, r.name AS region_name, {_BAND}
      FROM approval AS a JOIN approval_band AS b ON b.id = a.band
      JOIN organisation AS o ON o.id = a.organisation JOIN region AS r ON r.code = a.region"""


async def approval(approval_id: UUID) -> ApprovalView:
    """Return an approval with its steps."""
    rows = await fetch(_APPROVAL + " WHERE a.id = {}", approval_id)
    if not rows:
        raise NotFound(N_("There is no such approval."))
    steps = await fetch(
        """SELECT position, stage, decision, person AS person_id, acting_role AS role, at, reason,
                  participants, minutes_file
             FROM approval_step WHERE approval = {} ORDER BY position""",
        approval_id,
    )
    return _view(rows[0], [_step(row) for row in steps])


async def latest_of(kind: str, subject_kind: str, subject_id: UUID | str) -> ApprovalView | None:
    """Return the last round about a thing."""
    found = await fetch_value(
        "SELECT id FROM approval WHERE kind = {} AND subject_kind = {} AND subject_id = {}"
        " ORDER BY round DESC LIMIT 1",
        kind,
        subject_kind,
        str(subject_id),
    )
    return await approval(found) if found else None


async def states_of(kind: str, subject_kind: str, subject_ids: Sequence[UUID | str]) -> dict[str, "Standing"]:
    """Return where the last round of each thing stands, for the rows of a list."""
    rows = await fetch(
        """SELECT DISTINCT ON (subject_id) subject_id, id, state FROM approval
            WHERE kind = {} AND subject_kind = {} AND subject_id = ANY ({}::varchar[])
            ORDER BY subject_id, round DESC""",
        kind,
        subject_kind,
        [str(one) for one in subject_ids],
    )
    return {row["subject_id"]: Standing(row["id"], State(row["state"])) for row in rows}


async def titles_of(approval_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what approvals are called, by their ids."""
    rows = await fetch("SELECT id, title FROM approval WHERE id = ANY ({}::uuid[])", list(approval_ids))
    return {row["id"]: row["title"] for row in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """An approval and its state."""

    id: UUID
    state: State


@dataclass(frozen=True, slots=True)
class Line:
    """An approval in a list."""

    id: UUID
    kind: str
    title: str
    amount_fen: int
    round: int
    created_at: datetime
    state: State
    waits_for: tuple[str, ...]
    maker_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """The first of what was looked for, and how many there are in all."""

    lines: tuple[Line, ...]
    total: int


_LINES = """
      FROM approval AS a JOIN approval_step AS p ON p.approval = a.id AND p.position = 1"""
# Posts as three parallel arrays: role, organisation, region.
_MINE_TO_SEE = """EXISTS (SELECT FROM unnest({}::text[], {}::uuid[], {}::text[])
                          AS post (role, organisation, region)
                   WHERE post.organisation = a.organisation AND region_covers(post.region, a.region)
                     AND post.role = ANY (a.waits_for))"""


def waiting_on(person_id: UUID, held: Sequence[Post]) -> Condition:
    """Return the condition that a person could decide an approval now by one of their posts."""
    return (
        f"""a.state IN ('checking', 'panel', 'releasing') AND a.waits_for && {{}}::varchar[]
            AND {_MINE_TO_SEE}
            AND NOT EXISTS (SELECT FROM approval_step AS s WHERE s.approval = a.id
                             AND (s.person = {{}} OR {{}} = ANY (s.participants)))""",
        (
            [post.role for post in held],
            [post.role for post in held],
            [post.organisation_id for post in held],
            [post.region_code for post in held],
            person_id,
            person_id,
        ),
    )


async def waiting_for(person_id: UUID, held: Sequence[Post]) -> Found:
    """Return what this person could decide now, the longest waiting first."""
    where, values = waiting_on(person_id, held)
    rows = await fetch(
        "SELECT a.id, a.kind, a.title, a.amount_fen, a.round, a.created_at, a.state, a.waits_for,"
        f" p.person AS maker_id {_LINES} WHERE {where} ORDER BY a.created_at, a.id LIMIT {{}}",
        *values,
        PAGE,
    )
    total = await fetch_value(f"SELECT count(*) {_LINES} WHERE {where}", *values)
    lines = [
        Line(**{**row, "state": State(row["state"]), "waits_for": tuple(row["waits_for"])}) for row in rows
    ]
    return Found(tuple(lines), total)


@dataclass(frozen=True, slots=True)
class Hit:
    """An approval that a number or a contact leads to."""

    id: UUID
    kind: str
    title: str
    created_at: datetime
    amount_fen: int


_HIT = (
    "SELECT id, kind, title, created_at, amount_fen FROM approval AS a WHERE a.region LIKE ANY ({}::text[])"
)


async def by_number(text: str, regions: Sequence[str], *, limit: int = 20) -> list[Hit]:
    """Return the approvals in some regions that have a reference, or are about a number, the newest first."""
    rows = await fetch(
        _HIT + " AND (upper(right(a.id::text, 8)) = {} OR a.title = {} OR a.subject_id = {})"
        " ORDER BY a.created_at DESC LIMIT {}",
        list(regions),
        text.upper(),
        text,
        text,
        limit,
    )
    return [Hit(**row) for row in rows]


async def by_payee(contact: str, regions: Sequence[str], *, limit: int = 50) -> list[Hit]:
    """Return the approvals in some regions whose payee is reached so, the newest first."""
    rows = await fetch(
        _HIT + " AND a.payee_contact_index = ANY ({}::bytea[]) ORDER BY a.created_at DESC LIMIT {}",
        list(regions),
        crypto.blind_indexes(contact, purpose=CONTACT_PURPOSE),
        limit,
    )
    return [Hit(**row) for row in rows]


async def is_related(approval_id: UUID, person_id: UUID, on: date) -> bool:
    """Tell whether the database would call this person related to the payee."""
    related: bool | None = await fetch_value(
        """SELECT approval_is_related({}, a.payee_person, a.payee_uscc, a.payee_contact_index, {})
             FROM approval AS a WHERE a.id = {}""",
        person_id,
        on,
        approval_id,
    )
    return bool(related)


async def may_read_minutes(visitor: Visitor | None, approval_id: UUID) -> bool:
    """Tell whether somebody may read the minutes of a panel: whoever may see the approval."""
    staff = await posts.staff(visitor) if visitor else None
    found = await approval(approval_id)
    return decide(
        staff,
        Action.APPROVALS_READ,
        now=clock.now(),
        organisation=found.organisation_id,
        region=found.region_code,
    ).allowed


async def bands_in_force(kind: str, on: date) -> list[Band]:
    """Return what the amounts of a kind ask for on a day, the smallest first."""
    rows = await fetch(
        f"SELECT {_BAND} FROM approval_band AS b WHERE b.kind = {{}} AND b.effective_from <= {{}}"
        " AND coalesce(b.effective_to, {}) >= {} ORDER BY b.from_fen, b.effective_from",
        kind,
        on,
        on,
        on,
    )
    return list({row["from_fen"]: _band(row) for row in rows}.values())


@dataclass(frozen=True, slots=True)
class RelatedView:
    """A relation that somebody declared, as that person sees it."""

    id: UUID
    relation: Relation
    name: str
    contact: str
    uscc: str
    since: date
    until: date | None
    declared_at: datetime


async def related_of(person_id: UUID) -> list[RelatedView]:
    """Return what a person declared, what still holds first."""
    rows = await fetch(
        """SELECT id, relation, name_enc, contact_enc, uscc, since, until, declared_at FROM related_party
            WHERE person = {} ORDER BY until IS NOT NULL, declared_at DESC, id LIMIT 200""",
        person_id,
    )
    return [
        RelatedView(
            id=row["id"],
            relation=Relation(row["relation"]),
            name=crypto.unseal(row["name_enc"], place=RELATED_NAME, row=row["id"]),
            contact=crypto.unseal(row["contact_enc"], place=RELATED_CONTACT, row=row["id"])
            if row["contact_enc"]
            else "",
            uscc=row["uscc"],
            since=row["since"],
            until=row["until"],
            declared_at=row["declared_at"],
        )
        for row in rows
    ]


def _step(row: dict[str, Any]) -> StepView:
    return StepView(
        **{
            **row,
            "stage": Stage(row["stage"]),
            "decision": Decision(row["decision"]),
            "participants": tuple(row["participants"]),
        }
    )


def _view(row: dict[str, Any], steps: Sequence[StepView]) -> ApprovalView:
    name = row["payee_name_enc"]
    return ApprovalView(
        id=row["id"],
        kind=row["kind"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        title=row["title"],
        amount_fen=row["amount_fen"],
        payee_name=crypto.unseal(name, place=PAYEE_NAME, row=row["id"]) if name else "",
        payee_person_id=row["payee_person"],
        payee_uscc=row["payee_uscc"],
        organisation_id=row["organisation"],
        organisation_name=row["organisation_name"],
        region_code=row["region"],
        region_name=row["region_name"],
        facts=tuple((label, value) for label, value in json.loads(row["facts"])),
        round=row["round"],
        previous_id=row["previous"],
        created_at=row["created_at"],
        state=State(row["state"]),
        waits_for=tuple(row["waits_for"]),
        band=_band(row),
        steps=tuple(steps),
    )


def _band(row: dict[str, Any]) -> Band:
    return Band(
        kind=row["band_kind"],
        from_fen=row["from_fen"],
        propose_roles=tuple(row["propose_roles"]),
        check_roles=tuple(row["check_roles"]),
        panel_role=row["panel_role"],
        panel_present=row["panel_present"],
        release_role=row["release_role"],
        effective_from=row["effective_from"],
        effective_to=row["effective_to"],
        source=row["source"],
    )
