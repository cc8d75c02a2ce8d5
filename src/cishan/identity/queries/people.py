"""The staff, as those see them who give posts: who holds which, who is invited, whose account is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from cishan import gateways
from cishan.identity.queries.accounts import contacts_of, name_of
from cishan.identity.queries.regions import shown
from cishan.identity.rules.regions import covers
from cishan.identity.rules.roles import ROLE_NAMES, Role, is_active
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.lists import Choice, Column, Condition, Kind, List, Option, Row, Text

_TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
_OVER = f"(held.revoked_at IS NOT NULL OR held.ends_on < {_TODAY})"
STATES = {
    "active": N_("active"),
    "coming": N_("begins later"),
    "ended": N_("ended"),
    "closed": N_("account closed"),
}
TONES = {"active": "good", "coming": "plain", "ended": "quiet", "closed": "bad"}


async def _organisations() -> Sequence[Option]:
    rows = await fetch("SELECT id, name FROM organisation ORDER BY region, name LIMIT 500")
    return [Option(str(row["id"]), row["name"], row["id"]) for row in rows]


async def _names(rows: list[Row]) -> None:
    for row in rows:
        row["name"] = name_of(row["name_enc"], row["person_id"])
        row["region"] = shown(row["region_zh"], row["region_en"])


GRANTS = List(
    code="people",
    title=N_("Staff and posts"),
    source="role_grant AS held JOIN person ON person.id = held.person"
    " JOIN organisation ON organisation.id = held.organisation JOIN region ON region.code = held.region",
    key="held.id",
    order="role",
    more=_names,
    personal=True,
    columns=(
        Column(code="name", title=N_("Full name"), link="/staff/people/{person_id}"),
        Column(code="person_id", title="", sql="held.person", on_screen=False, in_file=False),
        Column(code="name_enc", title="", sql="person.name_enc", on_screen=False, in_file=False),
        Column(
            code="role",
            title=N_("Post"),
            kind=Kind.CHOICE,
            sql="held.role",
            sorts=True,
            words={str(role): name for role, name in ROLE_NAMES.items()},
        ),
        Column(
            code="organisation", title=N_("Organisation of the post"), sql="organisation.name", sorts=True
        ),
        Column(code="region", title=N_("Region of the post")),
        Column(code="region_zh", title="", sql="region.name", on_screen=False, in_file=False),
        Column(code="region_en", title="", sql="region.name_en", on_screen=False, in_file=False),
        Column(code="starts_on", title=N_("From"), kind=Kind.DATE, sql="held.starts_on", sorts=True),
        Column(code="ends_on", title=N_("Until"), kind=Kind.DATE, sql="held.ends_on", sorts=True, nulls=True),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql=f"""CASE WHEN {_OVER} THEN 'ended'
                         WHEN NOT EXISTS (
                             SELECT FROM account WHERE account.person = held.person AND account.active)
                         THEN 'closed'
                         WHEN held.starts_on > {_TODAY} THEN 'coming' ELSE 'active' END""",
            words=STATES,
            tones=TONES,
        ),
    ),
    filters=(
        Choice(
            code="role",
            title=N_("Post"),
            sql="held.role = {}",
            words={str(role): name for role, name in ROLE_NAMES.items()},
        ),
        Choice(
            code="organisation",
            title=N_("Organisation of the post"),
            sql="held.organisation = {}",
            options=_organisations,
        ),
        Choice(
            code="state",
            title=N_("State"),
            words={"active": STATES["active"], "coming": STATES["coming"], "ended": STATES["ended"]},
            conditions={
                "active": f"NOT {_OVER} AND held.starts_on <= {_TODAY}",
                "coming": f"NOT {_OVER} AND held.starts_on > {_TODAY}",
                "ended": _OVER,
            },
        ),
        Text(code="region", title=N_("Division code"), sql="held.region LIKE {}", begins=True),
    ),
)


def in_regions(patterns: Sequence[str]) -> Condition:
    """Return the condition that a grant is for one of some regions (patterns of codes)."""
    return "held.region LIKE ANY ({}::text[])", (list(patterns),)


@dataclass(frozen=True, slots=True)
class Held:
    """One grant of somebody, of now, of later or of before."""

    grant_id: UUID
    role: Role
    organisation_id: UUID
    organisation_name: str
    region: str
    region_name: str
    starts_on: date
    ends_on: date | None
    reason: str
    granted_at: datetime
    granted_by: str
    """Empty: the installation's command line."""
    revoked_at: datetime | None
    revoked_by: str
    revoked_because: str
    state: str
    """One of STATES."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """A way in of somebody of the staff; contacts are masked."""

    id: UUID
    username: str
    contacts: tuple[str, ...]
    active: bool
    seen_at: datetime | None
    second_factors: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the staff, as administrators see them."""

    person_id: UUID
    name: str
    accounts: tuple[AccountView, ...]
    grants: tuple[Held, ...]

    @property
    def active(self) -> bool:
        """Tell whether they can sign in."""
        return any(account.active for account in self.accounts)

    def within(self, codes: Sequence[str]) -> bool:
        """Tell whether all their posts that count lie in some regions; all that ever were, if none counts."""
        counting = [held for held in self.grants if held.state != "ended"] or self.grants
        return all(any(covers(code, held.region) for code in codes) for held in counting)


