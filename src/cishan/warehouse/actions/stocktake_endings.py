"""What becomes of a count: explained, laid before a third person, booked or refused."""

from collections.abc import Mapping
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, ApprovalView, Kind, Payee, register
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.actions import stock, stocktakes, unlabelled
from cishan.warehouse.actions.taking_back import LOST, Lost, allot_again, hold, take_back
from cishan.warehouse.queries import stocktakes as queries
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.queries.stock import lots
from cishan.warehouse.queries.stocktakes import Outcome, StocktakeView
from cishan.warehouse.queries.unlabelled import unlabelled as without_label
from cishan.warehouse.rules import stocktakes as rules
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, Lot, LotState, NewLot, Source
from cishan.warehouse.rules.stocktakes import STOCKTAKE, Pieces, State

CHANGED = N_("The books of bin {bin} changed since it was frozen. Count again.")


async def explain(stocktake_id: UUID, words: Mapping[UUID, str], *, by: Acting) -> None:
    """Keep what is said of differences, by line."""
    async with atomic():
        found = await stocktakes.lock(stocktake_id)
        await queries.require_reviewable(found)
        said = {line: text.strip()[:300] for line, text in words.items()}
        await connection().executemany(
            "UPDATE stocktake_line SET explanation = $3 WHERE id = $1 AND stocktake = $2",
            [(line, stocktake_id, text) for line, text in said.items()],
        )
        await unlabelled.explain(stocktake_id, said)


async def propose(stocktake_id: UUID, *, by: Acting, organisation_id: UUID) -> UUID:
    """Lay the differences before a third person of the organisation; return the approval.

    Each difference must be explained.
    """
    async with atomic():
        found = await stocktakes.lock(stocktake_id)
        await queries.require_reviewable(found)
        await _require_unchanged(found)
        lines = await queries.variances(found)
        different = [one for one in lines if one.difference]
        loose = await without_label(found)
        if not different and not loose:
            raise Conflict(N_("There is no difference: end the stocktake."))
        said = [(one.id, one.explanation) for one in different]
        said += [(one.id, one.explanation) for one in loose]
        for line, explanation in said:
            if not explanation:
                raise Invalid(rules.UNEXPLAINED, field=f"line-{line}")
        outcome = queries.outcome_of(lines)
        await connection().execute(
            "UPDATE stocktake SET amount_fen = $2 WHERE id = $1", stocktake_id, outcome.amount_fen
        )
        if found.state is State.REVIEW:
            await stocktakes.move(found, State.PROPOSED, "propose", by=by)
        losses, surpluses = outcome.settlement.losses, outcome.settlement.surpluses
        return await approvals.propose(
            kind=STOCKTAKE,
            subject_kind=STOCKTAKE,
            subject_id=stocktake_id,
            title=found.number,
            amount_fen=outcome.amount_fen,
            payee=Payee(),
            by=by,
            organisation_id=organisation_id,
            region_code=found.region,
            facts=[
                (N_("Site"), found.site_name),
                (N_("Bins"), ", ".join(one.code for one in found.bins)[:200]),
                (N_("Lines that differ"), str(len(different))),
                (N_("Pieces missing"), str(sum(one.quantity for one in losses))),
                (N_("Pieces found beyond the books"), str(sum(one.quantity for one in surpluses))),
                (N_("Pieces found without a label"), str(sum(one.counted for one in loose))),
            ],
        )


async def _require_unchanged(found: StocktakeView) -> None:
    changed = await queries.changed_since(found)
    if changed:
        raise Conflict(CHANGED, bin=", ".join(changed))


async def finish(stocktake_id: UUID, *, by: Acting) -> None:
    """End a stocktake in which everything is as the books say; twice is the same as once."""
    async with atomic():
        found = await stocktakes.lock(stocktake_id)
        if found.state is State.DONE:
            return
        lines = await queries.variances(found)
        if (
            found.state is not State.REVIEW
            or any(one.difference for one in lines)
            or await without_label(found)
        ):
            raise Conflict(N_("There are differences: somebody else approves them first."))
        await _require_unchanged(found)
        await stocktakes.move(found, State.DONE, "finish", by=by)


