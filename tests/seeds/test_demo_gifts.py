"""The demonstration's gifts reach the county's figures and stand in the books."""

from stdnum.cn import uscc

from cishan.campaigns import queries, rules
from cishan.ledger import queries as ledger
from cishan.plumbing import db as database
from cishan.settings import Settings
from seeds import demo_campaigns, demo_gifts, reference


async def test_the_gifts_reach_834_wan_and_loading_twice_is_loading_once(db: None, config: Settings) -> None:
    for _ in range(2):
        await reference.load()
        await demo_campaigns.load()
        await demo_gifts.load()
    page = await queries.campaign_page(rules.Filter(), size=100)
    assert sum(card.raised_fen for card in page.cards) == 834_600_000
    rows = await database.fetch(
        "SELECT count(*) AS n, sum(amount_fen)::bigint AS total, count(*) FILTER (WHERE status <> 'paid')"
        " AS odd,"
        " array_agg(DISTINCT company_uscc) FILTER (WHERE company_uscc <> '') AS codes FROM donation"
    )
    assert 600 <= rows[0]["n"] <= 1500
    assert (rows[0]["total"], rows[0]["odd"]) == (834_600_000 + demo_gifts.GENERAL_FEN, 0)
    assert all(uscc.is_valid(code) for code in rows[0]["codes"])
    card = await queries.for_giving("warm-winter-2026")
    spent = await ledger.spent(card.fund_code)
    assert 0 < spent < card.raised_fen == 96_500_000
    assert await ledger.fund_balance(card.fund_code) == card.raised_fen - spent