async def member(person_id: UUID, patterns: Sequence[str]) -> Member:
    """Return somebody who holds or held a post in some regions (patterns of codes); raise NotFound."""
    grants = await _grants(person_id)
    if not any(held.region.startswith(pattern.rstrip("%")) for held in grants for pattern in patterns):
        raise NotFound(N_("There is nobody of that kind on the staff."))
    rows = await fetch("SELECT name_enc FROM person WHERE id = {}", person_id)
    return Member(
        person_id, name_of(rows[0]["name_enc"], person_id), await _accounts(person_id), tuple(grants)
    )


async def _accounts(person_id: UUID) -> tuple[AccountView, ...]:
    rows = await fetch(
        """SELECT account.id, account.username, account.email_enc, account.mobile_enc, account.active,
                  account.is_demo,
                  (SELECT max(seen_at) FROM account_session
                    WHERE account_session.account = account.id) AS seen_at,
                  (SELECT count(*) FROM factor WHERE factor.account = account.id) AS second_factors
             FROM account WHERE person = {} ORDER BY account.id LIMIT 10""",
        person_id,
    )
    demo = gateways.settings().demo
    return tuple(
        AccountView(
            id=row["id"],
            username=row["username"] or "",
            contacts=tuple(contact.masked for contact in contacts_of(row)),
            active=row["active"] and (demo or not row["is_demo"]),
            seen_at=row["seen_at"],
            second_factors=row["second_factors"],
        )
        for row in rows
    )


async def _grants(person_id: UUID) -> list[Held]:
    rows = await fetch(
        """SELECT held.*, organisation.name AS organisation_name, region.name AS region_zh,
                  region.name_en AS region_en, giver.name_enc AS giver_enc, taker.name_enc AS taker_enc
             FROM role_grant AS held JOIN organisation ON organisation.id = held.organisation
             JOIN region ON region.code = held.region
             LEFT JOIN person AS giver ON giver.id = held.granted_by
             LEFT JOIN person AS taker ON taker.id = held.revoked_by
            WHERE held.person = {} ORDER BY held.granted_at DESC, held.id DESC LIMIT 200""",
        person_id,
    )
    return [
        Held(
            grant_id=row["id"],
            role=Role(row["role"]),
            organisation_id=row["organisation"],
            organisation_name=row["organisation_name"],
            region=row["region"],
            region_name=shown(row["region_zh"], row["region_en"]),
            starts_on=row["starts_on"],
            ends_on=row["ends_on"],
            reason=row["reason"],
            granted_at=row["granted_at"],
            granted_by=name_of(row["giver_enc"], row["granted_by"]) if row["granted_by"] else "",
            revoked_at=row["revoked_at"],
            revoked_by=name_of(row["taker_enc"], row["revoked_by"]) if row["revoked_by"] else "",
            revoked_because=row["revoked_because"],
            state=_state(row),
        )
        for row in rows
    ]


def _state(row: Row) -> str:
    days = {
        "starts_on": row["starts_on"],
        "ends_on": row["ends_on"],
        "revoked": row["revoked_at"] is not None,
    }
    today = clock.today()
    if is_active(**days, on=today):
        return "active"
    return "coming" if not days["revoked"] and row["starts_on"] > today else "ended"


async def person_of(grant_id: UUID) -> UUID:
    """Return who holds or held a post; raise NotFound."""
    rows = await fetch("SELECT person FROM role_grant WHERE id = {}", grant_id)
    if not rows:
        raise NotFound(N_("There is no such post."))
    found: UUID = rows[0]["person"]
    return found


async def choices(patterns: Sequence[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the organisations, and the regions down to the town, in which posts may be given."""
    organisations = await fetch(
        "SELECT id, name FROM organisation WHERE active AND region LIKE ANY ({}::text[])"
        " ORDER BY region, kind, name LIMIT 500",
        list(patterns),
    )
    regions = await fetch(
        "SELECT code, name, name_en, level FROM region"
        " WHERE level <> 'village' AND code LIKE ANY ({}::text[]) ORDER BY code LIMIT 2000",
        list(patterns),
    )
    return (
        [(str(row["id"]), row["name"]) for row in organisations],
        [(row["code"], _indented(row)) for row in regions],
    )


def _indented(row: Row) -> str:
    depth = {"city": 0, "county": 1, "town": 2}[row["level"]]
    return "　" * depth + shown(row["name"], row["name_en"])


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of a demonstration, for the sign-in page."""

    username: str
    name: str
    role: Role
    organisation_name: str


async def demo_accounts() -> list[DemoAccount]:
    """Return the accounts of a demonstration with their posts; none on a real site."""
    if not gateways.settings().demo:
        return []
    rows = await fetch(
        """SELECT account.username, person.id, person.name_enc, held.role,
                  organisation.name AS organisation_name
             FROM account JOIN person ON person.id = account.person
             JOIN role_grant AS held ON held.person = person.id AND held.revoked_at IS NULL
             JOIN organisation ON organisation.id = held.organisation
            WHERE account.is_demo AND account.active AND account.username IS NOT NULL
            ORDER BY held.granted_at, held.id LIMIT 50"""
    )
    return [
        DemoAccount(
            row["username"], name_of(row["name_enc"], row["id"]), Role(row["role"]), row["organisation_name"]
        )
        for row in rows
    ]
