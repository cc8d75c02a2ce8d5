"""The one form of giving: amounts, rhythm, and the extras that stay folded away."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from cishan.donations.rules.answers import GENERAL, MAX_DAY, MAX_LINES, AnswerLine, Answers, require_whole
from cishan.donations.rules.giving import Anonymity, DonorKind, PlanMethod, Tribute
from cishan.donations.rules.limits import Limits, require_amount
from cishan.donations.rules.wording import WordRule, catches
from cishan.kernel import money
from cishan.kernel.contacts import email, phone
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form, Input
from cishan.plumbing.i18n import say

PRESETS = (20, 50, 100, 200)


def company_code(text: str) -> str:
    """Return a unified social credit code whose check character is right."""
    try:
        return str(uscc.validate(text.upper()))
    except ValidationError:
        raise Invalid(
            N_("This is not a unified social credit code: 18 characters, the last one checks.")
        ) from None


Email = Annotated[str, Input(parse=email, max_length=254)]
Phone = Annotated[str, Input(parse=phone, max_length=30)]
CompanyCode = Annotated[str, Input(parse=company_code, max_length=24)]
Name = Annotated[str, Input(max_length=30)]
Title = Annotated[str, Input(max_length=60)]
Message = Annotated[str, Input(max_length=100, multiline=True)]


class GivingForm(msgspec.Struct, kw_only=True):
    """The fields beside the amounts, which `read` judges line by line."""

    rhythm: str = "once"
    monthly_by: PlanMethod = PlanMethod.CARD
    day: int = 1
    anonymity: Anonymity = Anonymity.HIDDEN
    display_name: Name = ""
    tribute_kind: Tribute = Tribute.NONE
    tribute_name: Name = ""
    message: Message = ""
    donor_kind: DonorKind = DonorKind.PERSON
    company_name: Title = ""
    company_uscc: CompanyCode = ""
    wants_receipt: bool = False
    receipt_title: Title = ""
    email: Email = ""
    phone: Phone = ""


def read(
    submitted: Mapping[str, Any], *, slugs: Sequence[str], limits: Limits, words: Sequence[WordRule]
) -> tuple[Answers | None, Form[Any]]:
    """Return the whole answers, or None and the form with every error beside its field."""
    form = forms.read(GivingForm, submitted)
    errors = dict(form.errors)
    lines = _lines(form.raw, slugs, limits, errors)
    fields = form.value
    if fields is not None:
        for name in ("display_name", "tribute_name", "company_name", "receipt_title"):
            if catches(words, getattr(fields, name)):
                errors.setdefault(name, say(Invalid(N_("Leave out links, numbers and advertising here."))))
        if not 1 <= fields.day <= MAX_DAY:
            errors["day"] = say(Invalid(N_("Choose a day from 1 to 28.")))
        if fields.rhythm not in {"once", "monthly"}:
            errors["rhythm"] = say(Invalid(N_("Choose one of the options.")))
    if errors or fields is None:
        return None, Form(None, errors, form.raw)
    answers = _answers(fields, lines)
    try:
        require_whole(answers)
    except Invalid as error:
        return None, form.refused(error)
    return answers, form


def _lines(
    raw: Mapping[str, list[str]], slugs: Sequence[str], limits: Limits, errors: dict[str, str]
) -> tuple[AnswerLine, ...]:
    lines: list[AnswerLine] = []
    for slug in slugs[:MAX_LINES]:
        name = amount_name(slug, slugs)
        typed = (raw.get(name) or [""])[-1].strip() or (raw.get(f"{name}_preset") or [""])[-1].strip()
        try:
            if not typed:
                raise Invalid(N_("Choose or enter an amount."))
            if len(typed) > 20:
                raise Invalid(N_("Enter an amount in yuan, for example 50 or 88.80."))
            amount = money.parse_yuan(typed)
            require_amount(limits, amount, field=name)
            lines.append(AnswerLine(slug, amount))
        except Invalid as error:
            errors[name] = say(error)
    if not errors and len(lines) > 1:
        try:
            require_amount(limits, sum(line.amount_fen for line in lines), field=amount_name(slugs[0], slugs))
        except Invalid as error:
            errors[error.field] = say(error)
    return tuple(lines)


def amount_name(slug: str, slugs: Sequence[str]) -> str:
    """Return the name of a project's amount field: `amount` alone, numbered in a basket."""
    return "amount" if len(slugs) == 1 else f"amount-{list(slugs).index(slug) + 1}"


def _answers(fields: GivingForm, lines: tuple[AnswerLine, ...]) -> Answers:
    company = fields.donor_kind == DonorKind.COMPANY
    shown = fields.anonymity != Anonymity.HIDDEN
    display_name = fields.display_name
    if shown and not display_name and company and fields.anonymity == Anonymity.NAME:
        display_name = fields.company_name[:30]
    monthly = fields.rhythm == "monthly"
    honoured = fields.tribute_kind != Tribute.NONE
    return Answers(
        lines=lines,
        monthly=monthly,
        monthly_by=fields.monthly_by,
        day_of_month=fields.day,
        anonymity=fields.anonymity,
        display_name=display_name if shown else "",
        tribute_kind=fields.tribute_kind,
        tribute_name=fields.tribute_name if honoured else "",
        message=fields.message,
        donor_kind=fields.donor_kind,
        company_name=fields.company_name if company else "",
        company_uscc=fields.company_uscc if company else "",
        wants_receipt=fields.wants_receipt,
        receipt_title=(fields.receipt_title or (fields.company_name if company else ""))
        if fields.wants_receipt
        else "",
        email=fields.email,
        phone=fields.phone,
    )


def filled(answers: Answers) -> Form[Any]:
    """Return the form as somebody left it, to be changed."""
    raw: dict[str, str | list[str]] = {
        "rhythm": "monthly" if answers.monthly else "once",
        "monthly_by": answers.monthly_by.value,
        "day": str(answers.day_of_month),
        "anonymity": answers.anonymity.value,
        "display_name": answers.display_name,
        "tribute_kind": answers.tribute_kind.value,
        "tribute_name": answers.tribute_name,
        "message": answers.message,
        "donor_kind": answers.donor_kind.value,
        "company_name": answers.company_name,
        "company_uscc": answers.company_uscc,
        "wants_receipt": ["1"] if answers.wants_receipt else [],
        "receipt_title": answers.receipt_title,
        "email": answers.email,
        "phone": answers.phone,
    }
    for line in answers.lines:
        name = amount_name(line.slug, answers.slugs)
        text = f"{money.yuan(line.amount_fen):f}".removesuffix(".00")
        is_preset = text.isdigit() and int(text) in PRESETS
        raw[name], raw[f"{name}_preset"] = ("", text) if is_preset else (text, "")
    return forms.empty(**raw)


def fresh() -> Form[Any]:
    """Return the form as a giver first sees it: nothing chosen for them but once and anonymous."""
    return forms.empty(rhythm="once", monthly_by="card", day="1", anonymity="hidden")


__all__ = ["GENERAL", "PRESETS", "GivingForm", "amount_name", "filled", "fresh", "read"]
