"""The words in the history that the database wants of every state, for tests that set states by hand."""

from uuid import UUID

from cishan.audit import actions
from cishan.audit.rules import Transition
from cishan.plumbing.db import atomic


async def tell(kind: str, subject: UUID, before: str, after: str) -> None:
    """Write a step that a test takes behind the actions' back."""
    async with atomic():
        await actions.record(
            Transition(
                subject_kind=kind,
                subject_id=str(subject),
                event="test",
                from_state=before,
                to_state=after,
                actor="test",
            )
        )
