"""The catalogue: items by form, their history, barcodes, and the way through a sheet and back."""

import io
from dataclasses import replace
from uuid import UUID

import pytest
from openpyxl import Workbook

from cishan.approvals.rules import Acting
from cishan.kernel import ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.plumbing import grids, sheets
from cishan.plumbing.db import atomic, fetch
from cishan.plumbing.i18n import CHINESE, ENGLISH, speaking
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import all_of
from cishan.warehouse.actions import catalogue
from cishan.warehouse.queries import goods
from cishan.warehouse.queries.catalogue import by_barcode, item_by_code
from cishan.warehouse.queries.lists_goods import ITEMS
from cishan.warehouse.rules.barcodes import Barcode
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.catalogue_sheet import Draft, Pack, Plan, Verdict, plan
from seeds import warehouse as seeds
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item, open_funds

pytestmark = pytest.mark.usefixtures("db")
RICE = Draft(
    code="RICE5",
    name_zh="大米5kg",
    name_en="Rice, 5 kg",
    unit_zh="袋",
    unit_en="bag",
    category="food_staple",
    shelf_life_days=365,
    typical_value_fen=3050,
    packs=(Pack("箱", 4), Pack("托", 160)),
    barcodes=(Barcode("6901234567892"), Barcode("RICE-BOX", 4)),
)


async def rice() -> tuple[Acting, UUID]:
    await open_funds()
    keeper = await a_keeper()
    return keeper, (await catalogue.add_item(RICE, by=keeper)).id


async def history(item: UUID) -> list[tuple[str, str, str]]:
    rows = await fetch(
        "SELECT event, from_state, to_state FROM audit.transition WHERE subject_id = {} ORDER BY id",
        str(item),
    )
    return [(row["event"], row["from_state"], row["to_state"]) for row in rows]


async def test_an_item_is_what_was_written_and_every_change_is_kept() -> None:
    keeper, item = await rice()
    assert (await goods.drafts())["RICE5"] == RICE
    changed = replace(RICE, name_zh="大米5千克", typical_value_fen=3100, packs=(), cold_chain=True)
    differing = await catalogue.change_item(changed, by=keeper)
    assert [(one.field, one.before, one.after) for one in differing] == [
        ("name_zh", "大米5kg", "大米5千克"),
        ("typical_value_fen", "30.50", "31.00"),
        ("cold_chain", "no", "yes"),
        ("packs", "箱=4; 托=160", ""),
    ]
    assert await history(item) == [
        ("add", "", "active"),
        ("change_name_zh", "大米5kg", "大米5千克"),
        ("change_typical_value_fen", "30.50", "31.00"),
        ("change_cold_chain", "no", "yes"),
        ("change_packs", "箱=4; 托=160", "–"),
    ]
    assert await catalogue.change_item(changed, by=keeper) == ()
    assert (await goods.drafts(["RICE5"]))["RICE5"] == changed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "rice"}, "code"),
        ({"name_zh": ""}, "name_zh"),
        ({"name_en": "a" * 81}, "name_en"),
        ({"category": "gold"}, "category"),
        ({"category": "kit", "code": "RICE5"}, "category"),
        ({"shelf_life_days": 0}, "shelf_life_days"),
        ({"typical_value_fen": -1}, "typical_value_fen"),
        ({"min_age": 60, "max_age": 18}, "max_age"),
        ({"max_age": 121}, "max_age"),
        ({"sex": "x"}, "sex"),
    ],
)
async def test_what_cannot_be_is_told_beside_its_field_and_changes_nothing(
    change: dict[str, object], field: str
) -> None:
    keeper, item = await rice()
    with pytest.raises((Invalid, NotFound)) as refused:
        await catalogue.change_item(replace(RICE, **change), by=keeper)  # type: ignore[arg-type]
    if isinstance(refused.value, Invalid):
        assert refused.value.field == field
    assert await goods.drafts() == {"RICE5": RICE}
    assert len(await history(item)) == 1


