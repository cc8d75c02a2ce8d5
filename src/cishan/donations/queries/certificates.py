"""The certificate of giving: thanks on a page to keep, with the name that the giver chose to show."""

from cishan import gateways
from cishan.donations.queries.gifts import GiftView, gift_by_id
from cishan.donations.rules import receipts as rules
from cishan.donations.rules.giving import Anonymity, Tribute
from cishan.kernel import clock, masking
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n, pdf

TEMPLATE = "donations/certificate.typ"
NAMED = 3
"""How many projects a certificate names; of more it tells the count."""
_TRIBUTES = {Tribute.HONOUR: "谨以此向{name}致敬。", Tribute.MEMORY: "谨以此纪念{name}。", Tribute.NONE: ""}


def can_have_certificate(gift: GiftView) -> bool:
    """Tell whether there is something to give thanks for: the gift has arrived, and some of it stayed."""
    return gift.paid_at is not None and gift.kept_fen > 0


async def certificate(gift: GiftView) -> bytes:
    """Return the certificate as PDF; raise NotFound for a gift that has not arrived or went back."""
    if gift.paid_at is None or not can_have_certificate(gift):
        raise NotFound(N_("There is no certificate for this gift: it has not arrived, or it was sent back."))
    settings = gateways.settings()
    with i18n.speaking(i18n.CHINESE):
        gift = await gift_by_id(gift.id)
    assert gift.paid_at is not None
    shown = gift.display_name if gift.anonymity is not Anonymity.HIDDEN else ""
    data = {
        "demo": settings.demo,
        "number": gift.number,
        "organisation": settings.organisation.name,
        "name": " ".join(shown.split()) or masking.ANONYMOUS,
        "given_on": rules.chinese_date(clock.china_day(gift.paid_at)),
        "amount": f"¥{rules.plain_amount(gift.kept_fen)}",
        "amount_words": rules.amount_words(gift.kept_fen).removeprefix("人民币"),
        "purposes": _purposes(gift),
        "tribute": _TRIBUTES[gift.tribute_kind].format(name=" ".join(gift.tribute_name.split())),
    }
    return await pdf.write(TEMPLATE, data, written_at=gift.paid_at)


def _purposes(gift: GiftView) -> str:
    titles = list(dict.fromkeys(" ".join(line.title.split()) for line in gift.lines))
    more = f"等{len(titles)}个项目" if len(titles) > NAMED else ""
    return "、".join(titles[:NAMED]) + more
