"""No state changes without a word in the history: the database sees to it, for every table with a state."""

import asyncpg
import pytest

from cishan.audit import queries
from cishan.donations.actions import refunds
from cishan.donations.rules.giving import RefundGround
from cishan.plumbing.db import atomic, fetch, fetch_value
from tests.campaigns import making
from tests.conftest import as_owner
from tests.donations.paid_gifts import a_gift
from tests.history import tell

pytestmark = pytest.mark.usefixtures("config")
UNWATCHED = {
    "goods_pick.state": "where pieces of an order are; every step is a posting of the stock",
    "goods_recall_receiver.state": "how far a receiver of a recall is; its row says who, when and what",
    "goods_reversal.state": "how far a reversal is; each step stands in the history of its offer",
    "letter.state": "how far the delivery of a letter has come; its row says when and why",
    "intake.stripe_event.state": "whether a message of the payment service was worked off",
    "books.period.status": "the log beside it keeps who closed and reopened a period, and why",
    "books.period_log.status": "is that log",
}
"""State columns that are no state of a thing; everything else must be watched."""

STATES = r"""
    SELECT format('%s.%s', c.attrelid::regclass, c.attname) AS name, c.attrelid::regclass::text AS relation,
           c.attname AS field
      FROM pg_catalog.pg_attribute AS c JOIN pg_catalog.pg_class AS r ON r.oid = c.attrelid
     WHERE r.relkind IN ('r', 'p') AND c.attnum > 0 AND NOT c.attisdropped
       AND c.attname ~ '(^|_)(state|status)$' AND c.attname NOT IN ('from_state', 'to_state')
       AND r.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'audit')
       AND r.relname !~ '^procrastinate' ORDER BY 1"""
GUARDS = """
    SELECT count(*) FROM pg_catalog.pg_trigger
     WHERE tgrelid = {}::regclass AND tgname ^@ {} AND tgenabled IN ('O', 'A') AND tgdeferrable"""


async def test_every_state_is_watched_or_said_to_be_none(db: None) -> None:
    unguarded = []
    for state in await fetch(STATES):
        name = f"{state['relation']}_{state['field']}"[:47] + "_keeps_history"
        if await fetch_value(GUARDS, state["relation"], name) != 2:  # of new rows and of changed ones
            unguarded.append(state["name"])
    assert unguarded == sorted(UNWATCHED)


async def test_a_state_that_is_changed_in_silence_is_refused(db: None) -> None:
    gift = await a_gift(5_000)
    with pytest.raises(asyncpg.PostgresError, match=r'donation .* went from "paid" to "refunded"') as refused:
        async with atomic():
            await fetch("UPDATE donation SET status = 'refunded' WHERE id = {}", gift)
    assert refused.value.sqlstate == "AU001"
    assert await fetch_value("SELECT status FROM donation WHERE id = {}", gift) == "paid"


async def test_not_even_the_owner_changes_a_state_in_silence(db: None) -> None:
    campaign = await making.a_draft()
    with pytest.raises(asyncpg.PostgresError, match="without a word in the history"):
        async with as_owner(), atomic():
            await fetch("UPDATE campaign SET state = 'withdrawn' WHERE id = {}", campaign)
    assert await fetch_value("SELECT state FROM campaign WHERE id = {}", campaign) == "draft"


async def test_a_word_about_another_step_or_another_thing_does_not_count(db: None) -> None:
    gift, other = await a_gift(5_000), await a_gift(5_000)
    for subject, before, after in (
        (gift, "paid", "disputed"),
        (other, "paid", "refunded"),
        (gift, "", "refunded"),
    ):
        with pytest.raises(asyncpg.PostgresError, match="without a word"):
            async with atomic():
                await tell("donation", subject, before, after)
                await fetch("UPDATE donation SET status = 'refunded' WHERE id = {}", gift)
    async with atomic():
        await fetch("UPDATE donation SET status = 'refunded' WHERE id = {}", gift)
        await tell("donation", gift, "paid", "refunded")  # in either order
    assert await fetch_value("SELECT status FROM donation WHERE id = {}", gift) == "refunded"


async def test_a_word_of_an_earlier_transaction_does_not_count(racing: str) -> None:
    gift = await a_gift(5_000)
    async with atomic():
        await tell("donation", gift, "paid", "disputed")
    with pytest.raises(asyncpg.PostgresError, match="without a word"):
        async with atomic():
            await fetch("UPDATE donation SET status = 'disputed' WHERE id = {}", gift)
    assert await fetch_value("SELECT status FROM donation WHERE id = {}", gift) == "paid"


async def test_what_begins_in_another_state_than_the_first_needs_a_word_too(db: None) -> None:
    gift = await a_gift(5_000)
    request = await refunds.request_refund(gift, ground=RefundGround.OTHER, words="")
    (step,) = await queries.history_of("refund", request)
    assert (step.event, step.from_state, step.to_state, step.actor) == ("request", "", "requested", "giver")
    with pytest.raises(asyncpg.PostgresError, match=r'refund .* went from "" to "done"'):
        async with atomic():
            await fetch(
                "INSERT INTO refund_request (id, donation, created_at, kind, ground, amount_fen, status)"
                " VALUES (gen_random_uuid(), {}, now(), 'undo', 'undo', 1, 'done')",
                gift,
            )
    assert await fetch_value("SELECT count(*) FROM refund_request") == 1


async def test_a_guard_of_a_state_that_was_put_aside_is_named(db: None) -> None:
    async with as_owner() as owner:
        await owner.execute("ALTER TABLE campaign DISABLE TRIGGER campaign_state_keeps_history")
        await owner.execute("DROP TRIGGER donation_status_keeps_history_new ON donation")
    assert list((await queries.verify()).findings) == [
        "the guard campaign_state_keeps_history is gone or off",
        "the guard donation_status_keeps_history is gone or off",
    ]
