"""A form is read field by field: every error at once, what was typed kept, nothing guessed."""

from datetime import date
from typing import Annotated, Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms, i18n


class Gift(msgspec.Struct):
    amount_fen: forms.Yuan
    kind: Literal["once", "monthly"] = "once"
    name: Annotated[str, forms.Input(max_length=5)] = ""
    message: Annotated[str, forms.Input(multiline=True)] = ""
    wants_receipt: bool = False
    count: int | None = None
    day: date | None = None
    tags: list[str] = []

    def __post_init__(self) -> None:
        if self.wants_receipt and not self.name:
            raise Invalid(N_("Fill in this field."), field="name")


def test_a_good_form_gives_its_values() -> None:
    form = forms.read(
        Gift,
        {
            "amount_fen": "¥50",
            "name": " 小 明 ",
            "message": "a\nb",
            "wants_receipt": "on",
            "count": "３",
            "day": "2026-11-22",
            "tags": ["x", "", "y"],
            "unknown": "z",
        },
    )
    assert form.errors == {}
    assert form.value == Gift(5000, "once", "小 明", "a\nb", True, 3, date(2026, 11, 22), ["x", "y"])


def test_every_bad_field_is_told_at_once_and_what_was_typed_is_kept() -> None:
    with i18n.speaking("en"):
        form = forms.read(
            Gift, {"amount_fen": "lots", "kind": "weekly", "name": "toolong", "count": "1.5", "day": "soon"}
        )
    assert form.value is None
    assert form.errors == {
        "amount_fen": "Enter an amount in yuan, for example 50 or 88.80.",
        "kind": "Choose one of the options.",
        "name": "Use at most 5 characters.",
        "count": "Enter a whole number.",
        "day": "Enter a date such as 2026-11-22.",
    }
    assert form.typed("amount_fen") == "lots"


def test_an_empty_required_field_says_so_in_its_own_words() -> None:
    with i18n.speaking("en"):
        assert forms.read(Gift, {"amount_fen": "  "}).errors == {"amount_fen": "Enter an amount."}


def test_fields_that_contradict_each_other_are_told_beside_one_of_them() -> None:
    with i18n.speaking("en"):
        form = forms.read(Gift, {"amount_fen": "5", "wants_receipt": "1"})
    assert form.value is None
    assert form.errors == {"name": "Fill in this field."}


@given(
    st.dictionaries(
        st.sampled_from(["amount_fen", "kind", "name", "message", "count", "day", "tags"]), st.text()
    )
)
def test_whatever_is_sent_gives_a_value_or_errors_and_never_a_crash(sent: dict[str, str]) -> None:
    form = forms.read(Gift, sent)
    assert (form.value is None) == bool(form.errors)