async def test_an_item_with_stock_stays_in_use() -> None:
    keeper, item = await rice()
    lot = await a_lot(item, (await a_bin(await a_site())).id, 3)
    with pytest.raises(Invalid) as refused:
        await catalogue.change_item(replace(RICE, active=False), by=keeper)
    assert (refused.value.field, lot.version) == ("active", 7)
    other = replace(RICE, code="RICE6", barcodes=())
    await catalogue.add_item(other, by=keeper)
    await catalogue.change_item(replace(other, active=False), by=keeper)
    retired = await item_by_code("RICE6")
    assert retired is not None
    assert not retired.active


async def test_a_code_and_a_barcode_stand_for_one_item() -> None:
    keeper, _ = await rice()
    with pytest.raises(Invalid) as refused:
        await catalogue.add_item(RICE, by=keeper)
    assert refused.value.field == "code"
    with pytest.raises(Invalid) as refused:
        await catalogue.add_item(replace(RICE, code="RICE6"), by=keeper)
    assert (refused.value.field, "RICE5" in str(refused.value)) == ("barcodes", True)
    assert list(await goods.drafts()) == ["RICE5"]


async def test_an_unknown_barcode_is_bound_once() -> None:
    keeper, item = await rice()
    assert await by_barcode("036000291452") is None
    for _ in range(2):
        bound = await catalogue.bind_barcode("036000291452", item_id=item, quantity=12, by=keeper)
        assert bound == Barcode("0036000291452", 12)
    for scanned in ("036000291452", "0036000291452", " 0036000291452\n"):
        found = await by_barcode(scanned)
        assert found is not None
        assert (found[0].code, found[1]) == ("RICE5", 12)
    other = await an_item()
    with pytest.raises(Conflict, match="RICE5"):
        await catalogue.bind_barcode("0036000291452", item_id=other, quantity=12, by=keeper)
    with pytest.raises(Invalid, match="check digit"):
        await catalogue.bind_barcode("036000291453", item_id=other, by=keeper)
    with pytest.raises(NotFound):
        await catalogue.bind_barcode("4006381333931", item_id=ids.new_id(), by=keeper)
    assert [event for event, _, _ in await history(item)] == ["add", "change_barcodes"]
    assert await by_barcode("4006381333931") is None


async def judged(data: bytes) -> Plan:
    rows = grids.of_file(data, field="file")
    return plan(rows, goods.sheet_words(), await goods.drafts(), await goods.in_demand())


async def exported(form: sheets.Format, language: str) -> bytes:
    file = io.BytesIO()
    with speaking(language):
        sheet = sheets.open_sheet(ITEMS, file, form)
        async with atomic():
            async for rows in all_of(ITEMS, await read(ITEMS, {})):
                sheet.rows(rows)
        sheet.close()
    return file.getvalue()


HOSTILE = Draft(
    code="ODD-1",
    name_zh='=HYPERLINK("http://x")，“引号”',
    name_en="@SUM(A1)+1",
    unit_zh="-件",
    unit_en="+1",
    category="kit",
    typical_value_fen=1,
    min_age=0,
    max_age=120,
    sex="f",
    barcodes=(Barcode("0000000000017"),),
    active=True,
)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("form", list(sheets.Format))
async def test_what_is_taken_away_as_a_sheet_comes_back_unchanged(form: sheets.Format, language: str) -> None:
    keeper, _ = await rice()
    await catalogue.add_item(HOSTILE, by=keeper)
    retired = replace(RICE, code="OLD", barcodes=(), packs=(), shelf_life_days=None)
    await catalogue.add_item(retired, by=keeper)
    await catalogue.change_item(replace(retired, active=False), by=keeper)
    found = await judged(await exported(form, language))
    assert [(line.draft.code, line.verdict, line.problems) for line in found.lines] == [
        ("ODD-1", Verdict.SAME, ()),
        ("OLD", Verdict.SAME, ()),
        ("RICE5", Verdict.SAME, ()),
    ]
    assert found.ignored == ()
    assert not found.can_apply


