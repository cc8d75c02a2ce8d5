"""The lists of staff over gifts, monthly plans and receipts."""

from collections.abc import Sequence
from uuid import UUID

from cishan.campaigns.queries import lists as campaigns
from cishan.donations.rules import labels, trail
from cishan.donations.rules.answers import GENERAL_TITLE
from cishan.donations.rules.giving import DonorKind
from cishan.donations.rules.receipts import masked_title
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Amounts, Choice, Column, Condition, Days, Flag, Kind, List, Row, Text, View

_CAMPAIGNS = (
    "(SELECT array_agg(line.campaign ORDER BY line.line_no) FROM donation_line AS line"
    " WHERE line.donation = gift.id)"
)
_FUNDS = (
    "(SELECT string_agg(line.fund_code, ' ' ORDER BY line.line_no) FROM donation_line AS line"
    " WHERE line.donation = gift.id)"
)
_OF_CAMPAIGN = "EXISTS (SELECT 1 FROM donation_line AS line WHERE line.donation = gift.id AND {})"


async def _titles(rows: list[Row]) -> None:
    """Fill in the titles of the projects that gifts went to."""
    wanted = {one for row in rows for one in row["campaigns"] or () if one is not None}
    titles = await campaigns.titles_of(sorted(wanted))
    general = gettext(GENERAL_TITLE)
    for row in rows:
        ids: list[UUID | None] = row["campaigns"] or [None]
        row["campaign"] = "；".join(titles.get(one, general) if one else general for one in ids)


def gifts_within(campaign_ids: Sequence[UUID]) -> Condition:
    """Return the condition that keeps gifts all of which goes to the campaigns, for who sees no more."""
    return (
        "NOT EXISTS (SELECT 1 FROM donation_line AS line WHERE line.donation = gift.id"
        " AND (line.campaign = ANY ({}::uuid[])) IS NOT TRUE)",
        (list(campaign_ids),),
    )


def plans_within(campaign_ids: Sequence[UUID]) -> Condition:
    """Return the condition that keeps the monthly plans of the campaigns."""
    return "plan.campaign = ANY ({}::uuid[])", (list(campaign_ids),)


