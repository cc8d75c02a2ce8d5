"""Offers are answered, expected, or withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import GIVER, SYSTEM, Read, Transition
from cishan.deadlines import actions as deadlines
from cishan.files.rules import Purpose, register
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.queries import catalogue, intake, places
from cishan.warehouse.rules import intake as gate
from cishan.warehouse.rules import offers as rules
from cishan.warehouse.rules.intake import Judged, Verdict
from cishan.warehouse.rules.offers import Decision, Reason, State, Step

PHOTO = Purpose(code="photo", max_count=6, max_bytes=8_000_000, max_side_pixels=1600, sensitive=False)
PROOF = Purpose(code="proof", max_count=6, max_bytes=8_000_000)
CERTIFICATE = Purpose(code="certificate", max_count=6, max_bytes=8_000_000, sensitive=False)
register(rules.SUBJECT, PHOTO, PROOF, CERTIFICATE, may_read=intake.may_read_files)


async def lock(offer_id: UUID) -> dict[str, Any]:
    """Hold an offer until the transaction ends; return its row with its site's organisation and region."""
    rows = await fetch("SELECT * FROM goods_offer WHERE id = {} FOR NO KEY UPDATE", offer_id)
    if not rows:
        raise NotFound(intake.NONE_SUCH)
    site = await places.site_by_id(rows[0]["site"])
    return {**rows[0], "organisation": site.organisation, "region": site.region}


async def move(row: Mapping[str, Any], step: Step, by: Acting | None, *, words: str = "") -> State:
    """Take a step with an offer that is held, with its history; return where it stands then."""
    before = State(row["state"])
    state = rules.after(before, step)
    if state is not before:
        await fetch("UPDATE goods_offer SET state = {} WHERE id = {}", state.value, row["id"])
    await record(row["id"], step, before, state, by, words=words)
    return state


async def record(
    offer_id: UUID, step: Step, before: State, state: State, by: Acting | None, *, words: str = ""
) -> None:
    """Write a step of an offer into its history; without a person the giver or the platform took it."""
    by_giver = step in {Step.OFFER, Step.WITHDRAW} and by is None
    await audit.record(
        Transition(
            subject_kind=rules.SUBJECT,
            subject_id=str(offer_id),
            event=step.value,
            from_state="" if step is Step.OFFER else before.value,
            to_state=state.value,
            actor=str(by.person_id) if by else GIVER if by_giver else SYSTEM,
            acting_role=by.role if by else "",
            reason=words[:500],
        )
    )


async def tell_giver(offer_id: UUID, step: Step) -> None:
    """Have the giver written to about a step that was taken in the running transaction."""
    await jobs.enqueue("warehouse.tell_giver", offer_id=str(offer_id), step=step.value)


async def answer(offer_id: UUID, decisions: Sequence[Decision], *, by: Acting) -> State:
    """Accept or decline every line of an offer, and tell its giver; the same answer again changes nothing."""
    said = {one.line: one for one in decisions}
    async with atomic():
        row = await lock(offer_id)
        found = await intake.offer_by_id(offer_id)
        if row["state"] in {State.ACCEPTED, State.DECLINED} and _is_same(found, said):
            return State(row["state"])
        step = Step.ACCEPT if any(one.taken for one in decisions) else Step.DECLINE
        rules.after(State(row["state"]), step)
        policy = await intake.policy_on(clock.today())
        for line in found.lines:
            decision = said.get(line.id)
            if decision is None:
                raise Invalid(
                    N_("Say of every line whether it is accepted or declined."), field=f"take-{line.number}"
                )
            await _decide(found, line, decision, gate.list_ends(clock.today(), policy))
        state = await move(row, step, by)
        await deadlines.stop(rules.ANSWER, subject_kind=rules.SUBJECT, subject_id=offer_id)
        await tell_giver(offer_id, step)
        return state


def _is_same(found: rules.OfferView, said: Mapping[UUID, Decision]) -> bool:
    return all(
        line.id in said and said[line.id].taken == (line.decision == "accepted") for line in found.lines
    )


async def _decide(found: rules.OfferView, line: rules.LineView, decision: Decision, list_ends: date) -> None:
    at = line.number
    if not decision.taken:
        if decision.reason is Reason.OTHER and not decision.words.strip():
            raise Invalid(N_("Say why, in words that the giver understands."), field=f"words-{at}")
        await fetch(
            "UPDATE goods_offer_line SET decision = 'declined', reason = {}, reason_words = {} WHERE id = {}",
            decision.reason,
            decision.words[:300],
            line.id,
        )
        return
    item_id = line.item or decision.item
    if item_id is None:
        raise Invalid(N_("Choose what this is in our catalogue."), field=f"item-{at}")
    item = await catalogue.item_by_id(item_id)
    judged = line.judged if line.item else await _judged_as(found, line, item_id)
    if judged.verdict is Verdict.REFUSED:
        raise Invalid(judged.why, field=f"take-{at}", **judged.values)
    is_fresh = judged.verdict is Verdict.FRESH
    if is_fresh:
        _require_list(decision, line, list_ends)
    await fetch(
        "UPDATE goods_offer_line SET decision = 'accepted', item = {}, fresh_list = {}, hand_out_by = {}"
        " WHERE id = {}",
        item.id,
        decision.fresh_list[:60] if is_fresh else "",
        decision.hand_out_by if is_fresh else None,
        line.id,
    )