async def _approved(approval: ApprovalView, by: Acting) -> None:
    """Book what the count found: promises that break, shifts, losses, finds; then let the bins go."""
    found = await stocktakes.lock(UUID(approval.subject_id))
    if found.state is not State.PROPOSED:
        raise Conflict(N_("This stocktake has ended."))
    await _require_unchanged(found)
    await hold([one.lot for one in await queries.variances(found) if one.difference])
    outcome = queries.outcome_of(await queries.variances(found))
    if outcome.amount_fen != approval.amount_fen:
        raise Conflict(N_("What is missing is worth something else by now. Propose it again."))
    lost = await _book(found, outcome, by)
    for one in await without_label(found):
        await unlabelled.take_in(found, one, by=by)
    await stocktakes.move(found, State.DONE, "adjust", by=by)
    await allot_again(lost, by=by)


async def _book(found: StocktakeView, outcome: Outcome, by: Acting) -> list[Lost]:
    settled, subject = outcome.settlement, (STOCKTAKE, found.id)
    lost = await take_back(
        [(one.lot, one.bin, one.quantity) for one in settled.releases],
        by=by,
        subject=subject,
        request=_request(found, "release"),
        why=LOST,
        reason=found.number,
    )
    if settled.shifts:
        deltas = [
            delta
            for one in settled.shifts
            for delta in (
                Delta(one.lot, one.source, on_hand=-one.quantity),
                Delta(one.lot, one.target, on_hand=one.quantity),
            )
        ]
        await stock.post(
            Cause.MOVE,
            deltas,
            by=by,
            subject=subject,
            request=_request(found, "move"),
            reason=found.number,
        )
    if settled.losses:
        await stock.post(
            Cause.ADJUST,
            [Delta(one.lot, one.bin, on_hand=-one.quantity) for one in settled.losses],
            by=by,
            subject=subject,
            request=_request(found, "adjust"),
            reason=found.number,
        )
    for number, one in enumerate(settled.surpluses):
        await _take_in(found, one, number, by)
    return lost


async def _take_in(found: StocktakeView, one: Pieces, number: int, by: Acting) -> None:
    """Make a lot without a value of what was found beyond the books, like the lot whose label it bears."""
    like = (await lots([one.lot]))[one.lot]
    lot_id = await stock.open_lot(
        NewLot(
            item=like.item,
            quantity=one.quantity,
            cost_fen=0,
            basis=Basis.MEMO,
            fund=like.fund,
            source=Source.COUNT,
            source_id=found.id,
            made_on=like.made_on,
            expires_on=like.expires_on,
            grade=like.grade,
            restrictions=like.restrictions,
            entrusted=like.entrusted,
        )
    )
    await stock.post(
        Cause.RECEIVE,
        [Delta(lot_id, await _place(found, one, like), on_hand=one.quantity)],
        by=by,
        subject=(STOCKTAKE, found.id),
        request=_request(found, f"receive {number}"),
        reason=found.number,
    )
    if like.state is not LotState.OPEN:
        await stock.set_state(
            lot_id, like.state, by=by, reason=f"{found.number}: {like.number}", event="found"
        )


async def _place(found: StocktakeView, one: Pieces, like: Lot) -> UUID:
    """Return where a find goes: where it lay; what must be kept cold and was not goes into quarantine."""
    warm: bool = await connection().fetchval(
        """SELECT i.cold_chain AND b.purpose = 'shelf' FROM goods_item AS i, stock_bin AS b
            WHERE i.id = $1 AND b.id = $2""",
        like.item,
        one.bin,
    )
    return (await first_bin(found.site, Purpose.QUARANTINE)).id if warm else one.bin


def _request(found: StocktakeView, what: str) -> UUID:
    """Return the request of a step, the same whenever it is tried."""
    return uuid5(NAMESPACE_URL, f"stocktake:{found.id}:{found.round}:{what}")


async def _rejected(approval: ApprovalView, by: Acting) -> None:
    """Let the count be explained anew, counted again or abandoned."""
    found = await stocktakes.lock(UUID(approval.subject_id))
    if found.state is State.PROPOSED:
        await stocktakes.move(found, State.REVIEW, "refuse", by=by, reason=approval.steps[-1].reason)


register(
    Kind(
        code=STOCKTAKE,
        title=N_("Differences of a stocktake"),
        on_approved=_approved,
        on_rejected=_rejected,
        href=lambda stocktake_id: f"/staff/warehouse/counts/{stocktake_id}",
        about_goods=True,
    )
)
