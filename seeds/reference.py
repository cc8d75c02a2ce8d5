"""What every installation needs: the tree of regions, the charity itself, and its funds."""

import json
from datetime import date
from pathlib import Path

from cishan import gateways
from cishan.campaigns import actions as campaigns
from cishan.identity.actions import regions as places
from cishan.identity.rules.regions import Level, OrganisationKind, Region
from cishan.ledger import actions as ledger
from cishan.ledger.rules import Restriction
from cishan.plumbing.db import atomic

DATA = Path(__file__).parent / "data"
OPENED_ON = date(2020, 1, 1)
FUNDS = (
    ("GEN", "非限定性一般基金", Restriction.UNRESTRICTED),
    ("F-YYJZ", "医养救助慈善专项基金", Restriction.RESTRICTED),
    ("F-FPZX", "扶贫助学基金", Restriction.RESTRICTED),
    ("F-CSC", "慈善筹·困难帮扶", Restriction.RESTRICTED),
    ("F-WXY", "微心愿兜底资金", Restriction.RESTRICTED),
    ("F-NDXD", "暖冬行动", Restriction.RESTRICTED),
    ("F-JJ", "急难先行垫付池", Restriction.RESTRICTED),
    ("F-JD", "公益爱心结对基金", Restriction.RESTRICTED),
    ("A-AGENT", "受托代理", Restriction.AGENCY),
)


def regions() -> list[Region]:
    """Return the tree of regions, each before what lies in it.

    Codes of towns have the shape of GB/T 10114 (001 street offices, 100 towns, 200 townships) but are counted
    by us in the order of the list.
    """
    rows = json.loads((DATA / "regions.json").read_text())
    return [Region(code, parent, Level(level), name, en) for code, parent, level, name, en in rows]


def counties(tree: list[Region]) -> list[tuple[str, str, str]]:
    """Return what a campaign may be for: the whole city, or one county."""
    city, *_ = tree
    return [
        (city.code, f"{city.name}（全市）", f"{city.name_en.removesuffix(' City')}, whole city"),
        *((r.code, r.name, r.name_en) for r in tree if r.level is Level.COUNTY),
    ]


async def load() -> None:
    tree = regions()
    await places.set_regions(tree)
    await campaigns.set_counties(counties(tree))
    await places.set_organisation(
        code="federation",
        name=gateways.settings().organisation.name,
        kind=OrganisationKind.FEDERATION,
        region=tree[0].code,
    )
    for place in tree:
        if place.level is Level.COUNTY:
            await places.set_organisation(
                code=f"federation-{place.code}",
                name=f"{place.name}慈善总会",
                kind=OrganisationKind.FEDERATION,
                region=place.code,
            )
    await places.set_organisation(
        code="civil-affairs",
        name=f"{tree[0].name}民政局",
        kind=OrganisationKind.CIVIL_AFFAIRS,
        region=tree[0].code,
    )
    async with atomic():
        for code, name, restriction in FUNDS:
            await ledger.open_fund(code, name=name, restriction=restriction, opened_on=OPENED_ON)
