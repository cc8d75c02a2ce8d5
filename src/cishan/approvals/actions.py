"""Proposing, checking, releasing and withdrawing; declaring who is related to whom.

Every verb is one step of one approval, in one transaction with its history, its clock and, after the last
step, with what the kind does when it is approved or rejected. The database judges the step.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from cishan.approvals import queries, rules, telling
from cishan.approvals.rules import (
    KINDS,
    SUBJECT,
    Acting,
    Band,
    Decision,
    Minutes,
    Payee,
    Relation,
    Stage,
    State,
)
from cishan.approvals.tables import (
    CONTACT_PURPOSE,
    PAYEE_CONTACT,
    PAYEE_NAME,
    RELATED_CONTACT,
    RELATED_NAME,
    RelatedParty,
)
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.deadlines import actions as deadlines
from cishan.files import actions as files
from cishan.files.rules import Kind, Purpose, register
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, connection, fetch, fetch_value, in_transaction
from cishan.plumbing.uploads import Upload

FILES = "approval"
MINUTES = Purpose(code="minutes", kinds=(Kind.PDF, Kind.PICTURE), max_count=1)
register(FILES, MINUTES, may_read=queries.may_read_minutes)

_BEGIN = """
    INSERT INTO approval (id, kind, subject_kind, subject_id, title, amount_fen, payee_name_enc, payee_person,
                          payee_uscc, payee_contact_enc, payee_contact_index, organisation, region, facts,
                          round, created_at, state, waits_for)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, 1, $15, 'draft', '{}')"""
_STEP = """
    INSERT INTO approval_step (id, approval, position, stage, decision, person, role_grant, acting_role, at,
                               reason, participants, minutes_file, minutes_sha256, from_state, to_state,
                               waits_for)
    VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9, $10::uuid[], $11, $12, 'draft', 'draft', '{}')
    RETURNING from_state, to_state"""


async def propose(
    *,
    kind: str,
    subject_kind: str,
    subject_id: UUID | str,
    title: str,
    amount_fen: int,
    payee: Payee,
    by: Acting,
    organisation_id: UUID,
    region_code: str,
    facts: Sequence[tuple[str, str]] = (),
    reason: str = "",
) -> UUID:
    """Lay something before its checkers and return the approval's id.

    After a return, a rejection or a withdrawal it is a new round that links the old one; while a round is
    open or approved it is a Conflict. `facts` are pairs of a msgid and a value, and nothing personal.
    """
    assert kind in KINDS, f"nobody registered the kind {kind}"
    approval_id = ids.new_id()
    async with atomic():
        with _told():
            await connection().execute(
                _BEGIN,
                *(approval_id, kind, subject_kind, str(subject_id), title[:200], amount_fen),
                crypto.seal(payee.name, place=PAYEE_NAME, row=approval_id) if payee.name else None,
                payee.person_id,
                payee.uscc,
                *_contact(payee.contact, PAYEE_CONTACT, approval_id),
                organisation_id,
                region_code,
                json.dumps([list(fact) for fact in facts], ensure_ascii=False),
                clock.now(),
            )
        await _step(approval_id, Stage.PROPOSE, Decision.PASS, by, reason=reason)
    return approval_id


def _contact(contact: str, place: str, row: UUID) -> tuple[bytes | None, bytes | None]:
    if not contact:
        return None, None
    return (
        crypto.seal(contact, place=place, row=row),
        crypto.blind_index(contact, purpose=CONTACT_PURPOSE),
    )


async def check(approval_id: UUID, by: Acting, decision: Decision, reason: str = "") -> State:
    """Agree to a proposal, return it or reject it; the last two say why. Returns where it stands then."""
    rules.require_reason(decision, reason)
    return await _take(approval_id, Stage.CHECK, decision, by, reason=reason)


async def decide_by_panel(
    approval_id: UUID,
    by: Acting,
    decision: Decision,
    *,
    participants: Sequence[UUID],
    minutes: Minutes | None,
    reason: str = "",
) -> State:
    """Write down what a council panel decided (一事一议): who was there, and the file of its minutes."""
    rules.require_reason(decision, reason)
    return await _take(
        approval_id, Stage.PANEL, decision, by, reason=reason, participants=participants, minutes=minutes
    )


async def record_panel(
    approval_id: UUID,
    by: Acting,
    decision: Decision,
    *,
    participants: Sequence[UUID],
    uploads: Sequence[Upload],
    reason: str = "",
) -> State:
    """Write down what a panel decided and keep the minutes that were sent with it, both or neither."""
    rules.require_reason(decision, reason)
    brought = await files.bring(uploads, owner_kind=FILES, purpose=MINUTES.code, field="minutes")
    async with atomic():
        kept = await files.attach(brought, owner_id=approval_id, by=by.person_id, field="minutes")
        minutes = Minutes(kept[0].id, bytes.fromhex(kept[0].sha256)) if kept else None
        return await decide_by_panel(
            approval_id, by, decision, participants=participants, minutes=minutes, reason=reason
        )


async def release(
    approval_id: UUID, by: Acting, decision: Decision = Decision.PASS, reason: str = ""
) -> State:
    """Let a checked proposal go, or return or reject it at the last door."""
    rules.require_reason(decision, reason)
    return await _take(approval_id, Stage.RELEASE, decision, by, reason=reason)


async def withdraw(approval_id: UUID, by: Acting, reason: str = "") -> State:
    """Take one's own proposal back while it is open."""
    return await _take(approval_id, Stage.WITHDRAW, Decision.PASS, by, reason=reason)


