"""The lists of what staff decide: refunds, messages that a word rule held back, money in suspense."""

from collections.abc import Sequence

from cishan.approvals import queries as approvals
from cishan.approvals.queries import Standing
from cishan.approvals.rules import OPEN, STATE_LABELS, STATE_TONES, State
from cishan.deadlines.queries import due_days
from cishan.donations.rules import labels
from cishan.donations.rules import suspense as suspense_rules
from cishan.donations.rules.giving import RefundKind, RefundStatus
from cishan.donations.rules.refunds import GROUND_LABELS
from cishan.donations.rules.suspense import Held
from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Amounts, Choice, Column, Days, Kind, List, Row, Text, View

_STANDING = (
    Column(
        code="standing",
        title=N_("Approval"),
        kind=Kind.CHOICE,
        words=STATE_LABELS,
        tones=STATE_TONES,
        link="/staff/approvals/{approval}",
    ),
    Column(code="approval", title="", on_screen=False, in_file=False),
)
"""Where the last round of a row's approval stands; the list's `more` fills it in, with `proposable`."""


def _stand(row: Row, standing: Standing | None, *, decidable: bool) -> None:
    row["approval"] = standing.id if standing else None
    row["standing"] = standing.state if standing else None
    row["proposable"] = decidable and (standing is None or standing.state not in {*OPEN, State.DONE})


async def _refunds_in_full(rows: list[Row]) -> None:
    """Fill in where their approvals stand, and until when their clocks let open ones wait."""
    ids = [row["id"] for row in rows]
    standings = await approvals.states_of("refund", "refund", ids)
    days = await due_days("refund.review", "refund", ids)
    for row in rows:
        is_open = row["kind"] == RefundKind.REQUEST and row["status"] == RefundStatus.REQUESTED
        row["due_on"] = days.get(row["id"], row["due_on"]) if is_open else row["due_on"]
        _stand(row, standings.get(str(row["id"])), decidable=is_open)


REFUNDS = List(
    code="refunds",
    title=N_("Refunds"),
    source="refund_request AS refund JOIN donation AS gift ON gift.id = refund.donation",
    key="refund.id",
    order="-created_at",
    more=_refunds_in_full,
    views=(
        View(N_("To decide"), "status=requested&kind=request&sort=due_on"),
        View(N_("Did not work"), "status=failed"),
    ),
    columns=(
        Column(
            code="reference",
            title=N_("Reference"),
            sql="upper(right(refund.id::text, 8))",
            link="/staff/refunds/{id}",
        ),
        Column(code="id", title="", sql="refund.id", on_screen=False, in_file=False),
        Column(code="number", title=N_("Gift number"), sql="gift.number", link="/staff/gifts/{number}"),
        Column(
            code="created_at", title=N_("Asked on"), kind=Kind.MOMENT, sql="refund.created_at", sorts=True
        ),
        Column(code="kind", title=N_("Kind"), kind=Kind.CHOICE, sql="refund.kind", words=labels.REFUND_KINDS),
        Column(code="ground", title=N_("Why"), kind=Kind.CHOICE, sql="refund.ground", words=GROUND_LABELS),
        Column(
            code="status",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="refund.status",
            words=labels.REFUND_WORDS,
            tones=labels.REFUND_TONES,
        ),
        Column(
            code="due_on",
            title=N_("To decide by"),
            kind=Kind.DATE,
            sql="refund.due_on",
            sorts=True,
            nulls=True,
        ),
        Column(
            code="decided_at",
            title=N_("Decided"),
            kind=Kind.MOMENT,
            sql="refund.decided_at",
            on_screen=False,
        ),
        Column(code="decided_by", title=N_("Decided by"), sql="refund.decided_by", on_screen=False),
        Column(
            code="amount_fen",
            title=N_("Amount"),
            kind=Kind.MONEY,
            sql="refund.amount_fen",
            sorts=True,
            sums=True,
        ),
        *_STANDING,
    ),
    filters=(
        Text(code="number", title=N_("Gift number"), sql="gift.number ILIKE {}"),
        Choice(code="status", title=N_("State"), sql="refund.status = {}", words=labels.REFUND_WORDS),
        Choice(code="kind", title=N_("Kind"), sql="refund.kind = {}", words=labels.REFUND_KINDS),
        Choice(code="ground", title=N_("Why"), sql="refund.ground = {}", words=GROUND_LABELS),
        Days(code="asked", title=N_("Asked on"), sql="refund.created_at", moments=True),
        Days(code="due", title=N_("To decide by"), sql="refund.due_on"),
        Amounts(code="amount", title=N_("Amount"), sql="refund.amount_fen"),
    ),
)

