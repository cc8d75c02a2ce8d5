"""A job exists exactly when its cause was committed."""

import pytest

from cishan.kernel import clock
from cishan.plumbing import db as database
from cishan.plumbing import jobs


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A registry with one job that keeps what it was given."""
    told: list[str] = []

    async def work(word: str) -> None:
        told.append(word)

    monkeypatch.setitem(jobs.REGISTRY, "test.tell", jobs.Job("test.tell", work, 1, 0, ""))
    return told


async def test_a_job_of_an_undone_block_does_not_exist(db: None, seen: list[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.atomic():
            await jobs.enqueue("test.tell", word="undone")
            raise ZeroDivisionError
    async with database.atomic():
        await jobs.enqueue("test.tell", word="done")
    assert await jobs.work_off() == 1
    assert seen == ["done"]


async def test_a_waiting_job_with_the_same_key_is_not_asked_for_twice(db: None, seen: list[str]) -> None:
    for word in ("first", "second"):
        await jobs.enqueue_once("test.tell", key="drain", word=word)
    assert await jobs.work_off() == 1
    assert seen == ["first"]
    await jobs.enqueue_once("test.tell", key="drain", word="third")
    assert await jobs.work_off() == 1


async def test_a_job_for_later_waits(db: None, seen: list[str]) -> None:
    async with database.atomic():
        await jobs.enqueue("test.tell", word="later", run_at=clock.now().replace(year=2099))
    assert await jobs.work_off() == 0
    assert seen == []
