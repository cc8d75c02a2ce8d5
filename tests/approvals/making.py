"""People with posts, bands, and a kind of approval that notes what was approved."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from cishan.approvals import actions, rules
from cishan.approvals.rules import Acting, ApprovalView, Band, Kind, Minutes, Payee
from cishan.identity.actions import people, posts
from cishan.identity.actions import regions as places
from cishan.identity.actions.posts import NewPost
from cishan.identity.rules.regions import OrganisationKind
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from seeds import deadlines, reference
from tests.identity.staffing import PASSWORD, a_session

KIND = "test_payment"
CITY, DECHENG, QINGYUN = "371400", "371402", "371423"
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=clock.CHINA)
MINUTES = Minutes(UUID("00000000-0000-7000-8000-00000000000f"), b"\x07" * 32)
approved: list[tuple[UUID, int]] = []
rejected: list[UUID] = []


async def _approved(approval: ApprovalView, _: Acting) -> None:
    approved.append((approval.id, approval.amount_fen))


async def _rejected(approval: ApprovalView, _: Acting) -> None:
    rejected.append(approval.id)


rules.register(Kind(code=KIND, title="Test payment", on_approved=_approved, on_rejected=_rejected))


def a_band(from_fen: int, checks: tuple[str, ...], **more: Any) -> Band:
    return Band(
        kind=more.pop("kind", KIND),
        from_fen=from_fen,
        propose_roles=("project_officer", "finance_maker"),
        check_roles=checks,
        effective_from=more.pop("effective_from", date(2026, 1, 1)),
        source="本会规定",
        **more,
    )


SMALL = a_band(0, ("finance_checker",))
MIDDLE = a_band(100_000, ("finance_checker", "council"), release_role="cashier")
LARGE = a_band(1_000_000, ("finance_checker",), panel_role="council", panel_present=3, release_role="cashier")
BANDS = (SMALL, MIDDLE, LARGE)


@dataclass
class Office:
    """An organisation and who acts in it."""

    organisation_id: UUID
    people: dict[str, Acting] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Acting:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


async def an_office(*, region: str = CITY, code: str = "federation") -> Office:
    await places.set_regions(reference.regions())
    await deadlines.load()
    await actions.set_bands(BANDS)
    organisation_id = await places.set_organisation(
        code=code, name="演示慈善总会", kind=OrganisationKind.FEDERATION, region=region
    )
    office = Office(organisation_id)
    await _keep_minutes()
    for name, role in (
        ("maker", Role.FINANCE_MAKER),
        ("officer", Role.PROJECT_OFFICER),
        ("checker", Role.FINANCE_CHECKER),
        ("second", Role.FINANCE_CHECKER),
        ("cashier", Role.CASHIER),
        ("elder", Role.COUNCIL),
        ("sage", Role.COUNCIL),
        ("third", Role.COUNCIL),
        ("auditor", Role.AUDITOR),
    ):
        office.people[name] = await a_member(office, role, region=region)
    approved.clear()
    rejected.clear()
    return office


async def _keep_minutes() -> None:
    """Let the file of MINUTES be there."""
    await fetch(
        """INSERT INTO stored_file (id, storage_key, sha256, media_type, size_bytes, name_enc, owner_kind,
                                    owner_id, purpose, public, uploaded_at, removed_reason)
           VALUES ({}, {}, {}, 'application/pdf', 100, {}, 'approval', {}, 'minutes', false, {}, '')
               ON CONFLICT (id) DO NOTHING""",
        MINUTES.file_id,
        f"files/07/{MINUTES.sha256.hex()}",
        MINUTES.sha256,
        crypto.seal("纪要.pdf", place="stored_file.name_enc", row=MINUTES.file_id),
        MINUTES.file_id,
        clock.now(),
    )


async def a_person(name: str = "张某某（演示）") -> UUID:
    person_id = ids.new_id()
    await fetch(
        "INSERT INTO person (id, name_enc, created_at) VALUES ({}, {}, {})",
        person_id,
        crypto.seal(name, place="person.name_enc", row=person_id),
        clock.now(),
    )
    return person_id


async def a_member(
    office: Office, role: Role, *, region: str = CITY, person_id: UUID | None = None, **more: Any
) -> Acting:
    person_id = person_id or await a_person()
    post = NewPost(
        role=role,
        organisation_id=office.organisation_id,
        region=region,
        starts_on=more.pop("starts_on", DAY - timedelta(days=400)),
        reason="测试任命",
        **more,
    )
    return Acting(person_id, await posts.grant(person_id, post, by=None), role)


async def a_browser(office: Office, name: str, *roles: Role, region: str = CITY) -> str:
    """Return the session of somebody of the office who has just shown a second factor."""
    person_id = await people.create_account(
        username=name, name=f"演示·{name}", password=PASSWORD, is_demo=True
    )
    for role in roles:
        await a_member(office, role, region=region, person_id=person_id)
    return await a_session(name)


async def propose(office: Office, by: Acting, amount_fen: int = 5_000, **more: Any) -> UUID:
    return await actions.propose(
        kind=more.pop("kind", KIND),
        subject_kind="test_thing",
        subject_id=more.pop("subject_id", ids.new_id()),
        title="退回一笔捐款（演示）",
        amount_fen=amount_fen,
        payee=more.pop("payee", Payee(name="李某（演示）")),
        by=by,
        organisation_id=office.organisation_id,
        region_code=more.pop("region", CITY),
        facts=(("Number", "D-1"),),
        **more,
    )


async def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Return everything that a step may write: a refusal leaves it as it was."""
    sql = {
        "approval": "SELECT id, state, waits_for FROM approval ORDER BY id",
        "step": "SELECT * FROM approval_step ORDER BY id",
        "history": "SELECT id, to_state FROM audit.transition ORDER BY id",
        "clock": "SELECT id, code, outcome FROM deadline_clock ORDER BY id",
        "related": "SELECT * FROM related_party ORDER BY id",
    }
    return {name: await fetch(text) for name, text in sql.items()}


async def state_of(approval_id: UUID) -> str:
    return str(await fetch_value("SELECT state FROM approval WHERE id = {}", approval_id))


__all__ = [
    "BANDS",
    "CITY",
    "DECHENG",
    "KIND",
    "LARGE",
    "MIDDLE",
    "MINUTES",
    "NOON",
    "QINGYUN",
    "SMALL",
    "Office",
    "a_band",
    "a_member",
    "a_person",
    "all_rows",
    "an_office",
    "approved",
    "propose",
    "rejected",
    "state_of",
]
