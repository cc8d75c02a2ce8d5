"""Every form of the warehouse: what is wrong is told beside its field, and nothing is done."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import httpx
import pytest

from cishan import gateways
from cishan.kernel import ids
from cishan.main import create_app
from cishan.plumbing.db import atomic
from tests.conftest import unhurried
from tests.warehouse.every_form import ROUTES, VALID, routes
from tests.warehouse.forms.world import Sent, a_world, fingerprint

pytestmark = pytest.mark.usefixtures("config", "db")

FOREIGN = re.compile(r"(?<![\w@./:-])[A-Z]?[a-z]{3,}(?![\w@./:-])")
"""A word of English in a message; units, codes and addresses are none."""
PLAIN_WORDS = {"csv", "xlsx", "pdf", "box"}
LONG = "很" * 10_000
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


class _Back(Exception):
    """Takes everything back."""


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """Run a block and take back what it did."""
    try:
        async with atomic():
            yield
            raise _Back
    except _Back:
        return


@dataclass(frozen=True)
class Wrong:
    """A field with a value; `must` says that it is to be refused, else it may be taken."""

    field: str
    value: str | None
    must: bool = True


OPTIONAL = {
    "phone", "address", "age", "sex", "purpose", "signer", "note", "email", "explanation", "walk_from",
    "name_en", "unit_en", "shelf_life_days", "typical_value_fen", "min_age", "max_age", "packs", "barcodes",
    "active", "from_bin", "bin", "complaint", "made-1", "life-1", "expires-1", "per_pack-1", "wanted_on",
    "come_on", "quantity-scan", "codes", "title_en", "drive", "search_numbers", "groups", "region", "second",
    "volunteer", "reason", "propose", "start", "copies", "count", "grade-A-1", "grade-X-1", "short-1",
    "use_until",
    "giver", "how", "signed", "last", "damaged", "collector", "why", "quantity", "do", "what", "paper",
    "value-1",
}  # fmt: skip
"""Fields that may be left empty in at least one form."""
ZERO = {
    "walk_order", "walk_from", "minimum", "found", "count-1", "age", "min_age", "max_age",
    "typical_value_fen", "arrived", "damaged", "grade-A-1", "grade-X-1", "value-1",
}  # fmt: skip
FREE = {"barcodes", "seen", "rows", "do", "lines", "search_numbers", "active", "propose", "complaint"}
"""Not typed by anybody."""


def _bare(name: str) -> str:
    """Return a field's name without the id in it."""
    return re.sub(r"[_-][0-9a-f-]{36}$", "", name)


def _is(kind: type, text: str) -> bool:
    try:
        kind.fromisoformat(text) if kind is date else kind(text)
    except ValueError:
        return False
    return True


HARMLESS = {
    ("/staff/warehouse/labels", "codes"),  # of labels that are printed ahead nobody reads the codes
    ("/staff/warehouse/items/{item_id:uuid}/edit", "code"),  # the item of the address is changed
    (
        "/staff/warehouse/counts/{stocktake_id:uuid}/count/{count_id:uuid}/over",
        "thing",
    ),  # no entries to forget
}


def wrongs(sent: Sent) -> Iterator[Wrong]:
    """Give what somebody clumsy, or hostile, writes into each field of a form."""
    for field, value in sent.data.items():
        bare = _bare(field)
        if bare in FREE or not isinstance(value, str):
            continue
        if field == "request":
            yield from (Wrong(field, text) for text in ("", None, "abc", "1", "\x00", LONG))
        elif _is(UUID, value):
            yield from (Wrong(field, text) for text in ("abc", "１２", str(ids.new_id()), "<b>x</b>"))
        elif _is(date, value):
            for text in ("2026-02-30", "abc", "22.11.2026", "9999-12-31", "0001-01-01", "-1", "٢٠٢٦-١١-٢٢"):
                yield Wrong(field, text)
        elif re.fullmatch(r"\d+(\.\d\d)?", value) and bare not in {
            "phone",
            "region",
            "code",
            "first",
            "last",
        }:
            yield from _numbers(field, bare, value)
        else:
            yield from (
                Wrong(field, text, must=False)
                for text in ("<script>alert(1)</script>", "\x07\u202e好", "\x00")
            )
            yield Wrong(field, LONG)
        yield Wrong(field, "  　 ", must=bare not in OPTIONAL and value.strip() != "")


