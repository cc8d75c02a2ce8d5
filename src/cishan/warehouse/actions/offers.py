"""Goods are offered, answered, expected, or withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import GIVER, SYSTEM, Read, Transition
from cishan.deadlines import actions as deadlines
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.files.rules import Purpose, register
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.queries import catalogue, intake, places
from cishan.warehouse.rules import intake as gate
from cishan.warehouse.rules import offers as rules
from cishan.warehouse.rules.intake import Judged, Verdict
from cishan.warehouse.rules.offers import Decision, NewLine, NewOffer, Reason, State, Step
from cishan.warehouse.rules.restrictions import require_known
from cishan.warehouse.tables import intake as tables

PHOTO = Purpose(code="photo", max_count=6, max_bytes=8_000_000, max_side_pixels=1600, sensitive=False)
PROOF = Purpose(code="proof", max_count=6, max_bytes=8_000_000)
CERTIFICATE = Purpose(code="certificate", max_count=6, max_bytes=8_000_000, sensitive=False)
register(rules.SUBJECT, PHOTO, PROOF, CERTIFICATE, may_read=intake.may_read_files)


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer that was written down: its number, and the secret page of its giver."""

    id: UUID
    number: str
    path: str


class Refused(Invalid):
    """The gate refuses lines; `judged` says what it says of each."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        super().__init__(N_("Some of these goods we cannot take. It says why beside each."))
        self.judged = tuple(judged)


async def judge_all(lines: Sequence[NewLine], site: UUID | None) -> list[Judged]:
    """Return what the gate says of each line today, at the site that its giver prefers if they have one."""
    known = {item.id: item for item in await catalogue.items([x.item for x in lines if x.item])}
    policy, cold = await intake.policy_on(clock.today()), await intake.cold_sites()
    judged = []
    for line in lines:
        if line.item is not None and line.item not in known:
            raise NotFound(N_("There is no such item in the catalogue."))
        item = known[line.item] if line.item else None
        judged.append(
            intake.judge(
                line,
                item,
                policy=policy,
                today=clock.today(),
                site_is_cold=site in cold if site else None,
            )
        )
    return judged


async def offer(new: NewOffer, *, request: UUID, brought: Sequence[Brought] = ()) -> Offered:
    """Write an offer down and start the clock of its answer; the same form twice is the same offer.

    Raise Refused, and write nothing, if the gate refuses a line.
    """
    async with atomic():
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 1510))", str(request))
        known = await fetch("SELECT id, number FROM goods_offer WHERE request = {}", request)
        if known:
            return Offered(known[0]["id"], known[0]["number"], intake.offer_path(known[0]["id"]))
        site = await places.site_by_id(new.site)
        if not site.active:
            raise Invalid(N_("This warehouse takes nothing in at the moment."), field="site")
        judged = await judge_all(new.lines, new.site)
        if any(one.verdict is Verdict.REFUSED for one in judged):
            raise Refused(judged)
        written = await _write(new, judged, request)
        await files.attach(brought, owner_id=written.id, by=None)
        await _record(written.id, Step.OFFER, State.OFFERED, State.OFFERED, None, words=written.number)
        await deadlines.start(
            rules.ANSWER, subject_kind=rules.SUBJECT, subject_id=written.id, region=site.region
        )
        await tell_giver(written.id, Step.OFFER)
    return written


async def _write(new: NewOffer, judged: Sequence[Judged], request: UUID) -> Offered:
    offer_id = ids.new_id()
    path = intake.offer_path(offer_id)
    number = _number(offer_id)
    await tables.GoodsOffer.insert(
        tables.GoodsOffer(
            id=offer_id,
            number=number,
            token_hash=ids.token_hash(path.rpartition("/")[2]),
            request=request,
            created_at=clock.now(),
            state=State.OFFERED.value,
            giver_enc=crypto.seal(new.giver, place=tables.GIVER, row=offer_id),
            company=new.company,
            uscc=new.uscc,
            fund_code=new.fund,
            restrictions=list(require_known(new.restrictions)),
            site=new.site,
            wanted_on=new.wanted_on,
            wanted_part=new.wanted_part,
            note=new.note,
            wants_receipt=new.wants_receipt and not new.receiver,
            language=new.language,
            **_contacts(new, offer_id),
        )
    )
    await tables.GoodsOfferLine.insert(
        *(
            tables.GoodsOfferLine(
                id=ids.new_id(),
                offer=offer_id,
                position=position,
                item=line.item,
                words=line.words,
                sort=line.sort.value,
                quantity=line.quantity,
                per_pack=line.per_pack,
                made_on=line.made_on,
                life_days=line.life_days,
                expires_on=line.expires_on,
                condition=line.condition.value,
                opened=line.opened,
                verdict=said.verdict.value,
            )
            for position, (line, said) in enumerate(zip(new.lines, judged, strict=True), 1)
        )
    )
    return Offered(offer_id, number, path)


def _contacts(new: NewOffer, offer_id: UUID) -> dict[str, Any]:
    """Return the sealed columns: how the giver is reached, and for whom alone the goods are."""
    phone, email = new.phone, new.email.strip().lower()
    receiver = gate.folded(new.receiver)
    return {
        "phone_enc": crypto.seal(phone, place=tables.PHONE, row=offer_id) if phone else None,
        "phone_index": crypto.blind_index(phone, purpose="phone") if phone else None,
        "email_enc": crypto.seal(email, place=tables.EMAIL, row=offer_id) if email else None,
        "email_index": crypto.blind_index(email, purpose="email") if email else None,
        "receiver_enc": (
            crypto.seal(new.receiver, place=tables.RECEIVER, row=offer_id) if receiver else None
        ),
        "receiver_index": crypto.blind_index(receiver, purpose="goods receiver") if receiver else None,
    }


def _number(offer_id: UUID) -> str:
    """Return an offer's number: the day, and six letters and digits of chance."""
    return f"W{clock.today():%y%m%d}-{ids.letters_of(offer_id, 6)}"


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
    await _record(row["id"], step, before, state, by, words=words)
    return state


async def _record(
    offer_id: UUID, step: Step, before: State, state: State, by: Acting | None, *, words: str = ""
) -> None:
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
