"""All receipts of one giver in one year on one list, by a link that goes to the giver's address alone."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from cishan import gateways
from cishan.donations.queries import contacts
from cishan.donations.rules import receipts as rules
from cishan.donations.rules.receipts import Sheet
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.notify.rules import YearLink
from cishan.plumbing import crypto, pdf
from cishan.plumbing.db import fetch

TEMPLATE = "donations/receipts_year.typ"
MOST_ROWS = 2_000
GONE = N_("There is no such list of receipts. The link may be cut off at its end: copy it whole.")


@dataclass(frozen=True, slots=True)
class YearRow:
    """One receipt on the list; a red one is negative."""

    number: str
    issued_on: date
    payer_title: str
    projects: tuple[str, ...]
    amount_fen: int


@dataclass(frozen=True, slots=True)
class YearOfReceipts:
    """A giver's receipts of one year, in the order of their issue."""

    year: int
    rows: tuple[YearRow, ...]
    last_issued_at: datetime
    organisation: str
    demo: bool

    @property
    def total_fen(self) -> int:
        """Return what remains given after reversals."""
        return sum(row.amount_fen for row in self.rows)

    @property
    def filename(self) -> str:
        """Return the name under which the PDF is saved."""
        return f"{self.year}年度捐赠收据汇总.pdf"


def contact_of(email: str) -> UUID:
    """Return what stands for an address in a link: its blind index, which tells nothing without our key."""
    return UUID(bytes=contacts.email_index(email))


def year_path(contact: UUID, year: int) -> str:
    """Return the path of the list of one year."""
    return f"/receipts/yearly/{contact}/{year}/{_token(contact, year)}"


def _token(contact: UUID, year: int) -> str:
    return crypto.secret_link(contact, purpose=f"receipts of {year}")


async def year_links(email: str) -> tuple[YearLink, ...]:
    """Return the links to the lists of every year in which this address has receipts, newest first."""
    contact = contact_of(email)
    rows = await fetch(
        "SELECT DISTINCT receipt.year FROM receipt JOIN donation ON donation.id = receipt.donation"
        " WHERE donation.contact_email_index = {} ORDER BY 1 DESC",
        contact.bytes,
    )
    base = gateways.settings().public_url
    return tuple(YearLink(year=row["year"], url=base + year_path(contact, row["year"])) for row in rows)


async def year_by_link(contact: UUID, year: int, token: str) -> YearOfReceipts:
    """Return the list of a link; raise NotFound for a wrong token and for an empty year alike."""
    right = hmac.compare_digest(_token(contact, year).encode(), token.encode())
    rows = await fetch(
        "SELECT receipt.sheet, receipt.issued_at FROM receipt"
        "  JOIN donation ON donation.id = receipt.donation"
        " WHERE donation.contact_email_index = {} AND receipt.year = {}"
        " ORDER BY receipt.serial LIMIT {}",
        contact.bytes if right else b"",
        year,
        MOST_ROWS,
    )
    if not rows:
        raise NotFound(GONE)
    sheets = [msgspec.json.decode(row["sheet"], type=Sheet) for row in rows]
    return YearOfReceipts(
        year=year,
        rows=tuple(
            YearRow(
                sheet.number,
                sheet.issued_on,
                sheet.payer_title,
                tuple(line.name for line in sheet.lines),
                sheet.amount_fen,
            )
            for sheet in sheets
        ),
        last_issued_at=rows[-1]["issued_at"],
        organisation=sheets[-1].organisation,
        demo=any(sheet.demo for sheet in sheets),
    )


async def year_document(listed: YearOfReceipts) -> bytes:
    """Return the list as PDF."""
    data = {
        "year": listed.year,
        "organisation": listed.organisation,
        "demo": listed.demo,
        "until": rules.chinese_date(listed.rows[-1].issued_on),
        "rows": [
            {
                "number": row.number,
                "issued_on": row.issued_on.isoformat(),
                "payer": " ".join(row.payer_title.split()),
                "projects": "、".join(" ".join(name.split()) for name in row.projects),
                "amount": rules.plain_amount(row.amount_fen),
                "red": row.amount_fen < 0,
            }
            for row in listed.rows
        ],
        "total": f"¥{rules.plain_amount(listed.total_fen)}",
        "total_words": rules.amount_words(listed.total_fen),
    }
    return await pdf.write(TEMPLATE, data, written_at=listed.last_issued_at)