GIFTS = List(
    code="gifts",
    title=N_("Gifts"),
    source="donation AS gift",
    key="gift.id",
    order="-created_at",
    views=(
        View(N_("Arrived"), "status=paid"),
        View(N_("Large gifts"), "large=1"),
        View(N_("Receipt still to write"), "unreceipted=1"),
        View(N_("Questioned at the bank"), "status=disputed"),
    ),
    more=_titles,
    columns=(
        Column(code="number", title=N_("Gift number"), sql="gift.number", link="/staff/gifts/{number}"),
        Column(
            code="created_at",
            title=N_("Begun"),
            kind=Kind.MOMENT,
            sql="gift.created_at",
            sorts=True,
            on_screen=False,
        ),
        Column(
            code="paid_at",
            title=N_("Arrived"),
            kind=Kind.MOMENT,
            sql="gift.paid_at",
            sorts=True,
            nulls=True,
        ),
        Column(
            code="status",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="gift.status",
            words=labels.GIFT_WORDS,
            tones=labels.GIFT_TONES,
        ),
        Column(
            code="channel",
            title=N_("Way of payment"),
            kind=Kind.CHOICE,
            sql="gift.channel",
            words=trail.CHANNEL_LABELS,
        ),
        Column(code="campaign", title=N_("Project"), wide=True),
        Column(code="campaigns", title="", sql=_CAMPAIGNS, on_screen=False, in_file=False),
        Column(code="funds", title=N_("Fund"), sql=_FUNDS, on_screen=False),
        Column(
            code="donor_kind",
            title=N_("Giver"),
            kind=Kind.CHOICE,
            sql="gift.donor_kind",
            words=labels.DONOR_KINDS,
            on_screen=False,
        ),
        Column(
            code="is_monthly",
            title=N_("Monthly"),
            kind=Kind.FLAG,
            sql="gift.plan IS NOT NULL",
            on_screen=False,
        ),
        Column(
            code="wants_receipt",
            title=N_("Receipt wanted"),
            kind=Kind.FLAG,
            sql="gift.wants_receipt",
            on_screen=False,
        ),
        Column(
            code="amount_fen",
            title=N_("Amount"),
            kind=Kind.MONEY,
            sql="gift.amount_fen",
            sorts=True,
            sums=True,
        ),
        Column(
            code="fee_fen",
            title=N_("Fee of the payment service"),
            kind=Kind.MONEY,
            sql="gift.fee_fen",
            on_screen=False,
        ),
        Column(
            code="refunded_fen",
            title=N_("Returned"),
            kind=Kind.MONEY,
            sql="gift.refunded_fen",
            sums=True,
        ),
    ),
    filters=(
        Text(code="number", title=N_("Gift number"), sql="gift.number ILIKE {}"),
        Choice(code="status", title=N_("State"), sql="gift.status = {}", words=labels.GIFT_WORDS),
        Choice(
            code="channel", title=N_("Way of payment"), sql="gift.channel = {}", words=trail.CHANNEL_LABELS
        ),
        Choice(
            code="campaign",
            title=N_("Project"),
            sql=_OF_CAMPAIGN.format("line.campaign = {}"),
            options=campaigns.options,
        ),
        Text(
            code="fund",
            title=N_("Fund"),
            sql=_OF_CAMPAIGN.format("line.fund_code ILIKE {}"),
            begins=True,
        ),
        Days(code="paid", title=N_("Arrived"), sql="gift.paid_at", moments=True),
        Amounts(code="amount", title=N_("Amount"), sql="gift.amount_fen"),
        Flag(code="large", title=N_("Only large gifts"), sql="gift.is_large"),
        Flag(code="monthly", title=N_("Only monthly gifts"), sql="gift.plan IS NOT NULL"),
        Flag(
            code="unreceipted",
            title=N_("Receipt wanted and none written"),
            sql="gift.wants_receipt AND gift.paid_at IS NOT NULL AND gift.refunded_fen < gift.amount_fen"
            " AND NOT EXISTS (SELECT 1 FROM receipt WHERE receipt.donation = gift.id)",
        ),
    ),
)


async def _plan_titles(rows: list[Row]) -> None:
    titles = await campaigns.titles_of([row["campaign_id"] for row in rows if row["campaign_id"]])
    for row in rows:
        one = row["campaign_id"]
        row["campaign"] = titles[one] if one else gettext(GENERAL_TITLE)


PLANS = List(
    code="plans",
    title=N_("Monthly giving"),
    source="monthly_plan AS plan",
    key="plan.id",
    order="-created_at",
    views=(
        View(N_("Active"), "status=active&sort=next_on"),
        View(N_("The card was refused"), "status=payment_problem"),
    ),
    more=_plan_titles,
    columns=(
        Column(
            code="reference",
            title=N_("Reference"),
            sql="upper(right(plan.id::text, 8))",
            link="/staff/plans/{id}",
        ),
        Column(code="id", title="", sql="plan.id", on_screen=False, in_file=False),
        Column(code="created_at", title=N_("Begun"), kind=Kind.MOMENT, sql="plan.created_at", sorts=True),
        Column(
            code="status",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="plan.status",
            words=labels.PLAN_WORDS,
            tones=labels.PLAN_TONES,
        ),
        Column(
            code="method",
            title=N_("Way of payment"),
            kind=Kind.CHOICE,
            sql="plan.method",
            words=labels.METHOD_WORDS,
        ),
        Column(code="campaign", title=N_("Project"), wide=True),
        Column(code="campaign_id", title="", sql="plan.campaign", on_screen=False, in_file=False),
        Column(code="fund_code", title=N_("Fund"), sql="plan.fund_code"),
        Column(code="day_of_month", title=N_("Day of the month"), kind=Kind.NUMBER, sql="plan.day_of_month"),
        Column(code="next_on", title=N_("Next"), kind=Kind.DATE, sql="plan.next_on", sorts=True, nulls=True),
        Column(
            code="amount_fen",
            title=N_("Amount a month"),
            kind=Kind.MONEY,
            sql="plan.amount_fen",
            sorts=True,
            sums=True,
        ),
    ),
    filters=(
        Choice(code="status", title=N_("State"), sql="plan.status = {}", words=labels.PLAN_WORDS),
        Choice(code="method", title=N_("Way of payment"), sql="plan.method = {}", words=labels.METHOD_WORDS),
        Choice(
            code="campaign",
            title=N_("Project"),
            sql="plan.campaign = {}",
            options=campaigns.options,
        ),
        Days(code="next", title=N_("Next"), sql="plan.next_on"),
        Amounts(code="amount", title=N_("Amount a month"), sql="plan.amount_fen"),
    ),
)