async def _take(approval_id: UUID, stage: Stage, decision: Decision, by: Acting, **more: Any) -> State:
    async with atomic():
        state = await _step(approval_id, stage, decision, by, **more)
        if state in {State.DONE, State.REJECTED}:
            approval = await queries.approval(approval_id)
            kind = KINDS[approval.kind]
            follow = kind.on_approved if state is State.DONE else kind.on_rejected
            if follow is not None:
                await follow(approval, by)
    return state


async def _step(
    approval_id: UUID,
    stage: Stage,
    decision: Decision,
    by: Acting,
    *,
    reason: str = "",
    participants: Sequence[UUID] = (),
    minutes: Minutes | None = None,
) -> State:
    now = clock.now()
    with _told():
        row = await connection().fetchrow(
            _STEP,
            *(ids.new_id(), approval_id, stage.value, decision.value, by.person_id, by.grant_id, by.role),
            now,
            reason.strip()[: rules.REASON_LIMIT],
            list(participants),
            minutes.file_id if minutes else None,
            minutes.sha256 if minutes else None,
        )
    assert row is not None
    before, after = State(row["from_state"]), State(row["to_state"])
    await audit.record(
        Transition(
            subject_kind=SUBJECT,
            subject_id=str(approval_id),
            event=stage.value if decision is Decision.PASS else f"{stage.value}_{decision.value}",
            from_state=before.value,
            to_state=after.value,
            actor=str(by.person_id),
            acting_role=by.role,
            reason=reason.strip()[: rules.REASON_LIMIT],
            evidence=(str(minutes.file_id),) if minutes else (),
            at=now,
        )
    )
    await _move_clock(approval_id, before, after)
    await telling.tell(await queries.approval(approval_id))
    return after


