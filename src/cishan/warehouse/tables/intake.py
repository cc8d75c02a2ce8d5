"""Offers of goods and what becomes of them until they are stock."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.plumbing.sealed import sealed
from cishan.warehouse.rules.intake import folded
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.places import StockSite
from cishan.warehouse.tables.stock import StockLot

GIVER = sealed("goods_offer", "giver_enc")
RECEIVER = sealed(
    "goods_offer", "receiver_enc", index="receiver_index", purpose="goods receiver", fold=folded
)
PHONE = sealed("goods_offer", "phone_enc", index="phone_index", purpose="phone")
EMAIL = sealed(
    "goods_offer",
    "email_enc",
    index="email_index",
    purpose="email",
    fold=lambda address: address.strip().lower(),
)


class GoodsPolicy(Table, tablename="goods_policy"):
    """The numbers of the shelf-life gate, from a day on. A version is never changed: a new one follows."""

    id = UUID(primary_key=True, default=None)
    effective_from = Date(default=None, unique=True)
    source = Varchar(length=100, default=None)
    least_days = Integer(default=None)
    least_days_short = Integer(default=None)
    short_life_days = Integer(default=None)
    food_percent = SmallInt(default=None)
    fresh_days = Integer(default=None)
    list_days = SmallInt(default=None)

    goods_policy_days = Check(
        "least_days BETWEEN 0 AND 3650 AND least_days_short BETWEEN 0 AND least_days"
        " AND short_life_days BETWEEN 1 AND 3650 AND fresh_days BETWEEN 0 AND short_life_days"
    )
    goods_policy_percent = Check("food_percent BETWEEN 0 AND 100 AND list_days BETWEEN 1 AND 31")


class GoodsOffer(Table, tablename="goods_offer"):
    """What somebody offers, by the form in which they sent it."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    token_hash = Bytea(default=None, unique=True)
    request = UUID(default=None, unique=True)
    created_at = Timestamptz(default=None, index=True)
    state = Varchar(length=12, default=None, index=True)
    giver_enc = Bytea(default=None)
    company = Varchar(length=60, default="")
    uscc = Varchar(length=18, default="")
    phone_enc = Bytea(default=None, null=True)
    phone_index = Bytea(default=None, null=True, index=True)
    email_enc = Bytea(default=None, null=True)
    email_index = Bytea(default=None, null=True, index=True)
    fund_code = Varchar(length=64, default="")
    restrictions = Array(base_column=Varchar(), default=list)
    receiver_enc = Bytea(default=None, null=True)
    receiver_index = Bytea(default=None, null=True, index=True)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    wanted_on = Date(default=None, null=True)
    wanted_part = Varchar(length=2, default="")
    note = Varchar(length=500, default="")
    wants_receipt = Boolean(default=False)
    language = Varchar(length=8, default=None)
    appointed_on = Date(default=None, null=True)
    appointed_from = Varchar(length=5, default="")
    appointed_until = Varchar(length=5, default="")

    goods_offer_number = Check("number ~ '^W[0-9]{6}-[0-9A-Z]{6}$'")
    goods_offer_state = Check(
        "state IN ('offered', 'accepted', 'declined', 'withdrawn', 'counted', 'graded', 'valued',"
        " 'booked', 'closed')"
    )
    goods_offer_can_be_answered = Check("num_nonnulls(phone_enc, email_enc) >= 1")
    goods_offer_indexes = Check(
        "(phone_enc IS NULL) = (phone_index IS NULL) AND (email_enc IS NULL) = (email_index IS NULL)"
        " AND (receiver_enc IS NULL) = (receiver_index IS NULL)"
    )
    goods_offer_company = Check("(company = '') = (uscc = '') AND length(uscc) IN (0, 18)")
    goods_offer_part = Check("wanted_part IN ('', 'am', 'pm')")
    goods_offer_window = Check(
        "(appointed_on IS NULL) = (appointed_from = '') AND (appointed_from = '') = (appointed_until = '')"
        " AND (appointed_on IS NULL OR appointed_from ~ '^[0-2][0-9]:[0-5][0-9]$'"
        " AND appointed_until ~ '^[0-2][0-9]:[0-5][0-9]$' AND appointed_from < appointed_until)"
    )