async def _masked_payers(rows: list[Row]) -> None:
    for row in rows:
        person = row["donor_kind"] == DonorKind.PERSON
        row["payer"] = masked_title(row["payer_title"]) if person else row["payer_title"]


RECEIPTS = List(
    code="receipts",
    title=N_("Receipts"),
    source="receipt LEFT JOIN donation AS gift ON gift.id = receipt.donation"
    " LEFT JOIN goods_gift AS goods ON goods.id = receipt.goods",
    key="receipt.id",
    order="-issued_at",
    views=(View(N_("Without a fiscal receipt"), "no_fiscal=1&kind=receipt"),),
    more=_masked_payers,
    personal=True,
    columns=(
        Column(
            code="number", title=N_("Receipt number"), sql="receipt.number", link="/staff/receipts/{number}"
        ),
        Column(
            code="kind",
            title=N_("Kind"),
            kind=Kind.CHOICE,
            sql="receipt.kind",
            words=labels.RECEIPT_KINDS,
        ),
        Column(code="issued_at", title=N_("Issued"), kind=Kind.MOMENT, sql="receipt.issued_at", sorts=True),
        Column(code="gift", title=N_("Gift number"), sql="gift.number", link="/staff/gifts/{gift}"),
        Column(code="payer", title=N_("Payer (masked)")),
        Column(code="payer_title", title="", sql="receipt.payer_title", on_screen=False, in_file=False),
        Column(
            code="donor_kind",
            title="",
            sql="coalesce(gift.donor_kind, CASE receipt.payer_uscc WHEN '' THEN 'person' ELSE 'company' END)",
            on_screen=False,
            in_file=False,
        ),
        Column(
            code="fiscal_number",
            title=N_("Number of the fiscal receipt"),
            sql="receipt.fiscal_number",
        ),
        Column(
            code="amount_fen",
            title=N_("Amount"),
            kind=Kind.MONEY,
            sql="receipt.amount_fen",
            sorts=True,
            sums=True,
        ),
        Column(
            code="goods",
            title=N_("Offer of goods"),
            sql="goods.number",
            link="/staff/goods-offers/{goods}",
        ),
    ),
    filters=(
        Text(code="number", title=N_("Receipt number"), sql="receipt.number ILIKE {}"),
        Text(code="gift", title=N_("Gift number"), sql="gift.number ILIKE {}"),
        Choice(code="kind", title=N_("Kind"), sql="receipt.kind = {}", words=labels.RECEIPT_KINDS),
        Days(code="issued", title=N_("Issued"), sql="receipt.issued_at", moments=True),
        Amounts(code="amount", title=N_("Amount"), sql="receipt.amount_fen"),
        Flag(code="no_fiscal", title=N_("Without a fiscal receipt"), sql="receipt.fiscal_number IS NULL"),
    ),
)
