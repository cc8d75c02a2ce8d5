"""What changes a campaign, and what keeps its public figures up to date."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from piccolo.columns import Column

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.campaigns import clocks, rules
from cishan.campaigns.queries.photos import OWNER, PHOTO
from cishan.campaigns.tables import (
    BudgetLine,
    Campaign,
    CampaignStep,
    CampaignTotal,
    CampaignUpdate,
    Photo,
    PlatformLink,
    PublicGift,
)
from cishan.deadlines import queries as deadlines
from cishan.files import actions as files
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n, jobs
from cishan.plumbing.db import atomic, fetch
from cishan.plumbing.uploads import Upload

REINDEX = "search.reindex_campaign"
"""The job of the slice above that keeps the search index; it answers to this name."""


async def draft(plan: rules.Plan, *, actor: str = SYSTEM) -> UUID:
    """Write a plan down as a draft and return the campaign's id; its address must be free."""
    values = asdict(plan)
    values.pop("budget")
    campaign_id = ids.new_id()
    async with atomic():
        if await Campaign.exists().where(Campaign.slug == plan.slug):
            raise Conflict(N_("There is a campaign at this address already."))
        await Campaign.insert(
            Campaign(id=campaign_id, state=rules.State.DRAFT, created_at=clock.now(), **values)
        )
        lines = [
            BudgetLine(id=ids.new_id(), campaign=campaign_id, position=n, **asdict(line))
            for n, line in enumerate(plan.budget, start=1)
        ]
        if lines:
            await BudgetLine.insert(*lines)
        await CampaignTotal.insert(
            CampaignTotal(id=ids.new_id(), campaign=campaign_id, updated_at=clock.now())
        )
        await audit.record(_step(campaign_id, "draft", "", rules.State.DRAFT, actor=actor))
    return campaign_id


def _step(
    campaign_id: UUID,
    event: str,
    before: str,
    after: str,
    *,
    actor: str,
    role: str = "",
    reason: str = "",
) -> Transition:
    return Transition(
        subject_kind="campaign",
        subject_id=str(campaign_id),
        event=event,
        from_state=before,
        to_state=after,
        actor=actor,
        acting_role=role,
        reason=reason,
    )


async def add_platform(campaign_id: UUID, *, platform: str, url: str) -> None:
    """Name the campaign's page on a designated platform; naming it again replaces the address."""
    row = PlatformLink(id=ids.new_id(), campaign=campaign_id, platform=platform, url=url)
    await PlatformLink.insert(row).on_conflict(
        target=(PlatformLink.campaign, PlatformLink.platform), action="DO UPDATE", values=[PlatformLink.url]
    )