async def _judged_as(found: rules.OfferView, line: rules.LineView, item_id: UUID) -> Judged:
    """Judge goods that had no name in the catalogue by what staff say they are."""
    said = rules.NewLine(
        item=item_id,
        words=line.name,
        sort=line.sort,
        quantity=line.quantity,
        per_pack=line.per_pack,
        made_on=line.made_on,
        life_days=line.life_days,
        expires_on=line.expires_on,
        condition=line.condition,
        opened=line.opened,
    )
    item = await catalogue.item_by_id(item_id)
    cold = found.site in await intake.cold_sites()
    policy = await intake.policy_on(clock.today())
    return intake.judge(said, item, policy=policy, today=clock.today(), site_is_cold=cold)


def _require_list(decision: Decision, line: rules.LineView, list_ends: date) -> None:
    if not decision.fresh_list.strip():
        raise Invalid(
            N_("Fresh goods need the number of the distribution list that waits for them."),
            field=f"list-{line.number}",
        )
    last = min(list_ends, line.expires_on) if line.expires_on else list_ends
    if decision.hand_out_by is None or not clock.today() <= decision.hand_out_by <= last:
        raise Invalid(
            N_("Say on which day it is handed out: by {day} at the latest."),
            field=f"by-{line.number}",
            day=last.isoformat(),
        )


async def appoint(
    offer_id: UUID, *, on: date, from_time: str, until_time: str, site: UUID, by: Acting
) -> None:
    """Write down when and where the goods are brought, and tell the giver; it may change until they come."""
    if on < clock.today():
        raise Invalid(N_("Choose a day that is still to come."), field="on")
    if on > clock.today() + timedelta(days=365):
        raise Invalid(N_("Choose a day within the next twelve months."), field="on")
    if not from_time < until_time:
        raise Invalid(N_("The window ends after it begins."), field="until")
    async with atomic():
        row = await lock(offer_id)
        if (row["appointed_on"], row["appointed_from"], row["appointed_until"], row["site"]) == (
            *(on, from_time, until_time),
            site,
        ):
            return
        rules.after(State(row["state"]), Step.APPOINT)
        if await fetch("SELECT FROM goods_count WHERE offer = {} LIMIT 1", offer_id):
            raise Conflict(N_("The goods are here already: somebody has begun to count them."))
        where = await places.site_by_id(site)
        if where.organisation != row["organisation"]:
            raise Invalid(N_("This warehouse belongs to another organisation."), field="site")
        await _require_cold(offer_id, site)
        await fetch(
            "UPDATE goods_offer SET appointed_on = {}, appointed_from = {}, appointed_until = {}, site = {}"
            " WHERE id = {}",
            on,
            from_time,
            until_time,
            site,
            offer_id,
        )
        await move(row, Step.APPOINT, by, words=f"{on} {from_time}-{until_time} {where.code}")
        await deadlines.cancel(subject_kind=rules.SUBJECT, subject_id=offer_id, code=rules.APPOINTMENT)
        await deadlines.start(
            rules.APPOINTMENT,
            subject_kind=rules.SUBJECT,
            subject_id=offer_id,
            event_on=on,
            region=where.region,
        )
        await tell_giver(offer_id, Step.APPOINT)


async def _require_cold(offer_id: UUID, site: UUID) -> None:
    cold = await fetch(
        "SELECT FROM goods_offer_line AS l JOIN goods_item AS i ON i.id = l.item"
        " WHERE l.offer = {} AND l.decision = 'accepted' AND i.cold_chain LIMIT 1",
        offer_id,
    )
    if cold and site not in await intake.cold_sites():
        raise Invalid(
            N_("These goods must be kept cold, and this warehouse has no cold store."), field="site"
        )


async def withdraw(offer_id: UUID, *, by: Acting | None = None, words: str = "") -> None:
    """End an offer before its goods came: its giver did (`by` is None), or staff because nobody came."""
    async with atomic():
        row = await lock(offer_id)
        if row["state"] == State.WITHDRAWN:
            return
        if await fetch("SELECT FROM goods_count WHERE offer = {} LIMIT 1", offer_id):
            raise Conflict(N_("The goods are here already: somebody has begun to count them."))
        await move(row, Step.WITHDRAW, by, words=words)
        await deadlines.cancel(subject_kind=rules.SUBJECT, subject_id=offer_id)
        if by is not None:
            await tell_giver(offer_id, Step.WITHDRAW)


async def look(offer_id: UUID, *, by: Acting, purpose: str) -> None:
    """Write down that somebody looks at who offers and for whom; refuse the one look too many of a day."""
    await audit.look(
        Read(
            subject_kind=rules.SUBJECT,
            subject_id=str(offer_id),
            fields=("name", "phone", "email", "receiver"),
            reader=str(by.person_id),
            acting_role=by.role,
            purpose=purpose,
        )
    )
