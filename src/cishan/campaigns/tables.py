"""What a campaign may be. The checks repeat the law: no plan with a gap is ever published."""

from typing import Any

from piccolo.columns import (
    UUID,
    BigInt,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.campaigns import rules
from cishan.files.tables import File
from cishan.identity.tables.accounts import Account


def _quoted(values: object) -> str:
    assert isinstance(values, list)
    return ", ".join(f"'{value}'" for value in values)


_ANY_STATE = _quoted([s.value for s in rules.State])
_GAPS = f"state IN ({_quoted([s.value for s in rules.State if s in rules.UNPLANNED])})"
_HIDDEN = f"state IN ({_quoted([s.value for s in rules.State if s in rules.UNFILED])})"


def _planned(condition: str) -> Any:
    return Check(f"{_GAPS} OR ({condition})")


def _public(condition: str) -> Any:
    return Check(f"{_HIDDEN} OR ({condition})")


class County(Table, tablename="county"):
    """A county-level unit by its division code; 371400 is the whole city."""

    code = Varchar(length=6, primary_key=True, default=None)
    name = Varchar(length=40, default=None)
    name_en = Varchar(length=60, default=None)
    position = SmallInt(default=None)

    county_code_has_six_digits = Check("code ~ '^[0-9]{6}$'")


class Campaign(Table, tablename="campaign"):
    """A fundraising plan and where it stands."""

    id = UUID(primary_key=True, default=None)
    slug = Varchar(length=80, default=None, unique=True)
    state = Varchar(length=20, default=rules.State.DRAFT.value, index=True)
    state_reason = Text(default="")
    created_at = Timestamptz(default=None)
    published_at = Timestamptz(default=None, null=True)

    title = Varchar(length=80, default=None)
    summary = Varchar(length=240, default="")
    story = Text(default="")
    theme = Varchar(length=20, default=None, index=True)
    county = ForeignKey(County, on_delete=OnDelete.restrict, null=False, index=True)
    fund_code = Varchar(length=64, default="")

    purpose = Text(default="")
    starts_on = Date(default=None, null=True)
    ends_on = Date(default=None, null=True)
    region = Text(default="")
    office = Text(default="")
    office_address = Text(default="")
    contact = Text(default="")
    receiving_methods = Text(default="")
    bank_name = Text(default="")
    bank_account_masked = Varchar(length=40, default="")
    goal_fen = BigInt(default=0)
    beneficiary_scope = Text(default="")
    beneficiary_count = Integer(default=0)
    beneficiary_unit = Varchar(length=12, default="people")
    beneficiary_selection = Text(default="")
    use_of_funds = Text(default="")
    cost_note = Text(default="")
    surplus_rule = Text(default="")
    over_target = Varchar(length=10, default="continue")
    over_target_rule = Text(default="")

    filed_name = Varchar(length=80, default="")
    filing_no = Varchar(length=24, default=None, null=True, unique=True)
    filed_on = Date(default=None, null=True)
    certificate_no = Varchar(length=60, default="")
    emergency_decree_no = Varchar(length=60, default="")

    campaign_state_is_known = Check(f"state IN ({_ANY_STATE})")
    campaign_theme_is_known = Check(f"theme IN ({_quoted([t.value for t in rules.Theme])})")
    campaign_unit_is_known = Check("beneficiary_unit IN ('people', 'households', 'places')")
    campaign_over_target_is_known = Check("over_target IN ('continue', 'stop')")
    campaign_slug_is_plain = Check("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'")
    campaign_account_is_masked = Check("bank_account_masked !~ '[0-9]{5}'")
    campaign_goal_is_sane = Check("goal_fen BETWEEN 0 AND 100000000000")

    # What every plan must say before it leaves the desk (慈善法 art. 24, Order 74 art. 10).
    plan_has_title = _planned("btrim(title) <> ''")
    plan_has_summary = _planned("btrim(summary) <> ''")
    plan_has_story = _planned("btrim(story) <> ''")
    plan_has_fund_code = _planned("btrim(fund_code) <> ''")
    plan_has_purpose = _planned("btrim(purpose) <> ''")
    plan_has_starts_on = _planned("starts_on IS NOT NULL")
    plan_has_ends_on = _planned("ends_on IS NOT NULL")
    plan_has_period = _planned(f"ends_on > starts_on AND ends_on - starts_on <= {rules.MAX_PERIOD_DAYS}")
    plan_has_region = _planned("btrim(region) <> ''")
    plan_has_office = _planned("btrim(office) <> ''")
    plan_has_office_address = _planned("btrim(office_address) <> ''")
    plan_has_contact = _planned("btrim(contact) <> ''")
    plan_has_receiving_methods = _planned("btrim(receiving_methods) <> ''")
    plan_has_bank_name = _planned("btrim(bank_name) <> ''")
    plan_has_bank_account_masked = _planned("btrim(bank_account_masked) <> ''")
    plan_has_goal_fen = _planned("goal_fen > 0")
    plan_has_beneficiary_scope = _planned("btrim(beneficiary_scope) <> ''")
    plan_has_beneficiary_count = _planned("beneficiary_count >= 2")  # never one particular person
    plan_has_beneficiary_selection = _planned("btrim(beneficiary_selection) <> ''")
    plan_has_use_of_funds = _planned("btrim(use_of_funds) <> ''")
    plan_has_cost_note = _planned("btrim(cost_note) <> ''")
    plan_has_surplus_rule = _planned("btrim(surplus_rule) <> ''")
    plan_has_over_target_rule = _planned("btrim(over_target_rule) <> ''")

    # What must be there before anybody outside sees it (慈善法 art. 25; Order 74 art. 16, 17).
    published_has_certificate_no = _public("btrim(certificate_no) <> ''")
    published_under_the_filed_name = _public("title = filed_name")
    published_has_filing_no = _public(
        f"(filing_no IS NOT NULL AND filing_no ~ '{rules.FILING_NO}' AND filed_on IS NOT NULL)"
        " OR (state IN ('live_unfiled', 'suspended') AND filing_no IS NULL AND emergency_decree_no <> '')"
    )
    live_has_published_at = Check("state NOT IN ('live', 'live_unfiled') OR published_at IS NOT NULL")
    suspended_says_why = Check("state NOT IN ('suspended', 'terminated') OR btrim(state_reason) <> ''")


class CampaignStep(Table, tablename="campaign_step"):
    """The history of a campaign, one row a step; append-only."""

    id = UUID(primary_key=True, default=None)
    campaign = ForeignKey(Campaign, on_delete=OnDelete.restrict, null=False, index=True)
    event = Varchar(length=30, default=None)
    origin = Varchar(length=20, default=None)
    target = Varchar(length=20, default=None)
    reason = Text(default="")
    actor = Varchar(length=60, default=None)
    at = Timestamptz(default=None)


class BudgetLine(Table, tablename="campaign_budget_line"):
    """What one part of the goal is for; the parts sum to the goal."""

    id = UUID(primary_key=True, default=None)
    campaign = ForeignKey(Campaign, on_delete=OnDelete.cascade, null=False)
    position = SmallInt(default=None)
    item = Varchar(length=80, default=None)
    basis = Varchar(length=200, default="")
    amount_fen = BigInt(default=None)

    budget_line_once = Unique([campaign, position])
    budget_line_amount_is_positive = Check("amount_fen > 0")


class PlatformLink(Table, tablename="campaign_platform_link"):
    """The campaign's page on a platform that the ministry designated."""

    id = UUID(primary_key=True, default=None)
    campaign = ForeignKey(Campaign, on_delete=OnDelete.cascade, null=False)
    platform = Varchar(length=60, default=None)
    url = Varchar(length=300, default=None)

    platform_link_once = Unique([campaign, platform])
    platform_link_is_https = Check("url ~ '^https://[^[:space:]]+$'")


class CampaignUpdate(Table, tablename="campaign_update"):
    """News of a campaign."""

    id = UUID(primary_key=True, default=None)
    campaign = ForeignKey(Campaign, on_delete=OnDelete.restrict, null=False)
    title = Varchar(length=80, default=None)
    body = Text(default=None)
    signed_by = Varchar(length=60, default=None)
    staff = ForeignKey(Account, on_delete=OnDelete.restrict, null=True)
    published_at = Timestamptz(default=None)
    kind = Varchar(length=20, default=rules.NewsKind.NEWS.value)

    update_has_title = Check("btrim(title) <> ''")
    update_kind_is_known = Check("kind IN ('news', 'interim_report', 'emergency_receipts')")
    update_has_body = Check("btrim(body) <> '' AND length(body) <= 8000")


class Photo(Table, tablename="campaign_photo"):
    """A picture of an update: one of its files, and what it shows in words."""

    id = UUID(primary_key=True, default=None)
    news = ForeignKey(CampaignUpdate, on_delete=OnDelete.cascade, null=False)
    position = SmallInt(default=None)
    caption = Varchar(length=160, default=None)
    file = ForeignKey(File, on_delete=OnDelete.restrict, null=False, unique=True)
    width = Integer(default=None)
    height = Integer(default=None)

    photo_once = Unique([news, position])
    photo_has_caption = Check("btrim(caption) <> ''")
    photo_has_size = Check("width > 0 AND height > 0")


class CampaignTotal(Table, tablename="campaign_total"):
    """The sums of a campaign, kept by a worker; never written in the transaction of a gift."""

    id = UUID(primary_key=True, default=None)
    campaign = ForeignKey(Campaign, on_delete=OnDelete.cascade, null=False, unique=True)
    raised_fen = BigInt(default=0)
    refunded_fen = BigInt(default=0)
    gift_count = Integer(default=0)
    giver_count = Integer(default=0)
    updated_at = Timestamptz(default=None)

    total_is_not_negative = Check(
        "raised_fen >= 0 AND refunded_fen >= 0 AND gift_count >= 0 AND giver_count >= 0"
    )


class PublicGift(Table, tablename="public_gift"):
    """What the public sees of a gift: a name that the giver chose to show, never an identity."""

    id = UUID(primary_key=True, default=None)
    gift_id = UUID(default=None)
    line_no = SmallInt(default=None)
    campaign = ForeignKey(Campaign, on_delete=OnDelete.cascade, null=False)
    display_name = Varchar(length=60, default="")
    amount_fen = BigInt(default=None)
    message = Varchar(length=200, default="")
    tribute = Varchar(length=80, default="")
    given_at = Timestamptz(default=None)

    public_gift_once = Unique([gift_id, line_no])
    public_gift_amount_is_positive = Check("amount_fen > 0")
