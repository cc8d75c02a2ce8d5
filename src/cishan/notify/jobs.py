"""Delivering letters."""

from datetime import datetime, timedelta
from uuid import UUID

from cishan import gateways
from cishan.gateways import mail, sms
from cishan.identity.actions.contacts import take_replaced
from cishan.identity.queries import accounts as identity
from cishan.identity.queries import invitations
from cishan.identity.rules.accounts import CODE_LIFE
from cishan.identity.rules.roles import ROLE_NAMES, InvitationState
from cishan.kernel import clock
from cishan.kernel.contacts import Channel
from cishan.kernel.text import N_
from cishan.notify import actions, queries, rules
from cishan.notify.actions import delivery
from cishan.notify.rules import events
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import enqueue_once, job

GRACE = timedelta(minutes=1)
SMS_CODE = N_("{organisation}: {code} is your code, valid for {minutes} minutes. Tell it to nobody.")
SMS_INVITATION = N_("{organisation}: you are invited to the post {role}. The link works once: {url}")


@job("notify.deliver", attempts=3)
async def deliver(letter_id: str) -> None:
    """Hand one letter to the mail server or text message sender, unless it is closed or in other hands.

    What was told stands in the inbox exactly once. Outside it goes at least once, never not at all: only a
    worker that dies between the other side's answer and our note sends it again, LEASE later. The twin bears
    the same Message-ID, the text message the same Idempotency-Key, so the other side can drop it.
    """
    letter = await delivery.take(UUID(letter_id))
    if letter is None or (letter.mail is None and letter.sms is None):
        return
    if not (mail if letter.mail else sms).is_configured():
        await delivery.keep(letter.id)
        return
    quiet = gateways.settings().sms_quiet_hours
    morning = quiet.over_at(clock.now()) if quiet and letter.sms and not letter.urgent else None
    if morning is not None:
        await delivery.let_sleep(letter.id, morning)
        return
    try:
        if letter.mail is not None:
            await mail.deliver(letter.mail)
        elif letter.sms is not None:
            await sms.deliver(letter.sms)
    except mail.Refused as error:
        await delivery.give_up(letter.id, str(error))
    except mail.Unreachable as error:
        await delivery.postpone(letter, str(error))
    else:
        await delivery.mark_sent(letter.id)


@job("notify.send_code", attempts=3)
async def send_code(code_id: str) -> None:
    """Send a one-time code where it was asked for, unless it is over by now."""
    due = await identity.code_to_send(UUID(code_id))
    if due is None:
        return
    minutes, key = int(CODE_LIFE.total_seconds()) // 60, f"code:{code_id}"
    async with atomic():
        if due.contact.channel is Channel.EMAIL:
            letter = rules.SignInCode(
                code=due.code, minutes=minutes, sign_in_url=gateways.settings().public_url + "/sign-in"
            )
            await actions.send(key=key, to_email=due.contact.value, language=due.language, letter=letter)
            return
        with i18n.speaking(due.language):
            text = i18n.gettext(SMS_CODE).format(
                organisation=gateways.settings().organisation.short_name, code=due.code, minutes=minutes
            )
        await actions.send_text(
            key=key,
            to_mobile=due.contact.value,
            language=due.language,
            template=rules.SignInCode.template,
            text=text,
        )


@job("notify.send_invitation", attempts=3)
async def send_invitation(invitation_id: str, turn: int) -> None:
    """Send the link of an invitation, unless a newer one was sent or the invitation is over by now."""
    found = await invitations.invitation(UUID(invitation_id))
    if found.turn != turn or found.state is not InvitationState.OPEN:
        return
    url = f"{gateways.settings().public_url}/invitation/{invitations.token_of(found.id, turn)}"
    key = f"invitation:{found.id}:{turn}"
    async with atomic():
        if found.contact.channel is Channel.EMAIL:
            with i18n.speaking(found.language):
                region = (await invitations.invitation(found.id)).region_name
            letter = rules.StaffInvitation(
                name=found.name,
                role=ROLE_NAMES[found.role],
                organisation=found.organisation_name,
                region=region,
                accept_url=url,
                expires_at=found.expires_at,
            )
            await actions.send(key=key, to_email=found.contact.value, language=found.language, letter=letter)
            return
        with i18n.speaking(found.language):
            text = i18n.gettext(SMS_INVITATION).format(
                organisation=gateways.settings().organisation.short_name,
                role=i18n.gettext(ROLE_NAMES[found.role]),
                url=url,
            )
        await actions.send_text(
            key=key,
            to_mobile=found.contact.value,
            language=found.language,
            template=rules.StaffInvitation.template,
            text=text,
        )


@job("notify.account_safety")
async def account_safety(key: str, person_id: str, change: rules.Safety, at: str, device: str = "") -> None:
    """Tell somebody that a way into their account changed; asked for, by name, where it is changed."""
    letter = rules.AccountSafety(
        change=change,
        at=datetime.fromisoformat(at),
        device=device,
        account_url=gateways.settings().public_url + "/account",
    )
    async with atomic():
        await actions.tell(key=key, person_id=UUID(person_id), event=events.ACCOUNT_SAFETY, letter=letter)


@job("notify.contact_replaced", attempts=3)
async def contact_replaced(replaced_id: str) -> None:
    """Tell an address or number that an account has another one in its place, and forget it."""
    async with atomic():
        old = await take_replaced(UUID(replaced_id))
        if old is None:
            return
        letter = rules.AccountSafety(
            change="contact_changed",
            at=old.at,
            device="",
            account_url=gateways.settings().public_url + "/account",
        )
        key = f"contact-replaced:{replaced_id}"
        await actions.send_to(key=key, to=old.contact, language=old.language, letter=letter)


@job("notify.sweep", cron="* * * * *")
async def sweep() -> None:
    """Ask again for every letter whose time has come: postponed ones, and those that a dead worker had."""
    for letter_id in await queries.overdue(before=clock.now() - GRACE):
        await enqueue_once("notify.deliver", key=f"notify.deliver:{letter_id}", letter_id=str(letter_id))


@job("notify.forget", cron="17 3 * * *")
async def forget() -> None:
    """Drop the content of letters that went out a month ago, and messages that are two years old."""
    await delivery.forget(closed_before=clock.now() - rules.KEPT_FOR)
    await delivery.clear_inboxes(told_before=clock.now() - rules.INBOX_KEPT_FOR)
