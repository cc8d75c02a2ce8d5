"""Reading a submitted form field by field: the struct if all is well, else every error and what was typed."""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from cishan.kernel import money
from cishan.kernel.errors import DomainError, Invalid
from cishan.kernel.numbers import whole_number
from cishan.kernel.text import N_, clean, fold
from cishan.plumbing.i18n import gettext, say

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


CHOOSE = N_("Choose one of the options.")
STALE = N_("This form cannot be used any more. Open the page again.")
"""For a form without the hidden id by which it counts once."""


@dataclass(frozen=True, slots=True)
class Input:
    """How one field is read: annotate a struct field with it when its type alone does not say.

    `parse` turns the cleaned text into the value and raises Invalid; `max_length` counts characters;
    `required` is the message for an empty field that has no default.
    """

    parse: Callable[[str], Any] | None = None
    max_length: int = 200
    multiline: bool = False
    required: str = N_("Fill in this field.")


Yuan = Annotated[int, Input(parse=money.parse_yuan, max_length=20, required=N_("Enter an amount."))]
"""An amount typed in yuan, kept in 分."""


def whole(*, limit: int | None = None, least: int = 1) -> Callable[[str], int]:
    """Return how a field reads a whole number from `least` (0 or 1) to `limit`: for `Input.parse`."""
    return lambda text: whole_number(text, limit=limit, least=least)


@dataclass(frozen=True, slots=True)
class Form(Generic[S]):
    """The outcome of reading a form. `value` is None exactly when `errors` is not empty."""

    value: S | None
    errors: dict[str, str]
    """Field name → message in the language of the request; '' is the form as a whole."""
    raw: dict[str, list[str]] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    """The fields that had files, which no browser keeps when the form is shown again."""

    def typed(self, name: str, default: str = "") -> str:
        """Return what the person typed into a field."""
        return (self.raw.get(name) or [default])[-1]

    def chosen(self, name: str) -> list[str]:
        """Return all values of a field with several boxes."""
        return self.raw.get(name, [])

    def error(self, name: str) -> str:
        """Return the message beside a field, or the empty string."""
        return self.errors.get(name, "")

    def had_files(self, name: str) -> bool:
        """Tell whether files were sent in a field."""
        return name in self.files

    def refused(self, error: DomainError, field: str = "") -> "Form[S]":
        """Return the same form with a refusal that came from further inside.

        It stands beside the field that the refusal names, else beside `field`, else above the form.
        """
        beside = error.field if isinstance(error, Invalid) else ""
        return Form(None, {**self.errors, beside or field: say(error)}, self.raw, self.files)


def empty(**initial: str | list[str]) -> Form[Any]:
    """Return a form that nobody has filled in yet, with the given starting values."""
    return Form(None, {}, {k: v if isinstance(v, list) else [v] for k, v in initial.items()})


def read(struct: type[S], submitted: Mapping[str, Any]) -> Form[S]:
    """Read a Litestar form (multidict) or a plain dict into a struct.

    Missing and blank fields take the struct's default; unknown fields are ignored; check boxes are on for
    any value; every field is judged, so that all errors are told at once.
    """
    pairs = _pairs(submitted)
    raw, files = _raw(pairs), _files(pairs)
    hints = get_type_hints(struct, include_extras=True)
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for info in msgspec.structs.fields(struct):
        has_default = info.default is not msgspec.NODEFAULT or info.default_factory is not msgspec.NODEFAULT
        try:
            found, value = _one(hints[info.name], raw.get(info.name, []), has_default)
            if found:
                values[info.name] = value
        except Invalid as error:
            errors[info.name] = say(error)
    if errors:
        return Form(None, errors, raw, files)
    try:
        return Form(struct(**values), {}, raw, files)
    except Invalid as error:  # a struct's __post_init__ judges fields together
        return Form(None, {error.field: say(error)}, raw, files)


def _pairs(submitted: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if hasattr(submitted, "multi_items"):
        return list(submitted.multi_items())
    return [(k, v) for k, vs in submitted.items() for v in (vs if isinstance(vs, list) else [vs])]


def _files(pairs: list[tuple[str, Any]]) -> frozenset[str]:
    return frozenset(name for name, value in pairs if getattr(value, "filename", ""))


def _raw(pairs: list[tuple[str, Any]]) -> dict[str, list[str]]:
    raw: dict[str, list[str]] = {}
    for name, value in pairs:
        if isinstance(value, str):
            raw.setdefault(name, []).append(value)
    return raw


def _one(hint: Any, texts: list[str], has_default: bool) -> tuple[bool, Any]:
    """Return whether the field has a value, and the value."""
    how, kind = _unwrap(hint)
    if kind is bool:
        return True, bool(texts) and texts[-1].strip().lower() not in {"", "0", "off", "false", "no"}
    if get_origin(kind) in (list, tuple):
        items = [_convert(get_args(kind)[0], how, t) for t in texts if t.strip()]
        return True, get_origin(kind)(items)
    text = texts[-1] if texts else ""
    text = clean(text) if how.multiline else " ".join(clean(text).split())
    if not text:
        if has_default:
            return False, None
        raise Invalid(how.required)
    return True, _convert(kind, how, text)


def _unwrap(hint: Any) -> tuple[Input, Any]:
    how = Input()
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        how = next((e for e in extras if isinstance(e, Input)), how)
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
        if get_origin(hint) is Annotated:
            return _unwrap(hint)
    return how, hint


def words(text: str, *, limit: int) -> str:
    """Return what was typed in one line, cleaned; raise Invalid if it is longer than the limit."""
    cleaned = " ".join(clean(text).split())
    if len(cleaned) > limit:
        raise Invalid(N_("Use at most {limit} characters."), limit=limit)
    return cleaned


def _convert(kind: Any, how: Input, text: str) -> Any:
    if len(text) > how.max_length:
        raise Invalid(N_("Use at most {limit} characters."), limit=how.max_length)
    if how.parse is not None:
        return how.parse(text)
    return convert(kind, text)


def convert(kind: type[T], text: str) -> T:
    """Return a cleaned text as a value of a type: an id, a choice, a day; raise Invalid if it is none."""
    read: Any = text
    try:
        if kind is date:
            read = date.fromisoformat(text)
        elif kind is not str:
            read = msgspec.convert(fold(text) if kind is int else text, kind, strict=False)
    except (ValueError, msgspec.ValidationError):
        raise Invalid(_complaint(kind)) from None
    return cast(T, read)


def _complaint(kind: Any) -> str:
    if kind is int:
        return N_("Enter a whole number.")
    if kind is date:
        return N_("Enter a date such as 2026-11-22.")
    return CHOOSE


__all__ = ["CHOOSE", "Form", "Input", "Yuan", "convert", "empty", "gettext", "read", "whole", "words"]
