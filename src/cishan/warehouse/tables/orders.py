"""Orders: who shall get what, which goods are set aside for it, and how they were handed over."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
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
from cishan.identity.tables.regions import Region
from cishan.plumbing.sealed import sealed
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.places import StockBin, StockSite
from cishan.warehouse.tables.stock import StockCause, StockLot
from cishan.warehouse.tables.transfers import StockTransferLine

RECEIVER_NAME = sealed("goods_order", "name_enc")
RECEIVER_PHONE = sealed("goods_order", "phone_enc", index="phone_index", purpose="goods receiver")
RECEIVER_ADDRESS = sealed("goods_order", "address_enc")
PHONE_PURPOSE = "goods receiver"
SIGNER_NAME = sealed("goods_handover", "signer_enc")
SECOND_NAME = sealed("goods_handover", "second_enc")
WITNESS_NAME = sealed("goods_scrap", "witness_enc")


class GoodsList(Table, tablename="goods_list"):
    """An allocation list: many orders that came together."""

    id = UUID(primary_key=True, default=None)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    title = Varchar(length=80, default=None)
    orders = Integer(default=None)
    made_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    made_at = Timestamptz(default=None)
    request = UUID(default=None, unique=True)

    goods_list_is_named = Check("title <> '' AND orders BETWEEN 1 AND 10000")


class GoodsOrder(Table, tablename="goods_order"):
    """Goods for one receiver. Who that is, is sealed; the tokens say what goods they may have."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False)
    kind = Varchar(length=8, default=None)
    batch = ForeignKey(GoodsList, on_delete=OnDelete.restrict, null=True, index=True)
    drive = UUID(default=None, null=True, index=True)
    purpose = Varchar(length=200, default="")
    receiver_kind = Varchar(length=12, default=None)
    name_enc = Bytea(default=None)
    phone_enc = Bytea(default=None, null=True)
    phone_index = Bytea(default=None, null=True, index=True)
    address_enc = Bytea(default=None, null=True)
    tokens = Array(base_column=Varchar(), default=list)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    entrusted_to = UUID(default=None, null=True)
    """The offer of entrusted goods whose receiver this is."""
    state = Varchar(length=12, default="requested")
    requested_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    requested_at = Timestamptz(default=None, index=True)
    reserved_at = Timestamptz(default=None, null=True)
    packed_at = Timestamptz(default=None, null=True)
    parcels = SmallInt(default=0)
    token_hash = Bytea(default=None, unique=True)
    """Of the receiver's secret link."""
    request = UUID(default=None, unique=True)

    goods_order_number = Check("number ~ '^CK[0-9]{6}-[0-9]{4,6}$'")
    goods_order_kind = Check("kind IN ('request', 'list', 'drive')")
    goods_order_of_list = Check("(kind = 'list') = (batch IS NOT NULL)")
    goods_order_of_drive = Check("(kind = 'drive') = (drive IS NOT NULL)")
    goods_order_receiver = Check("receiver_kind IN ('person', 'organisation')")
    goods_order_phone = Check("(phone_enc IS NULL) = (phone_index IS NULL)")
    goods_order_state = Check(
        "state IN ('requested', 'reserved', 'picking', 'packed', 'handed_over', 'confirmed', 'cancelled')"
    )
    goods_order_parcels = Check("parcels BETWEEN 0 AND 1000")


class GoodsOrderLine(Table, tablename="goods_order_line"):
    """So many pieces of one item."""

    id = UUID(primary_key=True, default=None)
    goods_order = ForeignKey(GoodsOrder, on_delete=OnDelete.restrict, null=False)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False, index=True)
    position = SmallInt(default=None)
    quantity = Integer(default=None)

    goods_order_line_once = Unique([goods_order, item])
    goods_order_line_quantity = Check("quantity BETWEEN 1 AND 1000000")


class GoodsPick(Table, tablename="goods_pick"):
    """Pieces of a lot in a bin that are set aside for a line."""

    id = UUID(primary_key=True, default=None)
    line = ForeignKey(GoodsOrderLine, on_delete=OnDelete.restrict, null=False, index=True)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False, index=True)
    """Where they lie now: the packing bin, once they are picked."""
    quantity = Integer(default=None)
    state = Varchar(length=10, default="reserved")
    taken_from = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=True, index=True)
    """The bin that they were picked from."""
    override_reason = Varchar(length=300, default="")
    """Why not what expires first; empty: it is what expires first."""
    note = Varchar(length=300, default="")
    """Why they were not found or let go."""
    created_at = Timestamptz(default=None)
    changed_at = Timestamptz(default=None)
    changed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    returned = Integer(default=0)
    """How many of them came back after they were handed over."""

    goods_pick_quantity = Check("quantity BETWEEN 1 AND 1000000 AND returned BETWEEN 0 AND quantity")
    goods_pick_state = Check("state IN ('reserved', 'picked', 'issued', 'released', 'missing')")
    goods_pick_returns_what_went = Check("returned = 0 OR state = 'issued'")
    goods_pick_missing_says_why = Check("state <> 'missing' OR note <> ''")