MESSAGES = List(
    code="messages",
    title=N_("Messages of givers"),
    source="donation AS gift",
    base="gift.message_state <> 'none' AND gift.paid_at IS NOT NULL",
    key="gift.id",
    order="-paid_at",
    views=(View(N_("Waits for somebody to read it"), "state=pending&sort=paid_at"),),
    personal=True,
    columns=(
        Column(code="id", title="", sql="gift.id", on_screen=False, in_file=False),
        Column(code="number", title=N_("Gift number"), sql="gift.number", link="/staff/gifts/{number}"),
        Column(code="message", title=N_("Message"), wide=True, sql="gift.message"),
        Column(code="display_name", title=N_("Shown as"), sql="gift.display_name"),
        Column(
            code="message_state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="gift.message_state",
            words=labels.MESSAGE_WORDS,
            tones=labels.MESSAGE_TONES,
        ),
        Column(code="paid_at", title=N_("Arrived"), kind=Kind.MOMENT, sql="gift.paid_at", sorts=True),
        Column(code="amount_fen", title=N_("Amount"), kind=Kind.MONEY, sql="gift.amount_fen", sorts=True),
    ),
    filters=(
        Choice(code="state", title=N_("State"), sql="gift.message_state = {}", words=labels.MESSAGE_WORDS),
        Text(code="number", title=N_("Gift number"), sql="gift.number ILIKE {}"),
        Days(code="paid", title=N_("Arrived"), sql="gift.paid_at", moments=True),
    ),
)


async def _suspense_in_full(rows: list[Row]) -> None:
    standings = await standings_of([row["txn_id"] for row in rows])
    today = clock.today()
    for row in rows:
        held = Held(row["id"], row["txn_id"], row["kind"], row["amount_fen"], row["at"], row["problem"])
        row["due_on"] = held.due_on
        row["late"] = "late" if held.due_on < today else ""
        row["note"] = gettext(held.why_not) if held.why_not else ""
        _stand(row, standings.get(held.txn_id), decidable=not held.why_not)


async def standings_of(txn_ids: Sequence[str]) -> dict[str, Standing]:
    """Return the last approval of each movement, whichever of the two kinds it is of."""
    found = await approvals.states_of("suspense_unclaimed", "suspense", txn_ids)
    for key, standing in (await approvals.states_of("suspense", "suspense", txn_ids)).items():
        if key not in found or standing.id > found[key].id:
            found[key] = standing
    return found


SUSPENSE = List(
    code="suspense",
    title=N_("Unidentified money"),
    source="donation_movement AS held",
    base="held.donation IS NULL",
    key="held.id",
    order="at",
    more=_suspense_in_full,
    columns=(
        Column(code="txn_id", title=N_("Movement"), sql="held.txn_id"),
        Column(code="id", title="", sql="held.id", on_screen=False, in_file=False),
        Column(code="kind", title="", sql="held.kind", on_screen=False, in_file=False),
        Column(
            code="problem",
            title=N_("What is wrong"),
            kind=Kind.CHOICE,
            sql="held.problem",
            words=suspense_rules.PROBLEM_LABELS,
        ),
        Column(code="at", title=N_("Came on"), kind=Kind.MOMENT, sql="held.at", sorts=True),
        Column(code="due_on", title=N_("Giver looked for until"), kind=Kind.DATE),
        Column(
            code="late",
            title=N_("Deadline"),
            kind=Kind.CHOICE,
            words={"late": N_("Overdue")},
            tones={"late": "bad"},
        ),
        Column(
            code="amount_fen",
            title=N_("Amount"),
            kind=Kind.MONEY,
            sql="held.amount_fen",
            sorts=True,
            sums=True,
        ),
        *_STANDING,
        Column(code="note", title=N_("Note"), on_screen=False),
    ),
    filters=(
        Text(code="txn", title=N_("Movement"), sql="held.txn_id ILIKE {}"),
        Choice(
            code="problem",
            title=N_("What is wrong"),
            sql="held.problem = {}",
            words=suspense_rules.PROBLEM_LABELS,
        ),
        Days(code="came", title=N_("Came on"), sql="held.at", moments=True),
        Amounts(code="amount", title=N_("Amount"), sql="held.amount_fen"),
    ),
)
