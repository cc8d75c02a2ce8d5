"""What every installation needs: the county-level units, and the funds of the charity."""

import json
from datetime import date
from pathlib import Path

from cishan.campaigns import actions as campaigns
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


async def load() -> None:
    counties = json.loads((DATA / "counties.json").read_text())
    await campaigns.set_counties([(code, name, name_en) for code, name, name_en in counties])
    async with atomic():
        for code, name, restriction in FUNDS:
            await ledger.open_fund(code, name=name, restriction=restriction, opened_on=OPENED_ON)
