"""The tree of regions is what the city is made of, and an organisation stands somewhere in it."""

import pytest
from asyncpg import CheckViolationError, ForeignKeyViolationError

from cishan.identity.actions import regions as actions
from cishan.identity.queries import regions as queries
from cishan.identity.rules.regions import Level, OrganisationKind, Region, require_region
from cishan.identity.tables.regions import Organisation
from cishan.identity.tables.regions import Region as RegionRow
from cishan.kernel.errors import Invalid, NotFound
from cishan.plumbing import db as database
from cishan.plumbing import i18n
from seeds import reference

TREE = reference.regions()
CITY, QINGYUN, TOWN = "371400", "371423", "371423100"


@pytest.fixture
async def tree(db: None) -> None:
    await actions.set_regions(TREE)


def test_dezhou_has_twelve_counties_and_134_towns() -> None:
    assert {level: sum(r.level is level for r in TREE) for level in Level} == {
        Level.CITY: 1,
        Level.COUNTY: 12,
        Level.TOWN: 134,
        Level.VILLAGE: 0,
    }
    assert len({r.code for r in TREE}) == len(TREE)
    towns = {c.name: sum(t.parent == c.code for t in TREE) for c in TREE if c.level is Level.COUNTY}
    assert towns == {
        "德城区": 7,
        "陵城区": 13,
        "宁津县": 12,
        "庆云县": 9,
        "临邑县": 12,
        "齐河县": 15,
        "平原县": 12,
        "夏津县": 14,
        "武城县": 8,
        "天衢新区": 5,
        "乐陵市": 16,
        "禹城市": 11,
    }


async def test_a_path_leads_from_the_city_down(tree: None) -> None:
    assert [r.name for r in await queries.path(TOWN)] == ["德州市", "庆云县", "庆云镇"]
    assert [r.code for r in await queries.path(CITY)] == [CITY]
    assert await queries.path("999999") == []


async def test_a_subtree_is_the_region_and_all_in_it_in_order(tree: None) -> None:
    assert [r.name for r in await queries.subtree(QINGYUN)] == [
        "庆云县",
        "渤海路街道",
        "庆云镇",
        "常家镇",
        "尚堂镇",
        "崔口镇",
        "东辛店镇",
        "严务乡",
        "中丁乡",
        "徐园子乡",
    ]
    assert await queries.subtree(CITY) == TREE
    assert [r.name for r in await queries.children(CITY)][:2] == ["德城区", "陵城区"]
    assert await queries.subtree("999999") == []


async def test_a_town_lies_in_its_county_and_city_and_nowhere_else(tree: None) -> None:
    assert await queries.lies_in(TOWN, TOWN)
    assert await queries.lies_in(TOWN, QINGYUN)
    assert await queries.lies_in(TOWN, CITY)
    assert not await queries.lies_in(TOWN, "371424")
    assert not await queries.lies_in(QINGYUN, TOWN)
    assert not await queries.lies_in("999999", CITY)


async def test_an_unknown_place_is_not_found(tree: None) -> None:
    with pytest.raises(NotFound):
        await queries.region("999999")


async def test_names_follow_the_language_where_there_is_a_name(tree: None) -> None:
    with i18n.speaking("en"):
        assert queries.shown_name(await queries.region(QINGYUN)) == "Qingyun County"
        assert queries.shown_name(await queries.region(TOWN)) == "庆云镇"
    with i18n.speaking("zh-CN"):
        assert queries.shown_name(await queries.region(QINGYUN)) == "庆云县"


async def test_loading_twice_changes_nothing(tree: None) -> None:
    await actions.set_regions(TREE)
    assert await RegionRow.count() == 147
    assert await queries.subtree(CITY) == TREE


@pytest.mark.parametrize(
    "wrong",
    [
        Region("37140", None, Level.CITY, "短", ""),
        Region("371400", "370000", Level.CITY, "高", ""),
        Region("371499", "371500", Level.COUNTY, "别处", ""),
        Region("371400", "371400", Level.COUNTY, "自己", ""),
        Region("371423000", "371423", Level.TOWN, "零", ""),
        Region("371423١٢٣", "371423", Level.TOWN, "数字", ""),
        Region("371423999", "371423", Level.TOWN, "  ", ""),
    ],
)
async def test_a_code_that_does_not_fit_is_refused_and_nothing_is_written(db: None, wrong: Region) -> None:
    with pytest.raises(Invalid):
        await actions.set_regions([TREE[0], wrong])
    assert await RegionRow.count() == 0


def test_a_village_lies_in_its_town() -> None:
    require_region(Region("371423100001", "371423100", Level.VILLAGE, "某村", ""))


async def test_the_database_refuses_a_misplaced_region_itself(tree: None) -> None:
    sql = "INSERT INTO region (code, parent, level, name, position) VALUES ({}, {}, {}, 'x', 1)"
    with pytest.raises(CheckViolationError):
        async with database.atomic():
            await database.fetch(sql, "371423300", "371424", "town")
    with pytest.raises(CheckViolationError):
        async with database.atomic():
            await database.fetch(sql, "371423300", "371423", "hamlet")
    with pytest.raises(ForeignKeyViolationError):
        async with database.atomic():
            await database.fetch(sql, "371499001", "371499", "town")
    assert await RegionRow.count() == 147


async def test_an_organisation_belongs_to_a_region_and_keeps_its_identity(tree: None) -> None:
    async def made(name: str, region: str) -> object:
        return await actions.set_organisation(
            code="qingyun", name=name, kind=OrganisationKind.FEDERATION, region=region
        )

    first = await made("庆云县慈善总会（演示）", CITY)
    assert await made("庆云县慈善总会", QINGYUN) == first
    (found,) = await queries.organisations(within=CITY)
    assert (found.id, found.name, found.region) == (first, "庆云县慈善总会", QINGYUN)
    assert await queries.organisations(within=QINGYUN) == [found]
    assert await queries.organisations(within=TOWN) == []
    assert await queries.organisations(within="371424") == []
    with pytest.raises(ForeignKeyViolationError):
        async with database.atomic():
            await actions.set_organisation(
                code="nowhere", name="无", kind=OrganisationKind.SERVICE, region="999999"
            )
    assert await Organisation.count() == 1


def test_a_campaign_is_for_the_city_or_for_one_county() -> None:
    choices = reference.counties(TREE)
    assert len(choices) == 13
    assert choices[0] == ("371400", "德州市（全市）", "Dezhou, whole city")
    assert choices[4] == ("371423", "庆云县", "Qingyun County")
