"""The list of staff over the limits of giving: every version, and the day from which it holds."""

from cishan.donations.rules.giving import LimitKind
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Choice, Column, Kind, List, Row

LIMIT_LABELS: dict[str, str] = {
    LimitKind.GIFT_MIN: N_("Smallest gift"),
    LimitKind.GIFT_MAX: N_("Largest gift online"),
    LimitKind.LARGE_GIFT: N_("Large gift: staff ask where it comes from"),
    LimitKind.CLIENT_DAY_AMOUNT: N_("One device in a day, together"),
    LimitKind.CONTACT_DAY_AMOUNT: N_("One contact in a day, together"),
    LimitKind.CLIENT_COUNT: N_("Gifts of one device within the window"),
    LimitKind.CONTACT_COUNT: N_("Gifts of one contact within the window"),
    LimitKind.FIND_COUNT: N_("Questions for one's gifts within the window"),
}
_TODAY = "($NOW AT TIME ZONE 'Asia/Shanghai')::date"
_STANDING = f"""CASE WHEN gift_limit.effective_from > {_TODAY} THEN 'later'
                     WHEN EXISTS (SELECT FROM gift_limit AS next WHERE next.kind = gift_limit.kind
                          AND next.effective_from > gift_limit.effective_from
                          AND next.effective_from <= {_TODAY}) THEN 'over'
                     ELSE 'now' END"""
_WORDS = {"now": N_("Holds now"), "later": N_("Not yet"), "over": N_("Replaced or ended")}
FIRST_REASONS = (
    N_("below one yuan the payment fee eats the gift"),
    N_("larger gifts come by bank transfer with an agreement"),
    N_("source of funds is checked by staff"),
    N_("per device and day; carriers share addresses"),
    N_("gifts by mistake or without capacity"),
    N_("card testing and automated small gifts"),
    N_("automated small gifts from one contact"),
    N_("no guessing of e-mail addresses"),
)
"""Why the limits are as they are with which an installation begins."""


async def _reasons(rows: list[Row]) -> None:
    for row in rows:
        said = row["reason"]
        row["reason"] = gettext(said) if said in FIRST_REASONS else said


LIMITS = List(
    code="rules/limits",
    title=N_("Limits of giving"),
    source="gift_limit",
    key="gift_limit.id",
    order="kind",
    more=_reasons,
    columns=(
        Column(
            code="kind",
            title=N_("Bound"),
            kind=Kind.CHOICE,
            sql="gift_limit.kind",
            words=LIMIT_LABELS,
            sorts=True,
        ),
        Column(code="amount_fen", title=N_("Amount"), kind=Kind.MONEY, sql="gift_limit.amount_fen"),
        Column(code="times", title=N_("Times"), kind=Kind.NUMBER, sql="gift_limit.times"),
        Column(
            code="window_minutes",
            title=N_("Within minutes"),
            kind=Kind.NUMBER,
            sql="gift_limit.window_minutes",
        ),
        Column(
            code="effective_from",
            title=N_("In force from"),
            kind=Kind.DATE,
            sql="gift_limit.effective_from",
            sorts=True,
        ),
        Column(
            code="standing",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql=_STANDING,
            words=_WORDS,
            tones={"now": "good", "later": "calm", "over": "plain"},
        ),
        Column(code="reason", title=N_("Reason"), sql="gift_limit.reason", wide=True),
    ),
    filters=(
        Choice(code="kind", title=N_("Bound"), sql="gift_limit.kind = {}", words=LIMIT_LABELS),
        Choice(code="standing", title=N_("State"), sql=f"{_STANDING} = {{}}", words=_WORDS),
    ),
    empty=N_("No rule fits these filters."),
)
