"""The index on a Meilisearch server, fed with the same words."""

from collections.abc import Sequence
from uuid import UUID

from cishan.gateways import meilisearch
from cishan.search.rules import Entry, Hit, document_words, telling_words


class MeilisearchIndex:
    """A server that the setting MEILISEARCH_URL names."""

    async def replace(self, campaign_id: UUID, entries: Sequence[Entry]) -> None:
        """Let exactly these entries of a campaign be found from now on."""
        await meilisearch.prepare()
        await meilisearch.replace(str(campaign_id), [_document(entry) for entry in entries])

    async def find(self, words: Sequence[str], *, limit: int) -> list[Hit]:
        """Return what holds all the words, the best first; if nothing does, what holds some of them."""
        found = await meilisearch.find(words, every=True, limit=limit)
        if not found:
            found = await meilisearch.find(telling_words(words), every=False, limit=limit)
        return [Hit(UUID(id), kind, UUID(campaign)) for id, kind, campaign in found]


def _document(entry: Entry) -> meilisearch.Document:
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "campaign": str(entry.campaign_id),
        "title": " ".join(document_words(entry.title)),
        "body": " ".join(document_words(entry.body)),
        "at": int(entry.at.timestamp()),
    }
