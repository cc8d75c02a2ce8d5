"""Documents as PDF: a Typst template and data in, one tagged, self-contained file out.

Data reach the template as JSON in `sys.inputs.data` and are never part of its source, so whatever a person
typed stays text. The same template, data and moment give the same bytes. Only the two fonts of
`frontend/fonts` are used, whatever the machine has.
"""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from fontTools.ttLib import TTFont

from cishan.settings import ROOT

TEMPLATES = ROOT / "frontend" / "templates"
FONTS = ROOT / "frontend" / "fonts"
MISSING_GLYPH = "□"
"""Stands for a character that the font does not have, such as an emoji; PDF/UA allows no hole."""

_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="typst")
"""At most two documents are set at once; the others wait their turn."""


class BadTemplate(Exception):
    """A template does not compile with the data that it was given: our own bug, with Typst's words."""


async def write(template: str, data: Mapping[str, Any], *, written_at: datetime) -> bytes:
    """Return the PDF (PDF/UA-1) of a template under `frontend/templates`; `written_at` becomes its date."""
    return await _run(template, data, written_at, "pdf")


async def picture(template: str, data: Mapping[str, Any], *, written_at: datetime) -> bytes:
    """Return the first page as PNG, 144 dots an inch, to look at or to show on a page."""
    return await _run(template, data, written_at, "png")


async def _run(template: str, data: Mapping[str, Any], written_at: datetime, kind: Any) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(
        _workers,
        _compile,
        TEMPLATES / template,
        json.dumps(printable(data), ensure_ascii=False),
        written_at,
        kind,
    )


def _compile(template: Path, data: str, written_at: datetime, kind: Any) -> bytes:
    try:
        result: bytes | list[bytes] = typst.compile(
            template,
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format=kind,
            sys_inputs={"data": data},
            pdf_standards=["ua-1"] if kind == "pdf" else [],
            timestamp=int(written_at.timestamp()),
        )
    except typst.TypstError as error:
        raise BadTemplate(f"{template.name}: {error.diagnostic or error.message}") from error
    return result if isinstance(result, bytes) else result[0]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def printable(value: Any) -> Any:
    """Return data with every character that the font lacks replaced; anything but text is left alone."""
    if isinstance(value, str):
        known = _characters()
        return "".join(c if c in "\n\t" or ord(c) in known else MISSING_GLYPH for c in value)
    if isinstance(value, Mapping):
        return {name: printable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


@cache
def _characters() -> frozenset[int]:
    """Return the code points of the regular font; Typst takes it for what the bold one lacks."""
    with TTFont(FONTS / "NotoSansSC-Regular.ttf", lazy=True) as font:
        return frozenset(font.getBestCmap())
