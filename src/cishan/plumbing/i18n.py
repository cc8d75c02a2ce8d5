"""Two languages: catalogues read from the .po files at the start, and the language of this request."""

import gettext as stdlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cishan.kernel.errors import DomainError
from cishan.settings import ROOT

LOCALES = ROOT / "frontend" / "locales"
CHINESE, ENGLISH = "zh-CN", "en"
LANGUAGES = (CHINESE, ENGLISH)
_FOLDER = {CHINESE: "zh_CN", ENGLISH: "en"}

_language: ContextVar[str] = ContextVar("language", default=CHINESE)


def language() -> str:
    """Return the language of the running request or job: 'zh-CN' or 'en'."""
    return _language.get()


def set_language(code: str) -> None:
    """Choose the language for the rest of this task; unknown codes mean Chinese."""
    _language.set(code if code in LANGUAGES else CHINESE)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Choose the language for a block (a letter to somebody)."""
    token = _language.set(code if code in LANGUAGES else CHINESE)
    try:
        yield
    finally:
        _language.reset(token)


@cache
def catalogue(code: str) -> stdlib.NullTranslations:
    """Return the translations of one language, merged from the files of all slices."""
    merged = Catalog(locale=_FOLDER[code], domain="cishan")
    for path in sorted((LOCALES / _FOLDER[code] / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=_FOLDER[code]):
                if message.id and not message.fuzzy:
                    merged.add(message.id, message.string, context=message.context)
    if len(merged) == 0:
        return stdlib.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return stdlib.GNUTranslations(compiled)


def gettext(message: str) -> str:
    """Translate a msgid into the language of the request; English msgids stand for themselves."""
    return catalogue(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a msgid with a count."""
    return catalogue(_language.get()).ngettext(singular, plural, n)


def say(error: DomainError) -> str:
    """Return a refusal in the language of the request, its values filled in."""
    text = gettext(error.message)
    return text.format(**error.values) if error.values else text
