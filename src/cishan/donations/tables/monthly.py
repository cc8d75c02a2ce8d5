"""A giver's promise to give every month."""

from piccolo.columns import UUID, BigInt, Boolean, Bytea, Date, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.plumbing.sealed import sealed

EMAIL = sealed(
    "monthly_plan",
    "contact_email_enc",
    index="contact_email_index",
    purpose="email",
    fold=lambda address: address.strip().lower(),
)


class MonthlyPlan(Table, tablename="monthly_plan"):
    """A monthly gift to one fund; every month's gift copies from it what the giver wished."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, unique=True)
    created_at = Timestamptz(default=None)
    status = Varchar(length=16, default=None, index=True)
    method = Varchar(length=8, default=None)
    interval = Varchar(length=8, default=None)
    campaign = UUID(default=None, null=True, index=True)
    fund_code = Varchar(length=64, default=None)
    amount_fen = BigInt(default=None)
    day_of_month = SmallInt(default=None)
    next_on = Date(default=None, null=True, index=True)
    activated_at = Timestamptz(default=None, null=True)
    paused_at = Timestamptz(default=None, null=True)
    cancelled_at = Timestamptz(default=None, null=True)
    stripe_subscription_id = Varchar(length=100, default=None, null=True, unique=True)
    stripe_customer_id = Varchar(length=100, default=None, null=True)
    card_session_id = Varchar(length=100, default=None, null=True)
    reminders_sent = SmallInt(default=0)
    reminded_at = Timestamptz(default=None, null=True)
    noticed_for = Date(default=None, null=True)
    problem_since = Timestamptz(default=None, null=True)
    anonymity = Varchar(length=8, default=None)
    display_name = Varchar(length=50, default="")
    donor_kind = Varchar(length=8, default=None)
    company_name = Varchar(length=100, default="")
    company_uscc = Varchar(length=18, default="")
    wants_receipt = Boolean(default=False)
    receipt_title = Varchar(length=100, default="")
    contact_email_enc = Bytea(default=None)
    contact_email_index = Bytea(default=None, index=True)
    language = Varchar(length=8, default=None)

    monthly_plan_status = Check("status IN ('pending', 'active', 'paused', 'payment_problem', 'cancelled')")
    monthly_plan_method = Check("method IN ('card', 'remind')")
    monthly_plan_interval = Check("interval = 'month'")
    monthly_plan_amount = Check("amount_fen > 0 AND amount_fen <= 100000000000")
    monthly_plan_day = Check("day_of_month BETWEEN 1 AND 28")
    monthly_plan_anonymity = Check("anonymity IN ('name', 'alias', 'hidden')")
    monthly_plan_donor = Check("donor_kind IN ('person', 'company')")
    monthly_plan_next = Check("status <> 'active' OR next_on IS NOT NULL")
