"""Offering goods: lines without a script, judged field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel import clock, contacts
from cishan.kernel.errors import Invalid
from cishan.kernel.numbers import organisation_code
from cishan.kernel.text import N_, clean, fold
from cishan.plumbing import forms
from cishan.plumbing.forms import Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.forms.pieces import pieces
from cishan.warehouse.rules.catalogue import QUANTITY_LIMIT
from cishan.warehouse.rules.intake import FAR, Condition, Sort
from cishan.warehouse.rules.offers import MAX_LINES, PARTS, NewLine, NewOffer
from cishan.warehouse.rules.restrictions import LABELS, of_region

OTHER = "other"
"""The choice for what the catalogue does not have."""
_FIELDS = (
    "item",
    "words",
    "sort",
    "quantity",
    "per_pack",
    "made",
    "life",
    "life_unit",
    "expires",
    "condition",
)
LINE_FIELDS = frozenset({*_FIELDS, "opened"})
"""What each kind of goods is asked; `-1` and so on follows in the form."""
SITE = N_("Choose where you could bring it.")
_DAYS_IN = {"days": 1, "months": 30, "years": 365}
DAY = N_("Enter a date such as 2026-11-22.")
WHOLE = N_("Enter a whole number from 1 to {limit}.")


class OfferForm(msgspec.Struct, kw_only=True):
    """The fields beside the lines."""

    request: UUID
    name: Annotated[str, Input(max_length=30, required=N_("Tell us how we may address you."))]
    giver: str = "person"
    company: Annotated[str, Input(max_length=60)] = ""
    uscc: Annotated[str, Input(parse=organisation_code, max_length=24)] = ""
    phone: Annotated[str, Input(parse=contacts.phone, max_length=30)] = ""
    email: Annotated[str, Input(parse=contacts.email, max_length=254)] = ""
    fund: Annotated[str, Input(max_length=64)] = ""
    restrictions: list[str] = []
    region: str = ""
    """People of which region alone may have the goods; empty: of any."""
    receiver: Annotated[str, Input(max_length=60)] = ""
    unrelated: bool = False
    site: Annotated[UUID, Input(required=SITE)]
    wanted_on: date | None = None
    wanted_part: str = ""
    note: Annotated[str, Input(max_length=500, multiline=True)] = ""
    wants_receipt: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """What was typed: the whole offer, or None and a message beside each field."""

    offer: NewOffer | None
    request: UUID | None
    form: Form[Any]
    numbers: tuple[int, ...]
    """The lines that are shown."""
    lines: tuple[tuple[int, NewLine], ...] = ()
    """Those that could be read, by their number."""


def line_numbers(raw: Mapping[str, Sequence[str]]) -> tuple[int, ...]:
    """Return the numbers of the lines that a form has."""
    typed = (raw.get("lines") or ["1"])[-1]
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 1
    return tuple(range(1, min(max(count, 1), MAX_LINES) + 1))


def fresh(*, request: UUID, lines: int = 1, site: str = "", item: str = "") -> Form[Any]:
    """Return the form as its giver first sees it; `item` is the id of the goods that are chosen already."""
    chosen = {"item-1": item} if item else {}
    return forms.empty(lines=str(lines), request=str(request), giver="person", site=site, **chosen)


def read(
    submitted: Mapping[str, Any], *, language: str, funds: Sequence[str], regions: Sequence[str]
) -> Filled:
    """Return the whole offer, or every error beside its field; lines that nobody filled in are left out."""
    form = forms.read(OfferForm, submitted)
    errors = dict(form.errors)
    numbers = line_numbers(form.raw)
    lines = [(n, _line(form.raw, n, errors)) for n in numbers if _is_filled(form.raw, n)]
    good = tuple((n, line) for n, line in lines if line is not None)
    if not lines:
        errors["item-1"] = say(Invalid(N_("Say what you would like to give.")))
    fields = form.value
    if fields is not None:
        _judge(fields, errors, funds, regions)
    if fields is None or errors:
        return Filled(None, None, Form(None, errors, form.raw, form.files), numbers, good)
    offer = _offer(fields, tuple(line for _, line in good), language)
    return Filled(offer, fields.request, form, numbers, good)


def _is_filled(raw: Mapping[str, list[str]], number: int) -> bool:
    asked = ("item", "words", "quantity", "made", "life", "expires")
    return any((raw.get(f"{name}-{number}") or [""])[-1].strip() for name in asked)


def _judge(fields: OfferForm, errors: dict[str, str], funds: Sequence[str], regions: Sequence[str]) -> None:
    def wrong(field: str, message: str) -> None:
        errors.setdefault(field, say(Invalid(message)))

    if not fields.phone and not fields.email:
        wrong("phone", N_("Leave a telephone number or an e-mail address: we answer you there."))
    if fields.giver not in {"person", "company"}:
        wrong("giver", forms.CHOOSE)
    if fields.giver == "company" and not fields.company:
        wrong("company", N_("Enter the registered name."))
    if fields.giver == "company" and not fields.uscc and "uscc" not in errors:
        wrong("uscc", N_("Enter the unified social credit code."))
    if fields.fund and fields.fund not in funds:
        wrong("fund", forms.CHOOSE)
    if not set(fields.restrictions) <= set(LABELS):
        wrong("restrictions", forms.CHOOSE)
    if fields.region and fields.region not in regions:
        wrong("region", forms.CHOOSE)
    if fields.receiver and fold(fields.receiver) in {fold(fields.name), fold(fields.company)}:
        wrong("receiver", N_("Nobody can give to themselves: the law forbids to favour oneself."))
    if fields.receiver and not fields.unrelated:
        wrong("unrelated", N_("The law forbids a giver to name somebody who is related to them."))
    if fields.receiver and fields.fund:
        wrong("fund", N_("Goods for a named receiver go to no fund: we only pass them on."))
    if fields.wanted_part not in PARTS:
        wrong("wanted_part", forms.CHOOSE)
    if fields.wanted_on and not clock.today() <= fields.wanted_on <= clock.today() + timedelta(days=365):
        wrong("wanted_on", N_("Choose a day within the next twelve months."))


def _offer(fields: OfferForm, lines: tuple[NewLine, ...], language: str) -> NewOffer:
    is_company = fields.giver == "company"
    return NewOffer(
        lines=lines,
        giver=fields.name,
        company=fields.company if is_company else "",
        uscc=fields.uscc if is_company else "",
        phone=fields.phone,
        email=fields.email,
        fund=fields.fund,
        restrictions=(*fields.restrictions, *([of_region(fields.region)] if fields.region else [])),
        receiver=fields.receiver,
        site=fields.site,
        wanted_on=fields.wanted_on,
        wanted_part=fields.wanted_part,
        note=fields.note,
        wants_receipt=fields.wants_receipt,
        language=language,
    )


def _line(raw: Mapping[str, list[str]], number: int, errors: dict[str, str]) -> NewLine | None:
    """Return one line, or None with the messages beside its fields."""
    typed = {name: clean((raw.get(f"{name}-{number}") or [""])[-1]).strip() for name in _FIELDS}
    before = len(errors)

    def taken(name: str, read: Any, *, needed: str = "") -> Any:
        try:
            if typed[name]:
                return read(typed[name])
            if needed:
                raise Invalid(needed)
        except Invalid as error:
            errors[f"{name}-{number}"] = say(error)
        return None

    item = taken("item", _item, needed=N_("Say what you would like to give."))
    words = taken("words", _words, needed=N_("Say what it is.") if item == OTHER else "") or ""
    quantity = taken("quantity", pieces, needed=N_("Say how many."))
    per_pack = taken("per_pack", forms.whole(limit=100_000)) or 1
    if quantity is not None and quantity * per_pack > QUANTITY_LIMIT:
        errors[f"quantity-{number}"] = say(Invalid(WHOLE, limit=f"{QUANTITY_LIMIT:,}"))
    made = taken("made", _past)
    expires = taken("expires", _future)
    life = taken("life", lambda text: _life(text, typed["life_unit"]))
    condition = taken("condition", partial(forms.convert, Condition), needed=N_("Say in what state it is."))
    sort = taken("sort", partial(forms.convert, Sort)) if item == OTHER else Sort.OTHER
    if made and expires and expires < made:
        errors[f"expires-{number}"] = say(Invalid(N_("It cannot expire before it was made.")))
    if len(errors) > before:
        return None
    return NewLine(
        item=item if isinstance(item, UUID) else None,
        words=words if item == OTHER else "",
        sort=sort or Sort.OTHER,
        quantity=quantity * per_pack,
        per_pack=per_pack,
        made_on=made,
        life_days=life,
        expires_on=expires,
        condition=condition,
        opened=bool((raw.get(f"opened-{number}") or [""])[-1].strip()),
    )


def _item(text: str) -> UUID | str:
    return OTHER if text == OTHER else forms.convert(UUID, text)


def _words(text: str) -> str:
    if len(text) > 60:
        raise Invalid(N_("Use at most {limit} characters."), limit=60)
    return " ".join(text.split())


def _past(text: str) -> date:
    day = forms.convert(date, text)
    if day > clock.today():
        raise Invalid(N_("It cannot have been made in the future."))
    if day < clock.today() - timedelta(days=FAR):
        raise Invalid(DAY)
    return day


def _future(text: str) -> date:
    day = forms.convert(date, text)
    if day > clock.today() + timedelta(days=FAR):
        raise Invalid(DAY)
    return day


def _life(text: str, unit: str) -> int:
    if unit not in _DAYS_IN:
        raise Invalid(forms.CHOOSE)
    days = pieces(text) * _DAYS_IN[unit]
    if unit == "months":  # twelve months are a year
        days = days // 30 * 365 // 12
    if days > FAR:
        raise Invalid(WHOLE, limit=f"{FAR // _DAYS_IN[unit]:,}")
    return days
