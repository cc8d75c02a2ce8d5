"""The index inside PostgreSQL: no server to set up; answers in a few milliseconds."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from cishan.plumbing.db import atomic, fetch
from cishan.search.rules import Entry, Hit, document_words, telling_words

_LONGEST = 200
"""Characters of a word; PostgreSQL takes 2 KB."""
_POSITIONS = 16_000
_RANKED = 500
"""Of very many matches only the newest are ranked."""


class EmbeddedIndex:
    """Words with weights in a tsvector under a GIN index."""

    async def replace(self, campaign_id: UUID, entries: Sequence[Entry]) -> None:
        """Let exactly these entries of a campaign be found from now on."""
        async with atomic():
            await fetch("DELETE FROM search_entry WHERE campaign = {}", campaign_id)
            for entry in entries:
                await fetch(
                    "INSERT INTO search_entry (id, kind, campaign, words, at)"
                    " VALUES ({}, {}, {}, {}::tsvector, {})",
                    entry.id,
                    entry.kind,
                    entry.campaign_id,
                    _vector(entry),
                    entry.at,
                )

    async def find(self, words: Sequence[str], *, limit: int) -> list[Hit]:
        """Return what holds all the words, the best first; if nothing does, what holds some of them."""
        return await _matching(words, " & ", limit) or await _matching(telling_words(words), " | ", limit)


async def _matching(words: Sequence[str], joint: str, limit: int) -> list[Hit]:
    if not words:
        return []
    query = joint.join(_quoted(w) + (":*" if len(w) > 1 else "") for w in words)
    rows = await fetch(
        """SELECT id, kind, campaign FROM (
               SELECT id, kind, campaign, words, at FROM search_entry
                WHERE words @@ {}::tsquery ORDER BY at DESC LIMIT {}) AS newest
            ORDER BY ts_rank(words, {}::tsquery) DESC, at DESC, id LIMIT {}""",
        query,
        _RANKED,
        query,
        limit,
    )
    return [Hit(row["id"], row["kind"], row["campaign"]) for row in rows]


def _vector(entry: Entry) -> str:
    return " ".join(
        [*_lexemes(document_words(entry.title), "A", 0), *_lexemes(document_words(entry.body), "C", 100)]
    )


def _lexemes(words: Iterable[str], weight: str, first: int) -> list[str]:
    places = enumerate(words, start=first + 1)
    return [f"{_quoted(w)}:{place}{weight}" for place, w in places if place < _POSITIONS]


def _quoted(word: str) -> str:
    plain = word[:_LONGEST].replace("\x00", "").replace("\\", "\\\\").replace("'", "''")
    return f"'{plain}'"
