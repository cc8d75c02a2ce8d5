"""Goods are offered: judged at the gate and written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cishan.deadlines import actions as deadlines
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import alone, atomic, fetch
from cishan.warehouse.actions import offers
from cishan.warehouse.queries import catalogue, intake, places
from cishan.warehouse.rules import intake as gate
from cishan.warehouse.rules import offers as rules
from cishan.warehouse.rules.intake import Judged, Verdict
from cishan.warehouse.rules.offers import NewLine, NewOffer, State, Step
from cishan.warehouse.rules.restrictions import require_known
from cishan.warehouse.tables import intake as tables


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
        await alone(f"goods_offer {request}")
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
        await offers.record(written.id, Step.OFFER, State.OFFERED, State.OFFERED, None, words=written.number)
        await deadlines.start(
            rules.ANSWER, subject_kind=rules.SUBJECT, subject_id=written.id, region=site.region
        )
        await offers.tell_giver(written.id, Step.OFFER)
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