def a_sheet(*rows: tuple[object, ...]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


async def test_a_sheet_says_what_it_would_do_and_does_it_whole() -> None:
    keeper, item = await rice()
    data = a_sheet(
        ("物品编码", "中文名称", "计量单位", "类别", "保质期（天）", "条码", "备注"),
        ("RICE5", "大米5kg", "包", "米面粮油", 300, "RICE-BOX×4", "随便"),
        ("TEA", "茶叶", "盒", "其他食品", 540.0, "6901234567892", ""),
    )
    found = await judged(data)
    assert [(line.number, line.draft.code, line.verdict) for line in found.lines] == [
        (2, "RICE5", Verdict.CHANGED),
        (3, "TEA", Verdict.NEW),
    ]
    assert found.ignored == ("备注",)
    assert [change.field for change in found.lines[0].changes] == ["unit_zh", "shelf_life_days", "barcodes"]
    async with atomic():
        assert await catalogue.apply(found, by=keeper) == 2
    known = await goods.drafts()
    assert known["RICE5"] == replace(
        RICE, unit_zh="包", shelf_life_days=300, barcodes=(Barcode("RICE-BOX", 4),)
    )
    assert known["TEA"].barcodes == (Barcode("6901234567892"),)
    again = await judged(data)
    assert {line.verdict for line in again.lines} == {Verdict.SAME}
    with pytest.raises(Conflict):
        async with atomic():
            await catalogue.apply(again, by=keeper)
    assert ("change_unit_zh", "袋", "包") in await history(item)


async def test_wrong_lines_are_told_one_by_one_and_nothing_is_taken() -> None:
    keeper, _ = await rice()
    found = await judged(
        a_sheet(
            ("物品编码", "中文名称", "计量单位", "类别", "参考价值（元）", "启用", "包装", "条码"),
            ("TEA", "", "盒", "没有的类别", "1,x", "也许", "箱=1", "6901234567893"),
            ("RICE5", "大米", "袋", "物资包", 30, "是", "", "6901234567892"),
            ("COFFEE", "咖啡", "盒", "其他食品", 20, "是", "", "6901234567892"),
            ("COFFEE", "咖啡", "盒", "其他食品", 20, "是", "", ""),
        )
    )
    assert [sorted(problem.field for problem in line.problems) for line in found.lines] == [
        ["active", "barcodes", "category", "name_zh", "packs", "typical_value_fen"],
        ["category"],
        ["barcodes", "code"],
        ["code"],
    ]
    assert {line.verdict for line in found.lines} == {Verdict.WRONG}
    with pytest.raises(Conflict):
        async with atomic():
            await catalogue.apply(found, by=keeper)
    assert await goods.drafts() == {"RICE5": RICE}


@pytest.mark.parametrize(
    "rows", [(("中文名称",), ("茶叶",)), (("物品编码", "物品编码"), ("A1", "B1")), (("",), ("x",))]
)
async def test_what_is_no_catalogue_is_refused_as_a_whole(rows: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(Invalid) as refused:
        await judged(a_sheet(*rows))
    assert refused.value.field == "file"


async def test_the_reference_seed_adds_what_is_missing_and_leaves_what_the_staff_made_of_it() -> None:
    await seeds.load()
    known = await goods.drafts()
    keeper, code = await a_keeper(), sorted(known)[0]
    edited = replace(known[code], name_zh="改过的名称", typical_value_fen=123, active=False)
    await catalogue.change_item(edited, by=keeper)
    rows = await fetch("SELECT id, code FROM goods_item ORDER BY code")
    await seeds.load()
    assert await fetch("SELECT id, code FROM goods_item ORDER BY code") == rows
    assert await goods.drafts() == {**known, code: edited}
    assert await catalogue.set_item(
        code=code, name_zh="别名", unit_zh="个", category=Category.KIT, cold_chain=True
    ) == next(row["id"] for row in rows if row["code"] == code)
    assert await goods.drafts() == {**known, code: edited}