class GoodsHandover(Table, tablename="goods_handover"):
    """Goods went to their receiver, before two people, and somebody signed for it."""

    id = UUID(primary_key=True, default=None)
    goods_order = ForeignKey(GoodsOrder, on_delete=OnDelete.restrict, null=False, unique=True)
    at = Timestamptz(default=None, index=True)
    handed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    acting_role = Varchar(length=40, default=None)
    second = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    second_enc = Bytea(default=None, null=True)
    """The name of a volunteer, who is nobody of the staff."""
    signer_enc = Bytea(default=None, null=True)
    """Who signed, if not the receiver."""
    signed = Varchar(length=8, default=None)
    cause = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=False, index=True)
    request = UUID(default=None, unique=True)
    confirmed_at = Timestamptz(default=None, null=True)
    confirmed_how = Varchar(length=8, default="")
    confirmed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    complaint = Boolean(default=False)
    """The receiver says that something was not right."""
    confirm_note = Varchar(length=500, default="")

    goods_handover_has_a_second = Check("num_nonnulls(second, second_enc) = 1")
    goods_handover_second_is_another = Check("second <> handed_by")
    goods_handover_signed = Check("signed IN ('screen', 'paper')")
    goods_handover_confirmed = Check(
        "(confirmed_at IS NULL) = (confirmed_how = '') AND confirmed_how IN ('', 'link', 'phone', 'visit')"
        " AND (confirmed_how IN ('phone', 'visit')) = (confirmed_by IS NOT NULL)"
    )


class GoodsReturn(Table, tablename="goods_return"):
    """Goods that were handed over came back."""

    id = UUID(primary_key=True, default=None)
    pick = ForeignKey(GoodsPick, on_delete=OnDelete.restrict, null=False, index=True)
    quantity = Integer(default=None)
    condition = Varchar(length=8, default=None)
    grade = Varchar(length=1, default="")
    """What a keeper stated of goods that went back to a shelf; empty for those in quarantine."""
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False, index=True)
    reason = Varchar(length=300, default=None)
    at = Timestamptz(default=None)
    taken_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    cause = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=False, index=True)
    request = UUID(default=None, unique=True)

    goods_return_quantity = Check("quantity BETWEEN 1 AND 1000000 AND reason <> ''")
    goods_return_condition = Check("condition IN ('good', 'damaged')")
    goods_return_grade = Check("grade IN ('', 'A', 'B', 'C') AND (grade = '' OR condition = 'good')")


class GoodsScrap(Table, tablename="goods_scrap"):
    """Goods that one proposed to write off before a witness, and others decide about."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False, index=True)
    """Where they are held meanwhile."""
    taken_from = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False, index=True)
    pick = ForeignKey(GoodsPick, on_delete=OnDelete.restrict, null=True, index=True)
    """The pick that did not find them."""
    transfer_line = ForeignKey(StockTransferLine, on_delete=OnDelete.restrict, null=True, index=True)
    """The line of a transfer that did not arrive whole."""
    quantity = Integer(default=None)
    value_fen = BigInt(default=None)
    """What they stood in the books with when it was proposed."""
    ground = Varchar(length=10, default=None)
    words = Varchar(length=300, default=None)
    proposed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    witness = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    witness_enc = Bytea(default=None, null=True)
    proposed_at = Timestamptz(default=None, index=True)
    state = Varchar(length=10, default="proposed")
    decided_at = Timestamptz(default=None, null=True)
    cause = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=True, index=True)
    request = UUID(default=None, unique=True)

    goods_scrap_number = Check("number ~ '^BF[0-9]{6}-[0-9]{4,6}$'")
    goods_scrap_quantity = Check("quantity BETWEEN 1 AND 1000000 AND value_fen >= 0 AND words <> ''")
    goods_scrap_ground = Check("ground IN ('expired', 'damaged', 'recalled', 'missing', 'other')")
    goods_scrap_missing_is_known = Check("num_nonnulls(pick, transfer_line) = (ground = 'missing')::integer")
    goods_scrap_witness = Check("num_nonnulls(witness, witness_enc) = 1 AND witness <> proposed_by")
    goods_scrap_state = Check("state IN ('proposed', 'scrapped', 'refused')")
    goods_scrap_done = Check(
        "(state = 'proposed') = (decided_at IS NULL) AND (state = 'scrapped') = (cause IS NOT NULL)"
    )