async def declare_emergency(campaign_id: UUID, *, decree_no: str, certificate_no: str) -> None:
    """Note the decree under which an approved plan may start before it is filed (慈善法 art. 73)."""
    changes: dict[Column | str, Any] = {
        Campaign.emergency_decree_no: decree_no,
        Campaign.certificate_no: certificate_no,
        Campaign.filed_name: Campaign.title,
    }
    approved = (Campaign.id == campaign_id) & (Campaign.state == rules.State.COUNCIL_APPROVED.value)
    await Campaign.update(changes).where(approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What the civil affairs office answered to a plan that was handed in."""

    filing_no: str
    filed_name: str
    filed_on: date
    certificate_no: str
    uscc: str


async def move(
    campaign_id: UUID, event: str, *, actor: str, reason: str = "", filing: Filing | None = None
) -> rules.State:
    """Take one step and write it into the history; the database refuses a plan with a gap.

    `accept` needs the filing. Raise Conflict if the step is not to be taken from where the campaign stands,
    Invalid if something that the law wants is missing.
    """
    try:
        async with atomic():
            campaign = (
                await Campaign.objects().where(Campaign.id == campaign_id).lock_rows("NO KEY UPDATE").first()
            )
            if campaign is None:
                raise NotFound(N_("No such campaign."))
            taken = rules.step(campaign.state, event, reason)
            if event == "publish" and campaign.starts_on and clock.today() < campaign.starts_on:
                raise Conflict(N_("The fundraising period has not begun yet."))
            changes = _changes(taken, reason, filing, campaign.published_at)
            await Campaign.update(changes).where(Campaign.id == campaign_id)
            await CampaignStep.insert(
                CampaignStep(
                    id=ids.new_id(),
                    campaign=campaign_id,
                    event=event,
                    origin=taken.origin,
                    target=taken.to,
                    reason=reason,
                    actor=actor,
                    at=clock.now(),
                )
            )
            await audit.record(_step(campaign_id, event, taken.origin, taken.to, actor=actor, reason=reason))
            period = clocks.Period(campaign.starts_on, campaign.ends_on, campaign.county)
            await clocks.turn(campaign_id, taken, period)
            await jobs.enqueue(REINDEX, campaign_id=str(campaign_id))
    except asyncpg.CheckViolationError as error:
        gap = (error.constraint_name or "").partition("_has_")[2]
        raise Invalid(N_("The plan is not complete: {gap}."), field=gap, gap=gap or str(error)) from error
    return taken.to


def _changes(
    taken: rules.Step, reason: str, filing: Filing | None, published_at: datetime | None
) -> dict[Column | str, Any]:
    changes: dict[Column | str, Any] = {"state": taken.to.value, "state_reason": reason}
    if taken.event == "accept":
        if filing is None:
            raise Invalid(N_("An accepted plan has a filing number."), field="filing_no")
        rules.require_filing_no(filing.filing_no, filing.uscc)
        changes.update({k: v for k, v in asdict(filing).items() if k != "uscc"})
    if taken.to in {rules.State.LIVE, rules.State.LIVE_UNFILED} and published_at is None:
        changes["published_at"] = clock.now()
    return changes


async def turn_clock() -> int:
    """End what is past its last day, suspend what stayed unfiled too long; return how many moved."""
    today = clock.today()
    over = await Campaign.select(Campaign.id).where(
        (Campaign.state == rules.State.LIVE.value) & (Campaign.ends_on < today)
    )
    late = await deadlines.overdue(subject_kind=clocks.KIND, code=clocks.FILE_EMERGENCY)
    unfiled = await fetch(
        "SELECT id FROM campaign WHERE state = {} AND id = ANY({}::uuid[]) ORDER BY id",
        rules.State.LIVE_UNFILED.value,
        [view.subject_id for view in late],
    )
    for row in over:
        await move(row["id"], "end", actor=SYSTEM)
    with i18n.speaking(i18n.CHINESE):
        reason = i18n.gettext(rules.UNFILED_TOO_LONG)
    for row in unfiled:
        await move(row["id"], "suspend", actor=SYSTEM, reason=reason)
    return len(over) + len(unfiled)


async def set_progress(
    campaign_id: UUID, *, raised_fen: int, refunded_fen: int, gift_count: int, giver_count: int
) -> None:
    """Show new sums: `raised_fen` is what remains after refunds.

    Sums computed from an older state of the gifts are dropped: what was ever given (raised + refunded) never
    falls, so the figure on the page falls only by a refund that the page shows too.
    """
    await fetch(
        """UPDATE campaign_total
              SET raised_fen = {}, refunded_fen = {}, gift_count = {}, giver_count = {}, updated_at = {}
            WHERE campaign = {} AND raised_fen + refunded_fen <= {}""",
        raised_fen,
        refunded_fen,
        gift_count,
        giver_count,
        clock.now(),
        campaign_id,
        raised_fen + refunded_fen,
    )


async def show_gift(
    *,
    gift_id: UUID,
    line_no: int,
    campaign_id: UUID,
    display_name: str,
    amount_fen: int,
    message: str,
    tribute: str,
    given_at: datetime,
) -> None:
    """Put a gift on the campaign's public list, or bring what stands there up to date.

    `display_name` is what the giver chose to show, already masked; empty means a giver without a name.
    """
    row = PublicGift(
        id=ids.new_id(),
        gift_id=gift_id,
        line_no=line_no,
        campaign=campaign_id,
        display_name=display_name,
        amount_fen=amount_fen,
        message=message,
        tribute=tribute,
        given_at=given_at,
    )
    changing = [PublicGift.display_name, PublicGift.amount_fen, PublicGift.message, PublicGift.tribute]
    await PublicGift.insert(row).on_conflict(
        target=(PublicGift.gift_id, PublicGift.line_no), action="DO UPDATE", values=changing
    )


async def hide_gift(gift_id: UUID) -> None:
    """Take a gift with all its lines off the public lists."""
    await PublicGift.delete().where(PublicGift.gift_id == gift_id)


async def set_counties(rows: Sequence[tuple[str, str, str]]) -> None:
    """Make the county-level units known: (code, name, English name) in their official order."""
    async with atomic():
        for position, (code, name, name_en) in enumerate(rows):
            await fetch(
                """INSERT INTO county (code, name, name_en, position) VALUES ({}, {}, {}, {})
                   ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
                                                    position = excluded.position""",
                code,
                name,
                name_en,
                position,
            )


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A picture as it was sent, and what it shows in words."""

    data: bytes
    caption: str
    name: str = "photo.jpg"
    """What the sender calls it."""
    field: str = "photos"
    """Of the form."""


async def publish_update(
    campaign_id: UUID,
    *,
    title: str,
    body: str,
    photos: Sequence[NewPhoto],
    signed_by: str,
    staff_id: UUID | None = None,
    person_id: UUID | None = None,
    kind: rules.NewsKind = rules.NewsKind.NEWS,
    role: str = "",
) -> UUID:
    """Publish news of a campaign with up to six photos, which are drawn anew; return its id.

    News that are a report stop the clock that waited for it.

    Refuse news of a campaign that nobody outside sees, and whatever is no picture; then nothing is kept.
    """
    if len(photos) > PHOTO.max_count:
        raise Invalid(N_("An update may have {limit} photos at most."), field="photos", limit=PHOTO.max_count)
    if any(not photo.caption.strip() for photo in photos):
        raise Invalid(N_("Say in a few words what each photo shows."), field="captions")
    sent = [Upload(photo.name, photo.data) for photo in photos]
    brought = await files.bring(
        sent, owner_kind=OWNER, purpose=PHOTO.code, fields=[photo.field for photo in photos]
    )
    update_id = ids.new_id()
    async with atomic():
        campaign = await Campaign.objects().where(Campaign.id == campaign_id).first()
        if campaign is None or campaign.state in rules.UNFILED:
            raise NotFound(N_("No such campaign."))
        await CampaignUpdate.insert(
            CampaignUpdate(
                id=update_id,
                campaign=campaign_id,
                title=title,
                body=body,
                signed_by=signed_by,
                staff=staff_id,
                published_at=clock.now(),
                kind=kind.value,
            )
        )
        kept = await files.attach(brought, owner_id=update_id, by=person_id, field="photos")
        for n, (photo, file) in enumerate(zip(photos, kept, strict=True), start=1):
            await Photo.insert(
                Photo(
                    id=ids.new_id(),
                    news=update_id,
                    position=n,
                    caption=photo.caption.strip(),
                    file=file.id,
                    width=file.width,
                    height=file.height,
                )
            )
        await clocks.reported(campaign_id, kind)
        state, actor = campaign.state, str(person_id or staff_id or SYSTEM)
        told = _step(campaign_id, f"publish_{kind.value}", state, state, actor=actor, role=role, reason=title)
        await audit.record(told)
        await jobs.enqueue(REINDEX, campaign_id=str(campaign_id))
    return update_id
