"""The demonstration stands on real plans, may be loaded twice, and raises what the county reported."""

import json

from cishan.campaigns import queries, rules
from cishan.kernel import clock
from cishan.plumbing import db as database
from cishan.settings import Settings
from seeds import demo_campaigns, reference

FACTS = json.loads((demo_campaigns.DATA / "campaigns.json").read_text())


def test_the_demo_raises_834_wan_in_27_projects_over_every_county() -> None:
    assert len(FACTS) == 27
    assert sum(f["demo_raised_fen"] for f in FACTS) == 834_600_000
    counties = {code for code, *_ in reference.counties(reference.regions())}
    assert {f["county"] for f in FACTS} == counties
    assert {f["theme"] for f in FACTS} == set(rules.Theme)
    assert {f["fund"] for f in FACTS} <= {code for code, *_ in reference.FUNDS}


async def test_loading_twice_is_loading_once(db: None, config: Settings) -> None:
    for _ in range(2):
        await reference.load()
        await demo_campaigns.load()
    page = await queries.campaign_page(rules.Filter(), size=100)
    assert page.found == 27
    assert {card.phase for card in page.cards} == {"open", "upcoming", "paused", "ended"}
    rows = await database.fetch(
        "SELECT count(*) AS n, count(DISTINCT filing_no) AS numbers"
        " FROM campaign WHERE story LIKE '%演示数据%'"
    )
    assert rows == [{"n": 27, "numbers": 27}]
    card = await queries.for_giving("warm-winter-2026")
    assert card.open and card.starts_on < clock.today() < card.ends_on
    assert card.fund_code == "F-NDXD.006"