class GoodsOfferLine(Table, tablename="goods_offer_line"):
    """One kind of goods of an offer; what its giver said of it stays as they said it."""

    id = UUID(primary_key=True, default=None)
    offer = ForeignKey(GoodsOffer, on_delete=OnDelete.restrict, null=False)
    position = SmallInt(default=None)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=True, index=True)
    words = Varchar(length=60, default="")
    sort = Varchar(length=10, default=None)
    quantity = Integer(default=None)
    per_pack = Integer(default=1)
    made_on = Date(default=None, null=True)
    life_days = Integer(default=None, null=True)
    expires_on = Date(default=None, null=True)
    condition = Varchar(length=4, default=None)
    opened = Boolean(default=False)
    verdict = Varchar(length=8, default=None)
    decision = Varchar(length=8, default="pending")
    reason = Varchar(length=12, default="")
    reason_words = Varchar(length=300, default="")
    fresh_list = Varchar(length=60, default="")
    hand_out_by = Date(default=None, null=True)
    counted = Integer(default=None, null=True)
    short_reason = Varchar(length=300, default="")

    goods_offer_line_once = Unique([offer, position])
    goods_offer_line_is_named = Check("item IS NOT NULL OR words <> ''")
    goods_offer_line_quantity = Check(
        "quantity BETWEEN 1 AND 1000000 AND per_pack BETWEEN 1 AND 100000 AND quantity % per_pack = 0"
        " AND position >= 1"
    )
    goods_offer_line_dates = Check("life_days BETWEEN 1 AND 36500 AND made_on <= expires_on")
    goods_offer_line_words = Check(
        "sort IN ('food', 'medicine', 'underwear', 'other') AND condition IN ('new', 'good', 'used')"
        " AND verdict IN ('welcome', 'fresh')"
    )
    goods_offer_line_decision = Check(
        "decision IN ('pending', 'accepted', 'declined') AND (decision = 'declined') = (reason <> '')"
        " AND reason IN ('', 'shelf_life', 'not_needed', 'no_room', 'not_allowed', 'no_list', 'other')"
        " AND (decision <> 'accepted' OR item IS NOT NULL) AND (reason <> 'other' OR reason_words <> '')"
    )
    goods_offer_line_fresh = Check("(fresh_list = '') = (hand_out_by IS NULL)")
    goods_offer_line_counted = Check("counted BETWEEN 0 AND 1000000")


class GoodsCount(Table, tablename="goods_count"):
    """What one of two people counted of an offer; the two of a round are never the same person."""

    id = UUID(primary_key=True, default=None)
    offer = ForeignKey(GoodsOffer, on_delete=OnDelete.restrict, null=False)
    round = SmallInt(default=None)
    position = SmallInt(default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    acting_role = Varchar(length=30, default=None)
    request = UUID(default=None, unique=True)
    at = Timestamptz(default=None)

    goods_count_two_a_round = Unique([offer, round, position])
    goods_count_each_once = Unique([offer, round, person])
    goods_count_position = Check("position IN (1, 2) AND round BETWEEN 1 AND 100")


class GoodsCountLine(Table, tablename="goods_count_line"):
    """How many pieces of a line somebody counted."""

    id = UUID(primary_key=True, default=None)
    count = ForeignKey(GoodsCount, on_delete=OnDelete.restrict, null=False)
    line = ForeignKey(GoodsOfferLine, on_delete=OnDelete.restrict, null=False, index=True)
    quantity = Integer(default=None)

    goods_count_line_once = Unique([count, line])
    goods_count_line_quantity = Check("quantity BETWEEN 0 AND 1000000")


class GoodsGrade(Table, tablename="goods_grade"):
    """Pieces of a line that an inspection found to be of one grade, and the lot that they became."""

    id = UUID(primary_key=True, default=None)
    line = ForeignKey(GoodsOfferLine, on_delete=OnDelete.restrict, null=False)
    grade = Varchar(length=1, default=None)
    quantity = Integer(default=None)
    reason = Varchar(length=300, default="")
    fate = Varchar(length=8, default="")
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    at = Timestamptz(default=None)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=True, unique=True)
    undone = UUID(default=None, null=True)
    """The reversal of the booking that took it back; a grade stands once for a line (partial index)."""

    goods_grade_quantity = Check("quantity BETWEEN 1 AND 1000000")
    goods_grade_fate = Check(
        "grade IN ('A', 'B', 'C', 'X') AND (grade = 'X') = (fate <> '') AND (grade = 'X') = (reason <> '')"
        " AND fate IN ('', 'returned', 'scrapped') AND (grade <> 'X' OR lot IS NULL)"
    )


class GoodsValue(Table, tablename="goods_value"):
    """What somebody found the pieces of a grade to be worth; the last one written counts."""

    id = UUID(primary_key=True, default=None)
    graded = ForeignKey(GoodsGrade, on_delete=OnDelete.restrict, null=False, index=True)
    round = SmallInt(default=None)
    basis = Varchar(length=8, default=None)
    value_fen = BigInt(default=None)
    source = Varchar(length=200, default="")
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    acting_role = Varchar(length=30, default=None)
    at = Timestamptz(default=None)

    goods_value_once = Unique([graded, round])
    goods_value_basis = Check(
        "basis IN ('voucher', 'fair', 'memo') AND (basis = 'memo') = (value_fen = 0)"
        " AND (basis = 'memo' OR source <> '') AND value_fen BETWEEN 0 AND 1000000000000000"
    )


class GoodsBooking(Table, tablename="goods_booking"):
    """Somebody who valued nothing of an offer takes it into the books; again only after a reversal."""

    id = UUID(primary_key=True, default=None)
    offer = ForeignKey(GoodsOffer, on_delete=OnDelete.restrict, null=False)
    round = SmallInt(default=1)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    acting_role = Varchar(length=30, default=None)
    request = UUID(default=None, unique=True)
    at = Timestamptz(default=None)

    goods_booking_once_a_round = Unique([offer, round])
