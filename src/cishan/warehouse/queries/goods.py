"""The catalogue as people edit it: items with their packs and barcodes, and whether goods hang on them."""

from collections.abc import Collection
from typing import Any

from cishan.kernel.text import N_, fold
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext, speaking
from cishan.warehouse.rules.barcodes import Barcode
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.catalogue_sheet import SEXES, TITLES, Draft, Pack, Words
from cishan.warehouse.rules.orders import OPEN

ITEM = "goods_item"
"""The kind of thing of an item's history."""
_DRAFT = """
    SELECT i.code, i.name_zh, i.name_en, i.unit_zh, i.unit_en, i.category, i.shelf_life_days,
           i.typical_value_fen, i.cold_chain, i.min_age, i.max_age, i.sex, i.active,
           array(SELECT p.name FROM goods_pack AS p WHERE p.item = i.id ORDER BY p.id) AS pack_names,
           array(SELECT p.quantity FROM goods_pack AS p WHERE p.item = i.id ORDER BY p.id) AS pack_sizes,
           array(SELECT b.code FROM goods_barcode AS b WHERE b.item = i.id ORDER BY b.id) AS bar_codes,
           array(SELECT b.quantity FROM goods_barcode AS b WHERE b.item = i.id ORDER BY b.id) AS bar_sizes
      FROM goods_item AS i"""


def _draft(row: dict[str, Any]) -> Draft:
    packs = zip(row.pop("pack_names"), row.pop("pack_sizes"), strict=True)
    bars = zip(row.pop("bar_codes"), row.pop("bar_sizes"), strict=True)
    return Draft(
        **row,
        packs=tuple(sorted((Pack(*pack) for pack in packs), key=lambda pack: (pack.quantity, pack.name))),
        barcodes=tuple(sorted(Barcode(*bar) for bar in bars)),
    )


async def drafts(codes: Collection[str] | None = None) -> dict[str, Draft]:
    """Return items as a form or a sheet shows them, by their codes: all, or the named ones."""
    wanted = None if codes is None else list(codes)
    rows = await fetch(
        _DRAFT + " WHERE {}::varchar[] IS NULL OR i.code = ANY({}::varchar[]) ORDER BY i.code", wanted, wanted
    )
    return {row["code"]: _draft(row) for row in rows}


async def in_demand(codes: Collection[str] | None = None) -> set[str]:
    """Return the codes of items that have stock somewhere or stand in an open order."""
    wanted = None if codes is None else list(codes)
    rows = await fetch(
        """SELECT i.code FROM goods_item AS i
            WHERE ({}::varchar[] IS NULL OR i.code = ANY({}::varchar[]))
              AND (EXISTS (SELECT FROM stock_lot AS l WHERE l.item = i.id AND l.on_hand > 0)
                   OR EXISTS (SELECT FROM goods_order_line AS n JOIN goods_order AS o ON o.id = n.goods_order
                               WHERE n.item = i.id AND o.state = ANY({}::varchar[])))""",
        wanted,
        wanted,
        list(OPEN),
    )
    return {row["code"] for row in rows}


def sheet_words() -> Words:
    """Return what the heads and choices of a sheet are called in all languages of the house."""
    heads: dict[str, str] = {}
    categories: dict[str, str] = {}
    sexes: dict[str, str] = {}
    flags: dict[str, bool] = {}
    for language in i18n.LANGUAGES:
        with speaking(language):
            money = gettext(N_("{title} (yuan)"))
            for code, title in TITLES.items():
                heads[fold(gettext(title))] = code
                heads[fold(money.format(title=gettext(title)))] = code
            categories |= {fold(gettext(word)): code for code, word in CATEGORIES.items()}
            sexes |= {fold(gettext(word)): code for code, word in SEXES.items()}
            flags |= {fold(gettext(N_("yes"))): True, fold(gettext(N_("no"))): False}
    categories |= {code: code for code in CATEGORIES}
    return Words(heads, categories, sexes, flags)
