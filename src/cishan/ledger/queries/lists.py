"""The lists of staff over vouchers and their lines."""

from cishan.kernel.text import N_
from cishan.ledger.rules import KIND_LABELS
from cishan.plumbing import i18n
from cishan.plumbing.lists import Amounts, Choice, Column, Days, Kind, List, Row, Text

_KINDS: dict[str, str] = {kind.value: words for kind, words in KIND_LABELS.items()}

VOUCHERS = List(
    code="vouchers",
    title=N_("Vouchers"),
    source="books.entry AS entry LEFT JOIN books.seal AS seal ON seal.entry_id = entry.id",
    key="entry.id",
    order="-posted_at",
    columns=(
        Column(
            code="voucher_no",
            title=N_("Voucher"),
            kind=Kind.NUMBER,
            sql="seal.voucher_no",
            link="/staff/vouchers/{id}",
        ),
        Column(code="id", title=N_("Entry"), kind=Kind.NUMBER, sql="entry.id", link="/staff/vouchers/{id}"),
        Column(
            code="effective_date", title=N_("Day"), kind=Kind.DATE, sql="entry.effective_date", sorts=True
        ),
        Column(code="kind", title=N_("Kind"), kind=Kind.CHOICE, sql="entry.kind", words=_KINDS),
        Column(code="memo", title=N_("Memo"), wide=True, sql="entry.memo"),
        Column(code="source", title=N_("Source"), sql="entry.source"),
        Column(code="source_key", title=N_("Key"), sql="entry.source_key", on_screen=False),
        Column(code="posted_at", title=N_("Posted"), kind=Kind.MOMENT, sql="entry.posted_at", sorts=True),
        Column(
            code="amount_fen",
            title=N_("Amount"),
            kind=Kind.MONEY,
            sql="(SELECT coalesce(sum(line.amount), 0)::bigint FROM books.line AS line"
            " WHERE line.entry_id = entry.id AND line.amount > 0 AND line.unit = 'CNY')",
        ),
    ),
    filters=(
        Text(code="voucher", title=N_("Voucher"), sql="seal.voucher_no::text LIKE {}", begins=True),
        Choice(code="kind", title=N_("Kind"), sql="entry.kind = {}", words=_KINDS),
        Text(code="key", title=N_("Key"), sql="entry.source_key LIKE {}", begins=True),
        Text(
            code="fund",
            title=N_("Fund"),
            sql="EXISTS (SELECT 1 FROM books.line AS line JOIN books.fund AS fund ON fund.id = line.fund_id"
            " WHERE line.entry_id = entry.id AND fund.code ILIKE {})",
            begins=True,
        ),
        Days(code="day", title=N_("Day"), sql="entry.effective_date"),
        Amounts(
            code="amount",
            title=N_("Amount of a line"),
            sql="(SELECT max(abs(line.amount)) FROM books.line AS line WHERE line.entry_id = entry.id)",
        ),
    ),
    empty=N_("No voucher fits these filters."),
)


async def _headings(rows: list[Row]) -> None:
    chinese = i18n.language() == i18n.CHINESE
    for row in rows:
        row["heading"] = row["name_zh"] if chinese else row["name_en"]


POSTINGS = List(
    code="postings",
    title=N_("Lines of vouchers"),
    source="books.line AS line JOIN books.entry AS entry ON entry.id = line.entry_id"
    " JOIN books.account AS account ON account.id = line.account_id"
    " JOIN books.gl AS gl ON gl.code = account.gl_code JOIN books.fund AS fund ON fund.id = line.fund_id"
    " LEFT JOIN books.seal AS seal ON seal.entry_id = entry.id",
    base="line.unit = 'CNY'",
    key="line.line_no",
    order="-id",
    more=_headings,
    columns=(
        Column(
            code="id",
            title=N_("Entry"),
            kind=Kind.NUMBER,
            sql="line.entry_id",
            sorts=True,
            link="/staff/vouchers/{id}",
        ),
        Column(code="voucher_no", title=N_("Voucher"), kind=Kind.NUMBER, sql="seal.voucher_no"),
        Column(code="line_no", title=N_("Line"), kind=Kind.NUMBER, sql="line.line_no", on_screen=False),
        Column(
            code="effective_date", title=N_("Day"), kind=Kind.DATE, sql="entry.effective_date", sorts=True
        ),
        Column(code="kind", title=N_("Kind"), kind=Kind.CHOICE, sql="entry.kind", words=_KINDS),
        Column(code="gl", title=N_("Heading"), sql="account.gl_code"),
        Column(code="heading", title=N_("Name of the heading")),
        Column(code="name_zh", title="", sql="gl.name_zh", on_screen=False, in_file=False),
        Column(code="name_en", title="", sql="gl.name_en", on_screen=False, in_file=False),
        Column(code="fund", title=N_("Fund"), sql="fund.code"),
        Column(code="counterparty", title=N_("Other side"), sql="account.counterparty", on_screen=False),
        Column(
            code="debit_fen",
            title=N_("Debit"),
            kind=Kind.MONEY,
            sql="CASE WHEN line.amount > 0 THEN line.amount END",
            sums=True,
        ),
        Column(
            code="credit_fen",
            title=N_("Credit"),
            kind=Kind.MONEY,
            sql="CASE WHEN line.amount < 0 THEN -line.amount END",
            sums=True,
        ),
    ),
    filters=(
        Text(code="gl", title=N_("Heading"), sql="account.gl_code LIKE {}", begins=True),
        Text(code="fund", title=N_("Fund"), sql="fund.code ILIKE {}", begins=True),
        Choice(code="kind", title=N_("Kind"), sql="entry.kind = {}", words=_KINDS),
        Days(code="day", title=N_("Day"), sql="entry.effective_date"),
        Amounts(code="amount", title=N_("Amount"), sql="abs(line.amount)"),
    ),
    empty=N_("No voucher fits these filters."),
)
