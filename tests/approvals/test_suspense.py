"""Money without a gift finds its owner by a proposal and a check; then reconciliation finds nothing loose."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals import queries
from cishan.approvals.rules import Decision, State
from cishan.donations.actions import suspense
from cishan.donations.queries import contacts
from cishan.donations.queries.suspense import movement
from cishan.donations.rules.suspense import Held, Owner
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid
from cishan.ledger import queries as books
from cishan.ledger.queries import proofs
from cishan.payments import actions as payments
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch, fetch_value
from paysandbox import commands
from seeds import approvals as seeds
from tests.approvals import making
from tests.approvals.making import Office, all_rows
from tests.payments.conftest import FUND, Sandbox, a_gift, balances, open_fund, sandbox
from tests.payments.test_settling import hear

__all__ = ["sandbox"]


@pytest.fixture
async def office(db: None, sandbox: Sandbox) -> Office:
    await open_fund()
    made = await making.an_office()
    await seeds.load()
    return made


async def _stranger(sandbox: Sandbox, amount: int = 700) -> str:
    """Let money come that nobody asked for; return its movement."""
    sandbox.tell(commands.gifts, {"count": 1, "amount": amount, "metadata": {"shop": "of somebody else"}})
    await hear(sandbox)
    (held,) = await held_money()
    assert (held.amount_fen, held.problem) == (amount, "unidentified")
    return held.txn_id


async def held_money() -> list[Held]:
    """What belongs to no gift, the oldest first."""
    rows = await fetch("SELECT txn_id FROM donation_movement WHERE donation IS NULL ORDER BY at, txn_id")
    return [await movement(row["txn_id"]) for row in rows]


async def _new_gift() -> dict[str, Any]:
    """The gift that an approval wrote."""
    (row,) = await fetch("SELECT * FROM donation ORDER BY id DESC LIMIT 1")
    return row


async def test_money_for_a_fund_is_booked_once_and_reconciliation_is_clean(
    office: Office, sandbox: Sandbox
) -> None:
    txn = await _stranger(sandbox)
    assert [d.kind.value for d in await payments.reconcile()] == ["suspense"]
    booked = await balances()
    approval_id = await suspense.propose_owner(
        txn, owner=Owner.FUND, fund_code=FUND, reason="来电说明用途", by=office.maker
    )
    assert await balances() == booked
    assert await approvals.check(approval_id, office.checker, Decision.PASS) is State.DONE
    now = await balances()
    assert ("2209", "GEN") not in now
    assert now["410102", FUND] == -700
    assert sum(now[key] for key in now if key[0] == "1009") == await books.channel_balance()
    gift = await _new_gift()
    assert (gift["status"], gift["amount_fen"], gift["anonymity"], gift["stripe_payment_intent_id"]) == (
        "paid",
        700,
        "hidden",
        None,
    )
    assert await held_money() == []
    assert await payments.reconcile() == []
    await jobs.work_off()
    assert (await proofs.prove()).findings == ()
    before = await all_rows()
    with pytest.raises(Conflict):
        await approvals.check(approval_id, office.second, Decision.PASS)
    with pytest.raises(Conflict):
        await suspense.propose_owner(
            txn, owner=Owner.FUND, fund_code=FUND, reason="再来一次", by=office.maker
        )
    await hear(sandbox)
    await payments.poll()
    assert await all_rows() == before
    assert await balances() == now


async def test_a_second_payment_becomes_a_second_gift_of_its_giver(office: Office, sandbox: Sandbox) -> None:
    await open_fund("F-B")
    first = await a_gift((FUND, 3_000), ("F-B", 1_000))
    sandbox.pay(first.session_id)
    metadata = {"donation_id": str(first.id)}
    sandbox.tell(commands.gifts, {"count": 1, "amount": 4_001, "metadata": metadata})
    await hear(sandbox)
    phone = "+8613812348000"
    await fetch(
        "UPDATE donation SET contact_phone_enc = {}, contact_phone_index = {} WHERE id = {}",
        crypto.seal(phone, place=contacts.PHONE, row=first.id),
        contacts.phone_index(phone),
        first.id,
    )
    (held,) = await held_money()
    number = await fetch_value("SELECT number FROM donation WHERE id = {}", first.id)
    with pytest.raises(Invalid, match="no gift"):
        await suspense.propose_owner(
            held.txn_id, owner=Owner.GIFT, gift_number="G-0", reason="来电", by=office.maker
        )
    approval_id = await suspense.propose_owner(
        held.txn_id, owner=Owner.GIFT, gift_number=number, reason="来电确认为追加捐赠", by=office.maker
    )
    await approvals.check(approval_id, office.checker, Decision.PASS)
    gift = await _new_gift()
    assert crypto.unseal(gift["contact_phone_enc"], place=contacts.PHONE, row=gift["id"]) == phone
    assert gift["contact_phone_index"] == contacts.phone_index(phone)
    lines = await fetch(
        "SELECT fund_code, amount_fen FROM donation_line WHERE donation = {} ORDER BY line_no", gift["id"]
    )
    assert [(line["fund_code"], line["amount_fen"]) for line in lines] == [(FUND, 3_001), ("F-B", 1_000)]
    now = await balances()
    assert (now["410102", FUND], now["410102", "F-B"]) == (-6_001, -2_000)
    assert await payments.reconcile() == []


async def test_unclaimed_money_waits_ten_working_days_and_for_the_council(
    office: Office, sandbox: Sandbox
) -> None:
    txn = await _stranger(sandbox)
    with pytest.raises(Invalid, match="looked for until"):
        await suspense.propose_owner(txn, owner=Owner.UNCLAIMED, reason="无人认领", by=office.maker)
    assert await fetch("SELECT id FROM approval") == []
    with clock.fixed(clock.now() + timedelta(days=15)):
        approval_id = await suspense.propose_owner(
            txn, owner=Owner.UNCLAIMED, reason="十个工作日无人认领", by=office.maker
        )
        assert await approvals.check(approval_id, office.checker, Decision.PASS) is State.PANEL
        three = [office.elder.person_id, office.sage.person_id, office.third.person_id]
        await approvals.decide_by_panel(
            approval_id, office.elder, Decision.PASS, participants=three, minutes=making.MINUTES
        )
    now = await balances()
    assert now["410101", "GEN"] == -700
    assert ("2209", "GEN") not in now
    assert (await queries.approval(approval_id)).state is State.DONE


async def test_a_return_leaves_the_money_where_it_is_and_another_owner_may_be_proposed(
    office: Office, sandbox: Sandbox
) -> None:
    txn = await _stranger(sandbox)
    first = await suspense.propose_owner(
        txn, owner=Owner.FUND, fund_code="GEN", reason="猜测", by=office.officer
    )
    await approvals.check(first, office.checker, Decision.RETURN, "请附付款人说明")
    assert (await balances())["2209", "GEN"] == -700
    second = await suspense.propose_owner(
        txn, owner=Owner.FUND, fund_code=FUND, reason="付款人来函", by=office.officer
    )
    await approvals.check(second, office.checker, Decision.PASS)
    assert (await balances())["410102", FUND] == -700
    assert (await queries.approval(second)).previous_id == first


async def test_nobody_gives_a_movement_to_a_gift_behind_the_back(office: Office, sandbox: Sandbox) -> None:
    await _stranger(sandbox)
    first = await a_gift((FUND, 700))
    with pytest.raises(asyncpg.PostgresError) as error:
        async with atomic():
            await fetch("UPDATE donation_movement SET donation = {}, problem = ''", first.id)
    assert error.value.sqlstate == "AP015"
    with pytest.raises(Invalid, match="Choose one"):
        (held,) = await held_money()
        await suspense.propose_owner(
            held.txn_id, owner=Owner.FUND, fund_code="A-AGENT", reason="x", by=office.maker
        )