def _numbers(field: str, bare: str, value: str) -> Iterator[Wrong]:
    money = "value" in bare
    for text in ("-1", "1e9", str(10**30), "abc", "NaN", "١٢", "0x10", "1/2", "--", "∞", "½"):
        yield Wrong(field, text)
    if not money:
        yield Wrong(field, "1.5")
    if bare not in ZERO:
        yield Wrong(field, "0")
    yield Wrong(field, value.translate(WIDE), must=False)


def _told(text: str) -> list[str]:
    """Return the messages of a page."""
    found = re.findall(r'class="field-error"[^>]*>(.*?)</p>', text, re.S)
    found += re.findall(
        r'class="[^"]*(?:error-summary|notice|banner|scan-result)[^"]*"[^>]*>(.*?)</(?:div|p|section|ul)>',
        text,
        re.S,
    )
    return [html.unescape(re.sub(r"<[^>]+>", " ", one)).strip() for one in found]


def _complaint(wrong: Wrong, answer: httpx.Response) -> str:
    """Return what is wrong with the answer to something wrong; empty if all is well."""
    if answer.status_code < 400:
        return "was taken" if wrong.must else ""
    if answer.status_code not in {403, 404, 409, 422}:
        return f"answered {answer.status_code}"
    told = _told(answer.text)
    if answer.status_code in {409, 422} and not any(told):
        return "says nothing"
    english = {word for one in told for word in FOREIGN.findall(one.replace(wrong.value or "-", ""))}
    if english - PLAIN_WORDS:
        return f"speaks English: {sorted(english)}"
    is_plain = wrong.value is not None and wrong.value.isprintable() and len(wrong.value) < 200
    if answer.status_code == 422 and is_plain and not _is_kept(wrong, answer.text):
        return "forgot what was typed"
    if "<script>alert(1)" in answer.text:
        return "runs scripts"
    return ""


def _is_kept(wrong: Wrong, page: str) -> bool:
    typed = (wrong.value or "").strip()
    is_field = re.search(rf'<(?:input|textarea)[^>]*name="{re.escape(wrong.field)}"', page)
    is_shown = not re.search(
        rf'<input[^>]*type="(?:hidden|radio|checkbox)"[^>]*name="{re.escape(wrong.field)}"', page
    )
    return (
        not typed
        or not is_field
        or not is_shown
        or html.escape(typed, quote=False)[:60] in html.unescape(page)
        or typed in html.unescape(page)
    )


PARTS = 6
NAMES = sorted(VALID)


def test_every_route_has_a_form_that_is_right() -> None:
    assert set(routes(create_app(gateways.settings(), with_pool=False), "POST")) == ROUTES


@pytest.mark.parametrize("part", range(PARTS))
async def test_what_is_wrong_is_told_beside_its_field_and_changes_nothing(
    part: int, client: httpx.AsyncClient
) -> None:
    world = await a_world(client)
    found: list[tuple[str, str, str, str]] = []
    for name in NAMES[part::PARTS]:
        async with undone():
            sent = await VALID[name](world)
            async with undone():
                right = await client.post(sent.path, data=sent.data, files=sent.files or None)
                assert right.status_code < 400, (name, _told(right.text))
            before = await fingerprint()
            for wrong in wrongs(sent):
                data = {**sent.data, wrong.field: wrong.value}
                if wrong.value is None:
                    del data[wrong.field]
                async with undone():
                    await unhurried()
                    answer = await client.post(sent.path, data=data, files=sent.files or None)
                    why = "" if (name, wrong.field) in HARMLESS else _complaint(wrong, answer)
                    if answer.status_code >= 400 and await fingerprint() != before:
                        why += " and changed something"
                    if why:
                        found.append((name, wrong.field, str(wrong.value)[:30], why))
    assert found == [], "\n".join(map(str, found))
