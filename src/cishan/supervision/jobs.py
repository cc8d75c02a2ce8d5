"""Checks that take longer than a page may."""

from uuid import UUID

from cishan.plumbing.jobs import job
from cishan.supervision import actions


@job("supervision.check_history")
async def check_history(check_id: str) -> None:
    """Prove a part of the history that somebody asked about."""
    await actions.check(UUID(check_id))
