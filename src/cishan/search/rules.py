"""How text becomes words, and what a search engine must be able to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import rjieba

from cishan.kernel.text import fold

MAX_QUERY = 80
"""Characters of a search that are looked at; the rest is ignored."""
MAX_WORDS = 16
LIMIT = 200
"""Hits that a search gives at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that can be found."""

    id: UUID
    kind: str
    """campaign or update"""
    campaign_id: UUID
    title: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    id: UUID
    kind: str
    campaign_id: UUID


class Index(Protocol):
    """What both backends do alike; the same suite of tests holds for both."""

    async def replace(self, campaign_id: UUID, entries: Sequence[Entry]) -> None:
        """Let exactly these entries of a campaign be found from now on."""

    async def find(self, words: Sequence[str], *, limit: int) -> list[Hit]:
        """Return what holds all the words, the best first; if nothing does, what holds some of them."""


def document_words(text: str) -> list[str]:
    """Return every word of a text, and the shorter words inside long ones, in order."""
    return [w for w in rjieba.cut_for_search(fold(text), False) if _is_word(w)]


def query_words(text: str) -> list[str]:
    """Return the words that a person searches for, each once; long ones as the words they are made of."""
    words = list(dict.fromkeys(document_words(text[:MAX_QUERY])))
    kept = [w for w in words if not _is_made_of(w, words)]
    return kept[:MAX_WORDS]


def telling_words(words: Sequence[str]) -> list[str]:
    """Return the words that say enough alone; one Chinese character does not."""
    return [w for w in words if len(w) > 1]


def _is_word(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _is_made_of(word: str, words: list[str]) -> bool:
    parts = [w for w in words if w != word and w in word]
    covered: set[int] = set()
    for part in parts:
        start = word.find(part)
        covered |= set(range(start, start + len(part)))
    return len(covered) == len(word)
