"""Sites, goods and lots, as tests of the warehouse need them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.ledger import actions as ledger
from cishan.ledger.rules import Restriction
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.actions import catalogue, places, stock, stocktakes
from cishan.warehouse.queries import places as where
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, NewLot, Posted, Source
from seeds import deadlines
from tests.conftest import as_owner
from tests.identity.staffing import CITY, a_federation, a_member

FUND, OTHER_FUND, GENERAL, AGENCY = "F-NDXD", "F-FPZX", "GEN", "A-AGENT"
_RESTRICTIONS = {GENERAL: Restriction.UNRESTRICTED, AGENCY: Restriction.AGENCY}


async def open_funds() -> None:
    """Open the funds to which goods belong."""
    async with atomic():
        for code in (FUND, OTHER_FUND, GENERAL, AGENCY):
            await ledger.open_fund(
                code,
                name=code,
                restriction=_RESTRICTIONS.get(code, Restriction.RESTRICTED),
                opened_on=date(2020, 1, 1),
            )


async def a_site(code: str = "DZ", *, region: str = CITY) -> UUID:
    """Open a site with its first zones, and the funds."""
    await open_funds()
    return await places.open_site(
        code=code, name=f"{code}仓库", organisation_id=await a_federation(region), region=region
    )


async def a_bin(site: UUID, purpose: Purpose = Purpose.SHELF) -> Bin:
    """Return the first bin of a purpose."""
    return await where.first_bin(site, purpose)


async def an_item(
    code: str = "RICE10",
    *,
    name: str = "大米10kg",
    category: Category = Category.FOOD_STAPLE,
    life: int | None = 365,
    value_fen: int = 6000,
    cold_chain: bool = False,
) -> UUID:
    """Make a kind of goods known."""
    return await catalogue.set_item(
        code=code,
        name_zh=name,
        name_en=f"{code} in English",
        unit_zh="袋",
        unit_en="bag",
        category=category,
        shelf_life_days=life,
        typical_value_fen=value_fen,
        cold_chain=cold_chain,
    )


async def a_keeper(username: str = "keeper", *, region: str = CITY) -> Acting:
    """Make a warehouse keeper and return how they act."""
    person = await a_member(username, Role.WAREHOUSE_KEEPER, name="库管", region=region)
    (grant,) = await fetch("SELECT id FROM role_grant WHERE person = {}", person)
    return Acting(person, grant["id"], Role.WAREHOUSE_KEEPER)


async def a_lot(
    item: UUID,
    bin_id: UUID,
    quantity: int = 10,
    *,
    cost_fen: int | None = None,
    fund: str = FUND,
    made_on: date | None = None,
    expires_on: date | None = None,
    restrictions: Sequence[str] = (),
) -> UUID:
    """Take goods into stock; they are worth 60.00 yuan a piece unless something else is said."""
    cost = quantity * 6000 if cost_fen is None else cost_fen
    async with atomic():
        lot = await stock.open_lot(
            NewLot(
                item=item,
                quantity=quantity,
                cost_fen=cost,
                basis=Basis.FAIR if cost else Basis.MEMO,
                fund=fund,
                source=Source.OPENING,
                source_id=ids.new_id(),
                made_on=made_on,
                expires_on=expires_on,
                restrictions=tuple(restrictions),
                entrusted=fund == AGENCY,
            )
        )
        await move(Cause.RECEIVE, Delta(lot, bin_id, quantity))
    return lot


async def freeze(bin_id: UUID) -> UUID:
    """Open a stocktake of a bin and return it."""
    await deadlines.load()
    (row,) = await fetch("SELECT site FROM stock_bin WHERE id = {}", bin_id)
    keeper = await a_keeper("counting-keeper")
    return await stocktakes.open_stocktake(row["site"], [bin_id], note="", by=keeper, request=ids.new_id())


async def agree(subject: UUID) -> None:
    """Write down, behind the back of the approvals, that a loss was approved."""
    approval = ids.new_id()
    await audit.record(
        Transition(
            subject_kind="approval",
            subject_id=str(approval),
            event="test",
            from_state="",
            to_state="done",
            actor="test",
        )
    )
    async with as_owner() as owner:
        await owner.execute("ALTER TABLE approval DISABLE TRIGGER approval_begins")
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            """INSERT INTO approval (id, kind, subject_kind, subject_id, title, amount_fen, organisation,
                                     region, facts, round, created_at, band, state, waits_for)
               VALUES ($1, 'stock_scrap', 'test', $2, '测试', 0, $1, '371400', '[]', 1, now(), $1, 'done',
                       '{}')""",
            approval,
            str(subject),
        )
        await owner.execute("SET LOCAL session_replication_role = origin")
        await owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await owner.execute("SET CONSTRAINTS ALL DEFERRED")
        await owner.execute("ALTER TABLE approval ENABLE ALWAYS TRIGGER approval_begins")


async def agree_to_reverse(subject: UUID, received: UUID) -> None:
    """Write down, behind the back of the offers, that somebody agreed to reverse a receipt."""
    async with as_owner() as owner:
        await owner.execute("ALTER TABLE goods_reversal DISABLE TRIGGER goods_reversal_begins")
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            """INSERT INTO goods_reversal (id, offer, booking, received, wrong, reason, proposed_by,
                                           proposed_role, proposed_at, request, state, decided_by, decided_at)
               VALUES (gen_random_uuid(), $1, gen_random_uuid(), $2, 'value', '测试', gen_random_uuid(),
                       '', now(), gen_random_uuid(), 'agreed', gen_random_uuid(), now())""",
            subject,
            received,
        )
        await owner.execute("SET LOCAL session_replication_role = origin")
        await owner.execute("ALTER TABLE goods_reversal ENABLE ALWAYS TRIGGER goods_reversal_begins")


async def move(
    cause: Cause,
    *deltas: Delta,
    request: UUID | None = None,
    subject: UUID | None = None,
    reverses: UUID | None = None,
) -> Posted:
    """Move goods by nobody's hand; a loss as if it had been approved, a reversal as if agreed to."""
    request = request or ids.new_id()
    async with atomic():
        if cause in {Cause.SCRAP, Cause.LOSE, Cause.ADJUST}:
            await agree(subject or request)
        if cause is Cause.UNRECEIVE and reverses is not None:
            await agree_to_reverse(subject or request, reverses)
        return await stock.post(
            cause,
            deltas,
            by=None,
            subject=("test", subject or request),
            request=request,
            reason="测试",
            reverses=reverses,
        )


async def stock_of(lot: UUID) -> tuple[int, int, int]:
    """Return pieces, promised pieces, and 分 of a lot."""
    (row,) = await fetch(
        """SELECT l.on_hand, coalesce(sum(b.reserved), 0) AS reserved, l.value_fen,
                  coalesce(sum(b.on_hand), 0) AS there
             FROM stock_lot AS l LEFT JOIN stock_balance AS b ON b.lot = l.id
            WHERE l.id = {} GROUP BY l.id""",
        lot,
    )
    assert row["there"] == row["on_hand"]
    return row["on_hand"], row["reserved"], row["value_fen"]


async def booked(gl: str, fund: str = FUND) -> int:
    """Return what stands on a heading of the books in 分, debits positive."""
    (row,) = await fetch(
        """SELECT coalesce(sum(b.debits - b.credits), 0)::bigint AS fen FROM books.account AS a
             JOIN books.balance AS b ON b.account_id = a.id JOIN books.fund AS f ON f.id = a.fund_id
            WHERE a.gl_code = {} AND f.code = {} AND a.unit = 'CNY'""",
        gl,
        fund,
    )
    return int(row["fen"])
