"""What is written down of an account's steps, and what its owner is told of them."""

from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.kernel import clock, ids
from cishan.plumbing import jobs
from cishan.plumbing.db import fetch_value

ACCOUNT = "account"


async def note(account_id: UUID, event: str, *, to: str, before: str = "", reason: str = "") -> None:
    """Write a step of an account, by its owner, in the transaction that takes it."""
    person_id = await fetch_value("SELECT person FROM account WHERE id = {}", account_id)
    await audit.record(
        Transition(
            subject_kind=ACCOUNT,
            subject_id=str(account_id),
            event=event,
            from_state=before,
            to_state=to,
            actor=str(person_id or account_id),
            reason=reason,
        )
    )


async def note_lock(subject_kind: str, subject_id: str) -> None:
    """Write that too many attempts failed, so that the next ones of a quarter of an hour are refused."""
    await audit.record(
        Transition(
            subject_kind=subject_kind,
            subject_id=subject_id,
            event="locked",
            from_state="",
            to_state="locked",
            actor=SYSTEM,
        )
    )


async def tell(person_id: UUID | None, change: str, *, device: str = "") -> None:
    """Have the owner told of a change of a way into the account; what is told is `notify`'s `Safety`."""
    if person_id is not None:
        await jobs.enqueue(
            "notify.account_safety",
            key=f"account-safety:{ids.new_id()}",
            person_id=str(person_id),
            change=change,
            at=clock.now().isoformat(),
            device=device,
        )
