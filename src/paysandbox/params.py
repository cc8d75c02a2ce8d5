"""Stripe's form encoding read into nested values, and the checks that every endpoint shares."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

from paysandbox.config import Json
from paysandbox.errors import Refusal, missing, unknown

MAXIMUM_DEPTH = 8
_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def decode(raw: bytes) -> Json:
    """Return `a[b][0]=c` as nested dicts and lists; refuse broken text and clashing keys."""
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=2_000,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Refusal("Invalid request body: it is not form-encoded UTF-8.") from error
    root: Json = {}
    for key, value in pairs:
        if "\x00" in key or "\x00" in value:
            raise Refusal("Invalid request: null bytes are not allowed.")
        _place(root, key, value)
    return {key: _lists(value) for key, value in root.items()}


def _place(root: Json, key: str, value: str) -> None:
    match = _KEY.match(key)
    if match is None:
        raise Refusal(f"Invalid parameter name: {key}")
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(path) > MAXIMUM_DEPTH:
        raise Refusal(f"Parameter nested too deeply: {key}")
    node = root
    for step in path[:-1]:
        child = node.setdefault(step, {})
        if not isinstance(child, dict):
            raise Refusal(f"Invalid parameter: {key} is both a value and an object.")
        node = child
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise Refusal(f"Invalid parameter: {key} is both a value and an object.")
    node[last] = value


def _lists(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(child) for key, child in value.items()}


def only(given: Json, known: Iterable[str], prefix: str = "") -> None:
    """Refuse the first parameter that is not among the known ones."""
    names = frozenset(known)
    for name in given:
        if name not in names:
            raise unknown(f"{prefix}[{name}]" if prefix else name)


def text(given: Json, name: str, *, limit: int = 5_000) -> str | None:
    """Return an optional string; the empty string counts as not given."""
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Refusal(f"Invalid string: {name}", param=name, code="parameter_invalid_string")
    if len(value) > limit:
        raise Refusal(f"Invalid string: {name} must be at most {limit} characters.", param=name)
    return value


def required(given: Json, name: str) -> str:
    """Return a string that must be there."""
    value = text(given, name)
    if value is None:
        raise missing(name)
    return value


def whole(given: Json, name: str, *, least: int = 0, most: int = 10**12) -> int | None:
    """Return an optional integer within bounds."""
    value = text(given, name)
    if value is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise Refusal(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
    number = int(value)
    if not least <= number <= most:
        raise Refusal(f"Invalid integer: {name} must be between {least} and {most}.", param=name)
    return number


def flag(given: Json, name: str) -> bool | None:
    """Return an optional boolean."""
    value = text(given, name)
    if value is None:
        return None
    if value not in ("true", "false"):
        raise Refusal(f"Invalid boolean: {value}", param=name)
    return value == "true"


def choice(given: Json, name: str, known: Iterable[str]) -> str | None:
    """Return an optional string that is one of the known ones."""
    value = text(given, name)
    words = tuple(known)
    if value is not None and value not in words:
        raise Refusal(f"Invalid {name}: must be one of {', '.join(words)}", param=name)
    return value


def part(given: Json, name: str, known: Iterable[str]) -> Json:
    """Return an optional nested object, checked for unknown names."""
    value = given.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise Refusal(f"Invalid object: {name}", param=name)
    only(value, known, name)
    return value


def rows(given: Json, name: str) -> list[Json]:
    """Return an optional list of objects."""
    value = given.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Refusal(f"Invalid array: {name}", param=name)
    return value


def words(given: Json, name: str) -> list[str] | None:
    """Return an optional list of strings."""
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise Refusal(f"Invalid array: {name}", param=name)
    return value


def metadata(given: Json, before: Json | None = None, name: str = "metadata") -> Json:
    """Return metadata after the change asked for: empty values unset a key, an empty string unsets all."""
    change = given.get(name)
    result = dict(before or {})
    if change is None:
        return result
    if change == "":
        return {}
    if not isinstance(change, dict):
        raise Refusal("Metadata must be a hash of strings.", param=name)
    for key, value in change.items():
        if not isinstance(value, str):
            raise Refusal("Metadata values must be strings.", param=f"{name}[{key}]")
        if len(key) > 40:
            raise Refusal(f"Metadata keys can have up to 40 characters: {key[:60]}", param=name)
        if len(value) > 500:
            raise Refusal(
                f"Metadata values can have up to 500 characters, but the value of '{key}' has {len(value)}.",
                param=f"{name}[{key}]",
            )
        if value == "":
            result.pop(key, None)
        else:
            result[key] = value
    if len(result) > 50:
        raise Refusal("Metadata can have up to 50 keys.", param=name)
    return result


def created_range(given: Json, name: str = "created") -> list[tuple[str, int]]:
    """Return comparisons (`>=`, 17…) from `created=17…` or `created[gte]=17…`."""
    value = given.get(name)
    if value is None or value == "":
        return []
    if isinstance(value, str):
        number = whole(given, name)
        return [] if number is None else [("=", number)]
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    bounds = part(given, name, signs)
    found = [(signs[key], whole(bounds, key)) for key in bounds]
    return [(sign, number) for sign, number in found if number is not None]