async def _move_clock(approval_id: UUID, before: State, after: State) -> None:
    if before is after:
        return
    if after is State.WITHDRAWN:
        await deadlines.cancel(subject_kind=SUBJECT, subject_id=approval_id)
    elif before in rules.CLOCKS:
        await deadlines.stop(rules.CLOCKS[before], subject_kind=SUBJECT, subject_id=approval_id)
    if after in rules.CLOCKS:
        await deadlines.start(rules.CLOCKS[after], subject_kind=SUBJECT, subject_id=approval_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A relation as it is declared: the other side by a contact, a USCC, or as a person that we know."""

    relation: Relation
    name: str
    contact: str = ""
    uscc: str = ""
    person_id: UUID | None = None
    since: date
    until: date | None = None


async def declare_related(person_id: UUID, declared: Declared) -> UUID:
    """Write down that a person is bound to somebody; from that day on they decide nothing for them."""
    if not (declared.contact or declared.uscc or declared.person_id):
        raise Invalid(N_("Give a mobile number, an e-mail address or a credit code."), field="contact")
    if declared.until is not None and declared.until < declared.since:
        raise Invalid(N_("The last day is before the first."), field="until")
    if declared.person_id == person_id:
        raise Invalid(
            N_("You need not declare yourself: nobody decides about their own money."), field="contact"
        )
    related_id = ids.new_id()
    contact_enc, contact_index = _contact(declared.contact, RELATED_CONTACT, related_id)
    async with atomic():
        await RelatedParty.insert(
            RelatedParty(
                id=related_id,
                person=person_id,
                relation=declared.relation.value,
                name_enc=crypto.seal(declared.name, place=RELATED_NAME, row=related_id),
                related_person=declared.person_id,
                uscc=declared.uscc,
                contact_enc=contact_enc,
                contact_index=contact_index,
                since=declared.since,
                until=declared.until,
                declared_at=clock.now(),
            )
        )
        await _note_relation(related_id, person_id, "declare", "", "declared")
    return related_id


async def end_relation(related_id: UUID, person_id: UUID, *, until: date) -> None:
    """Let a relation that one declared oneself end on a day, today at the earliest."""
    if until < clock.today():
        raise Invalid(N_("A relation cannot end on a day that has passed."), field="until")
    async with atomic():
        changed = await fetch_value(
            "UPDATE related_party SET until = {} WHERE id = {} AND person = {} AND until IS NULL"
            " RETURNING id",
            until,
            related_id,
            person_id,
        )
        if changed is None:
            raise NotFound(N_("There is no such relation of yours that still holds."))
        await _note_relation(related_id, person_id, "end", "declared", "ended")


async def _note_relation(related_id: UUID, person_id: UUID, event: str, before: str, after: str) -> None:
    await audit.record(
        Transition(
            subject_kind="related_party",
            subject_id=str(related_id),
            event=event,
            from_state=before,
            to_state=after,
            actor=str(person_id),
        )
    )


async def set_bands(wanted: Sequence[Band]) -> None:
    """Make versions of bands known; what a known version asks for may not change: that is a new version."""
    async with atomic():
        for band in wanted:
            rules.roles_in(band)  # every role must be one
            row = (
                await fetch(
                    """INSERT INTO approval_band (id, kind, from_fen, propose_roles, check_roles, panel_role,
                              panel_present, release_role, effective_from, effective_to, source)
                       VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
                           ON CONFLICT (kind, from_fen, effective_from)
                           DO UPDATE SET effective_to = excluded.effective_to, source = excluded.source
                       RETURNING propose_roles, check_roles, panel_role, panel_present, release_role""",
                    ids.new_id(),
                    band.kind,
                    band.from_fen,
                    list(band.propose_roles),
                    list(band.check_roles),
                    band.panel_role,
                    band.panel_present,
                    band.release_role,
                    band.effective_from,
                    band.effective_to,
                    band.source,
                )
            )[0]
            if (tuple(row["propose_roles"]), tuple(row["check_roles"])) != (
                band.propose_roles,
                band.check_roles,
            ) or (row["panel_role"], row["panel_present"], row["release_role"]) != (
                band.panel_role,
                band.panel_present,
                band.release_role,
            ):
                raise Conflict(N_("This band asks for something else already; write a new version."))


_Refusal = tuple[type[DomainError], str, str]
_REFUSALS: dict[str, _Refusal] = {
    "AP001": (Forbidden, rules.ACTED, ""),
    "AP002": (Forbidden, rules.RELATED, ""),
    "AP003": (Forbidden, rules.NOT_ACTIVE, ""),
    "AP004": (Forbidden, N_("This step is for somebody with another role."), ""),
    "AP005": (Forbidden, rules.ELSEWHERE, ""),
    "AP006": (Conflict, rules.CLOSED, ""),
    "AP007": (Conflict, rules.NOT_ITS_TURN, ""),
    "AP008": (Invalid, N_("A panel decides with minutes: add the file."), "minutes"),
    "AP009": (Forbidden, rules.ONLY_MAKER, ""),
    "AP010": (Conflict, N_("This is before its checkers already, or approved."), ""),
    "AP011": (Conflict, N_("No rule says who checks such an amount. An administrator must write one."), ""),
    "AP012": (Conflict, N_("A step cannot lie before the one before it."), ""),
    "AP013": (
        Invalid,
        N_("A panel needs more members present: council members who have not acted, you among them."),
        "participants",
    ),
    "AP016": (Forbidden, N_("You counted this yourself. Somebody else must judge the count."), ""),
}


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refusal of the database into one that a person may read beside the field."""
    assert in_transaction(), "a step is taken inside atomic()"
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate in _REFUSALS:
            raise told(str(error.sqlstate)) from error
        if getattr(error, "constraint_name", None) == "approval_once_per_subject":
            raise told("AP010") from error
        raise


def told(code: str) -> DomainError:
    """Return the words for one of the database's codes."""
    kind, message, field = _REFUSALS[code]
    return Invalid(message, field=field) if kind is Invalid else kind(message)
