"""The door to a Meilisearch server. It is handed words that are cut already, joined by spaces."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypedDict

from meilisearch_python_sdk import AsyncClient
from meilisearch_python_sdk.errors import MeilisearchError
from meilisearch_python_sdk.models.settings import MeilisearchSettings, TypoTolerance

from cishan import gateways
from cishan.kernel.errors import Unavailable
from cishan.kernel.text import N_

INDEX = "cishan"
TIMEOUT_SECONDS = 5
_SETTINGS = MeilisearchSettings(
    searchable_attributes=["title", "body"],
    filterable_attributes=["campaign"],
    sortable_attributes=["at"],
    ranking_rules=["words", "attribute", "exactness", "proximity", "at:desc"],
    typo_tolerance=TypoTolerance(enabled=False),
)


class Document(TypedDict):
    """One thing that can be found; `at` counts seconds."""

    id: str
    kind: str
    campaign: str
    title: str
    body: str
    at: int


@asynccontextmanager
async def _client() -> AsyncIterator[AsyncClient]:
    settings = gateways.settings()
    try:
        async with AsyncClient(
            settings.meilisearch_url, settings.meilisearch_key or None, timeout=TIMEOUT_SECONDS
        ) as client:
            yield client
    except MeilisearchError as error:
        raise Unavailable(N_("The search does not answer at the moment.")) from error


async def prepare() -> None:
    """Make the index and its settings known to the server; doing it again changes nothing."""
    async with _client() as client:
        made = await client.get_or_create_index(INDEX, primary_key="id")
        task = await made.update_settings(_SETTINGS)
        await client.wait_for_task(task.task_uid, raise_for_status=True)


async def replace(campaign: str, documents: Sequence[Document]) -> None:
    """Let exactly these documents of a campaign be found; return when the server has them."""
    async with _client() as client:
        index = client.index(INDEX)
        task = await index.delete_documents_by_filter(f'campaign = "{campaign}"')
        if documents:
            task = await index.add_documents([dict(d) for d in documents], primary_key="id")
        await client.wait_for_task(task.task_uid, raise_for_status=True)


async def find(words: Sequence[str], *, every: bool, limit: int) -> list[tuple[str, str, str]]:
    """Return (id, kind, campaign) of what holds every word, or the first ones at least; the best first."""
    if not words:
        return []
    async with _client() as client:
        found = await client.index(INDEX).search(
            " ".join(words),
            limit=limit,
            attributes_to_retrieve=["id", "kind", "campaign"],
            matching_strategy="all" if every else "last",
        )
    return [(hit["id"], hit["kind"], hit["campaign"]) for hit in found.hits]
