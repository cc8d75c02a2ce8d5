"""What is done at a terminal: the first administrator of a live platform; lost second factors."""

import asyncio

import click

from cishan import gateways
from cishan.identity.actions import accounts, closing, invitations
from cishan.identity.actions.posts import NewPost
from cishan.identity.queries import invitations as queries
from cishan.identity.queries.regions import organisation_named
from cishan.identity.rules.roles import INVITATION_LIFE, Role
from cishan.kernel import clock, contacts
from cishan.kernel.errors import DomainError, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n


@click.command("invite-admin")
@click.argument("name")
@click.argument("contact")
@click.option("--organisation", default="federation", help="Code of the organisation (federation).")
@click.option("--english", is_flag=True, help="Write the letter in English.")
def invite_admin(name: str, contact: str, organisation: str, english: bool) -> None:
    """Invite NAME as an administrator, by letter or text message to CONTACT; print the link too.

    Administrators invite everybody else on the site. The link works once.
    """
    language = i18n.ENGLISH if english else i18n.CHINESE
    try:
        link = asyncio.run(_invite(name, contact, organisation, language))
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Invited {name}. The link works once, for {INVITATION_LIFE.days} days:\n{link}")


@click.command("forget-factors")
@click.argument("account")
@click.option("--reason", required=True, help="How it was seen that they are who they say.")
def forget_factors(account: str, reason: str) -> None:
    """Take the second factors from ACCOUNT (its name, number or address), whose owner lost them."""
    try:
        asyncio.run(_forget_factors(account, reason))
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Their second factors and recovery codes are gone, and all their sessions ended.")


async def _forget_factors(login: str, reason: str) -> None:
    _, account = await accounts.named(login)
    if account is None or account["person"] is None:
        raise NotFound(N_("There is no such account."))
    await closing.forget_factors(account["person"], because=reason[:200], by=None)


async def _invite(name: str, contact: str, organisation: str, language: str) -> str:
    found = await organisation_named(organisation)
    post = NewPost(
        role=Role.ADMINISTRATOR,
        organisation_id=found.id,
        region=found.region,
        starts_on=clock.today(),
        reason="cishan invite-admin",
    )
    invitation_id = await invitations.invite(
        post, name=name, to=contacts.contact(contact), language=language, by=None
    )
    return f"{gateways.settings().public_url}/invitation/{queries.token_of(invitation_id, 1)}"
