"""What is found for words."""

from cishan import gateways
from cishan.kernel.errors import Unavailable
from cishan.search.embedded import EmbeddedIndex
from cishan.search.remote import MeilisearchIndex
from cishan.search.rules import LIMIT, Hit, Index, query_words


def index() -> Index:
    """Return the backend that the settings name."""
    return MeilisearchIndex() if gateways.settings().meilisearch_url else EmbeddedIndex()


async def find(text: str, *, limit: int = LIMIT) -> list[Hit]:
    """Return what is found for the words that a person typed, the best first.

    The embedded index answers while a search server does not; it may be a little less fresh.
    """
    words = query_words(text)
    if not words:
        return []
    try:
        return await index().find(words, limit=limit)
    except Unavailable:
        return await EmbeddedIndex().find(words, limit=limit)
