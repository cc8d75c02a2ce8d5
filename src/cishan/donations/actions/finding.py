"""Sending somebody the links to their own gifts, without telling anybody else whether there are any."""

from uuid import UUID

from cishan.donations.actions import letters
from cishan.donations.queries import contacts
from cishan.donations.queries.finding import gifts_of, plans_of
from cishan.donations.queries.limits import begun_by_client, limits_in_force
from cishan.donations.rules import limits as limit_rules
from cishan.donations.rules.giving import AttemptKind, LimitKind
from cishan.donations.tables.limits import GiftAttempt
from cishan.kernel import clock, ids
from cishan.notify.rules import GiftLink, PlanLink
from cishan.plumbing import i18n, jobs
from cishan.plumbing.db import atomic, fetch


async def ask_for_links(email: str, *, client: bytes) -> None:
    """Ask for the letter. Whether the address is known is found out later, away from the visitor's eyes."""
    async with atomic():
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 2))", client.hex())
        limit = (await limits_in_force())[LimitKind.FIND_COUNT]
        begun = await begun_by_client(client, AttemptKind.FIND, limit.window_minutes or 1)
        limit_rules.require_count(limit, begun.times)
        attempt = ids.new_id()
        index = contacts.email_index(email)
        await GiftAttempt.insert(
            GiftAttempt(
                id=attempt,
                kind=AttemptKind.FIND.value,
                at=clock.now(),
                client_hash=client,
                contact_index=index,
                amount_fen=0,
            )
        )
        await jobs.enqueue(
            "donations.send_links",
            indexes=[i.hex() for i in contacts.email_indexes(email)],
            language=i18n.language(),
            attempt=str(attempt),
        )


async def send_links(indexes: list[bytes], *, language: str, attempt: UUID) -> None:
    """Write the letter if there is anything to send; its address is the one that was left with a gift."""
    with i18n.speaking(language):
        gifts, plans = await gifts_of(indexes), await plans_of(indexes)
    if not gifts and not plans:
        return
    email = await contacts.gift_email(gifts[0].id) if gifts else await contacts.plan_email(plans[0].id)
    async with atomic():
        await letters.my_gifts(
            f"links:{attempt}",
            to_email=email,
            language=language,
            gifts=tuple(
                GiftLink(
                    number=gift.number,
                    given_on=clock.china_day(gift.paid_at or gift.created_at),
                    amount_fen=gift.amount_fen,
                    purpose=gift.title,
                    url=letters.absolute(contacts.gift_path(gift.id)),
                )
                for gift in gifts
            ),
            plans=tuple(
                PlanLink(
                    amount_fen=plan.amount_fen,
                    purpose=plan.title,
                    url=letters.absolute(contacts.plan_path(plan.id)),
                )
                for plan in plans
            ),
        )
