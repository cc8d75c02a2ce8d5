"""Data that a new installation begins with. Each module has an `async def load()` that may run any number
of times.

A module calls actions, never tables, and runs with the rights of the application.
"""

from dataclasses import dataclass

from cishan.identity.rules.accounts import DEMO_PASSWORD
from cishan.identity.rules.roles import Role

REFERENCE: tuple[str, ...] = ("reference", "deadlines", "approvals", "warehouse", "kits")
"""Modules of this folder that every installation needs, in the order of loading."""

DEMO: tuple[str, ...] = (
    "demo_staff",
    "demo_campaigns",
    "demo_gifts",
    "demo_year",
    "demo_warehouse",
    "demo_drives",
    "demo_goods",
    "demo_orders",
    "demo_care",
)
"""Modules that fill a demonstration (CISHAN_DEMO=1), loaded after the reference data."""


@dataclass(frozen=True, slots=True)
class Member:
    """A fictitious member of the staff; each holds one post."""

    username: str
    role: Role
    name: str
    organisation: str = "federation"
    """Its code."""
    region: str = ""
    """Empty: that of the organisation."""


STAFF: tuple[Member, ...] = (
    Member("demo-staff", Role.PROJECT_OFFICER, "演示·项目专员"),
    Member("demo-maker", Role.FINANCE_MAKER, "演示·财务经办"),
    Member("demo-checker", Role.FINANCE_CHECKER, "演示·财务复核"),
    Member("demo-cashier", Role.CASHIER, "演示·出纳"),
    Member("demo-council", Role.COUNCIL, "演示·理事"),
    Member("demo-council-2", Role.COUNCIL, "演示·理事乙"),
    Member("demo-council-3", Role.COUNCIL, "演示·理事丙"),
    Member("demo-warehouse", Role.WAREHOUSE_KEEPER, "演示·仓库管理员"),
    Member("demo-warehouse-2", Role.WAREHOUSE_KEEPER, "演示·仓库协管员"),
    Member("demo-volunteers", Role.VOLUNTEER_LEAD, "演示·志愿者组长"),
    Member("demo-children", Role.CHILD_DIRECTOR, "演示·儿童主任", "federation-371423", "371423100"),
    Member("demo-grid", Role.GRID_WORKER, "演示·网格员", "federation-371402", "371402001"),
    Member("demo-viewer", Role.CIVIL_AFFAIRS_VIEWER, "演示·民政查看", "civil-affairs"),
    Member("demo-safeguarding", Role.SAFEGUARDING_LEAD, "演示·儿童保护专员"),
    Member("demo-auditor", Role.AUDITOR, "演示·审计"),
    Member("demo-admin", Role.ADMINISTRATOR, "演示·系统管理员"),
    Member("demo-qingyun", Role.PROJECT_OFFICER, "演示·庆云项目专员", "federation-371423"),
)

ACCOUNTS: tuple[tuple[str, str, str], ...] = tuple((m.name, m.username, DEMO_PASSWORD) for m in STAFF)
"""Name, login and password of the accounts that the demo makes; `cishan up` prints them."""
