"""The people of the demonstration are enough for every decision that the house's bands ask for."""

from uuid import UUID

import httpx

from cishan.approvals import actions, queries
from cishan.approvals.rules import Acting, Payee, State
from cishan.identity.queries import regions
from cishan.identity.queries.posts import holders
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.plumbing.db import fetch
from cishan.settings import Settings
from seeds import STAFF, approvals, deadlines, demo_staff, reference
from tests.approvals.test_pages import PDF
from tests.donations.conftest import words
from tests.identity.staffing import CITY, a_session

COUNCIL = ("demo-council", "demo-council-2", "demo-council-3")


def test_there_are_people_enough_for_the_panel_of_every_band() -> None:
    for band in approvals.bands():
        present = [member for member in STAFF if member.role == band.panel_role]
        assert len(present) >= band.panel_present, band


async def test_loading_twice_gives_everybody_one_post(db: None, config: Settings) -> None:
    await reference.load()
    for _ in range(2):
        await demo_staff.load()
    assert len(await holders(tuple(Role))) == len(STAFF)


async def _acting(username: str) -> Acting:
    (row,) = await fetch(
        "SELECT a.person, g.id, g.role FROM account AS a JOIN role_grant AS g ON g.person = a.person"
        " WHERE a.username = {}",
        username,
    )
    return Acting(row["person"], row["id"], Role(row["role"]))


async def test_a_panel_with_minutes_is_held_by_the_people_of_the_demonstration(
    client: httpx.AsyncClient, config: Settings
) -> None:
    for room in (reference, deadlines, approvals, demo_staff):
        await room.load()
    federation = await regions.organisation_named("federation")
    approval_id = await actions.propose(
        kind="refund",
        subject_kind="refund",
        subject_id=ids.new_id(),
        title="退回一笔捐款（演示）",
        amount_fen=5_000_000,
        payee=Payee(name="李某（演示）"),
        by=await _acting("demo-maker"),
        organisation_id=federation.id,
        region_code=CITY,
    )
    path = f"/staff/approvals/{approval_id}"
    client.cookies.set("session", await a_session("demo-checker"))
    assert (await client.post(f"{path}/check", data={"decision": "pass"})).status_code == 303
    present = {name: (await _acting(name)).person_id for name in COUNCIL}
    client.cookies.set("session", await a_session("demo-council-2"))
    shown = words((await client.get(path)).text)
    assert [m.name for m in STAFF if m.username in COUNCIL and m.name not in shown] == []
    held = await client.post(
        f"{path}/panel",
        data={"decision": "pass", "participants": [str(one) for one in present.values()]},
        files={"minutes": ("纪要.pdf", PDF, "application/pdf")},
    )
    assert held.status_code == 303, words(held.text)
    view = await queries.approval(approval_id)
    assert view.state is State.RELEASING
    assert set(view.steps[-1].participants) == set(present.values())
    assert isinstance(view.steps[-1].minutes_file, UUID)
