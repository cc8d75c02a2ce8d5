"""Givers of goods hear of every step."""

from uuid import UUID

from cishan import gateways
from cishan.kernel.text import N_
from cishan.notify import actions as notify
from cishan.notify import rules as letters
from cishan.notify.rules.events import GOODS_NEWS
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import job
from cishan.warehouse.queries import intake
from cishan.warehouse.rules.offers import LineView, OfferView, Step

# A text message carries no link: what is private stands behind the page whose address the giver has.
_TEXTS: dict[str, str] = {
    Step.OFFER: N_(
        "[{organisation}] We have your offer of goods {number} and answer within three working days."
        " Please do not drive before."
    ),
    Step.ACCEPT: N_("[{organisation}] We take goods of your offer {number}. We now agree on a day with you."),
    Step.DECLINE: N_("[{organisation}] We cannot take the goods of your offer {number}: {why}"),
    Step.APPOINT: N_(
        "[{organisation}] Your goods {number}: please bring them on {day}, {window}, to {site}."
    ),
    Step.WITHDRAW: N_("[{organisation}] Your offer of goods {number} was closed, as the goods did not come."),
    Step.GRADE: N_("[{organisation}] Your goods {number} are here and were inspected."),
    Step.CLOSE: N_("[{organisation}] None of your goods {number} could be taken in."),
    Step.BOOK: N_("[{organisation}] Your goods {number} are in our warehouse. Thank you!"),
}


@job("warehouse.tell_giver")
async def tell_giver(offer_id: str, step: letters.GoodsStep) -> None:
    """Write to the giver of an offer what became of it, by mail, or by text message without an address."""
    giver = await intake.giver_of(UUID(offer_id))
    found = await intake.offer_by_id(UUID(offer_id))
    with i18n.speaking(found.language):
        found = await intake.offer_by_id(found.id)
        letter, text = _letter(found, step), _text(found, step)
    key = f"goods:{found.id}:{step}"
    if step == "appoint":
        key += f":{found.appointed_on}:{found.appointed_from}:{found.site}"
    async with atomic():
        if giver.email:
            await notify.tell_address(
                key=key, to_email=giver.email, event=GOODS_NEWS, letter=letter, language=found.language
            )
        else:
            await notify.send_text(
                key=key,
                to_mobile=giver.phone,
                language=found.language,
                template=letter.template,
                text=text,
            )


def _letter(found: OfferView, step: letters.GoodsStep) -> letters.GoodsNews:
    return letters.GoodsNews(
        step=step,
        number=found.number,
        lines=tuple(_line(line) for line in found.lines),
        appointed_on=found.appointed_on,
        appointed_from=found.appointed_from,
        appointed_until=found.appointed_until,
        site=found.site_name,
        address=found.site_address,
        url=gateways.settings().public_url + intake.offer_path(found.id),
    )


def _line(line: LineView) -> letters.GoodsLine:
    return letters.GoodsLine(name=line.name, quantity=f"{line.quantity} {line.unit}", declined=line.reason)


def _text(found: OfferView, step: letters.GoodsStep) -> str:
    return i18n.gettext(_TEXTS[step]).format(
        organisation=gateways.settings().organisation.short_name,
        number=found.number,
        why="; ".join(f"{line.name}: {line.reason}" for line in found.lines if line.reason)[:200],
        day=found.appointed_on.isoformat() if found.appointed_on else "",
        window=f"{found.appointed_from}-{found.appointed_until}",
        site=f"{found.site_name} {found.site_address}".strip(),
    )
