"""Passkeys (WebAuthn): asking a browser for one, and judging what it answers.

A challenge carries our own mark and its time, so that nothing is kept until it is answered; then it is spent.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import webauthn
from webauthn import helpers
from webauthn.helpers import structs

from cishan.identity.actions import factors
from cishan.identity.actions.accounts import may_enter
from cishan.identity.actions.sessions import give_back, note_if_locked, open_session, spend_try
from cishan.identity.queries.factors import Standing, passkey_ids
from cishan.identity.rules import accounts as account_rules
from cishan.identity.rules import factors as rules
from cishan.identity.rules.accounts import Method, Visitor
from cishan.identity.rules.factors import Kind
from cishan.identity.tables.factors import Factor, SpentChallenge
from cishan.kernel import clock, ids
from cishan.kernel.errors import DomainError, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, fetch

REFUSED = N_("This passkey did not work. Try again, or choose another way.")
REGISTER, SECOND, FIRST = "register", "second factor", "sign-in"
_MARK_BYTES = 32
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Site:
    """For which site passkeys are made: a name that they are bound to, and where the browser stands."""

    name: str
    host: str
    origin: str


def challenge(purpose: str, session_id: UUID | None = None) -> bytes:
    """Return a new challenge that we shall know again, for one purpose and one session."""
    made = ids.new_id()
    return made.bytes + _mark(made, purpose, session_id)


def _mark(made: UUID, purpose: str, session_id: UUID | None) -> bytes:
    tag = crypto.secret_link(made, purpose=f"passkey {purpose} {session_id or ''}")
    return base64.urlsafe_b64decode(tag + "=")


def _known(answered: bytes, purpose: str, session_id: UUID | None) -> UUID:
    """Return the id of a challenge of ours whose time is not over."""
    if len(answered) != 16 + _MARK_BYTES:
        raise Invalid(REFUSED)
    made = UUID(bytes=answered[:16])
    if not hmac.compare_digest(answered[16:], _mark(made, purpose, session_id)):
        raise Invalid(REFUSED)
    asked_at = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    if clock.now() - asked_at > rules.CHALLENGE_LIFE:
        raise Invalid(N_("You took long. Open the page again, then use the passkey."))
    return made


async def _spend(made: UUID) -> None:
    now = clock.now()
    await SpentChallenge.delete().where(SpentChallenge.spent_at <= now - rules.CHALLENGE_LIFE * 2)
    written = await SpentChallenge.insert(SpentChallenge(id=made, spent_at=now)).on_conflict(
        target=SpentChallenge.id, action="DO NOTHING"
    )
    if not written:
        raise Invalid(REFUSED)


async def registration_options(visitor: Visitor, site: Site, *, account_name: str) -> str:
    """Return what the browser is told to make a passkey from, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=visitor.account_id.bytes,
        user_name=account_name,
        user_display_name=visitor.name or account_name,
        challenge=challenge(REGISTER, visitor.session_id),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_named(known) for known in await passkey_ids(visitor.account_id)],
    )
    return webauthn.options_to_json(options)


async def second_factor_options(standing: Standing, site: Site) -> str:
    """Return what the browser is told to show one of the account's passkeys; empty: it has none."""
    known = await passkey_ids(standing.account_id)
    if not known:
        return ""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge(SECOND, standing.session_id),
        allow_credentials=[_named(one) for one in known],
        user_verification=structs.UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def sign_in_options(site: Site) -> str:
    """Return what the browser is told to show any passkey of this site, with a finger, a face or a PIN."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge(FIRST),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def _named(credential_id: bytes) -> structs.PublicKeyCredentialDescriptor:
    return structs.PublicKeyCredentialDescriptor(id=credential_id)


async def add_passkey(visitor: Visitor, site: Site, *, answer: str, label: str) -> list[str]:
    """Take a passkey that a browser made; return recovery codes if it is the account's first factor."""
    credential = _read(helpers.parse_registration_credential_json, answer)
    asked = _challenge_in(credential.response.client_data_json)
    made = _known(asked, REGISTER, visitor.session_id)
    verified = _read(
        webauthn.verify_registration_response,
        credential=credential,
        expected_challenge=asked,
        expected_rp_id=site.host,
        expected_origin=site.origin,
    )
    passkey = Factor(
        id=ids.new_id(),
        account=visitor.account_id,
        kind=Kind.PASSKEY,
        label=label,
        created_at=clock.now(),
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
    )
    async with atomic():
        await _spend(made)
        if await Factor.exists().where(Factor.credential_id == verified.credential_id):
            raise Invalid(N_("This passkey is in use already."))
        return await factors.keep(visitor, passkey, change="passkey_added")


async def show_passkey(standing: Standing, site: Site, answer: str) -> str:
    """Take the answer of one of the account's passkeys; return the session's new secret."""
    tries = await factors.spend(standing.account_id)
    try:
        async with atomic():
            row = await _judge(site, answer, SECOND, standing.session_id)
            if row["account"] != standing.account_id:
                raise Invalid(REFUSED)
            await give_back(tries)
            return await factors.passed(standing, by=Kind.PASSKEY)
    except Invalid:
        await factors.failed(standing.account_id)
        raise


async def enter(site: Site, *, answer: str, address: str, device: str) -> str:
    """Return the secret of a new session for a passkey alone: one has it, and showed a finger or a PIN."""
    subject = crypto.blind_index(address, purpose="sign-in address")
    tries = await spend_try({subject: account_rules.FAILURES_PER_ADDRESS})
    try:
        async with atomic():
            row = await _judge(site, answer, FIRST, None)
            if not may_enter(row):
                raise Invalid(REFUSED)
            await give_back(tries)
            return await open_session(
                row["account"],
                method=Method.PASSKEY,
                device=device,
                shown_at=clock.now(),
            )
    except Invalid:
        await note_if_locked(subject, account_rules.FAILURES_PER_ADDRESS, kind="address", id=subject.hex())
        raise


async def _judge(site: Site, answer: str, purpose: str, session_id: UUID | None) -> dict[str, Any]:
    """Return the passkey that gave a right answer to a challenge of ours, and spend the challenge."""
    credential = _read(helpers.parse_authentication_credential_json, answer)
    asked = _challenge_in(credential.response.client_data_json)
    made = _known(asked, purpose, session_id)
    rows = await fetch(
        """SELECT factor.id, factor.account, factor.public_key, factor.sign_count,
                  account.active, account.is_demo
             FROM factor JOIN account ON account.id = factor.account
            WHERE factor.credential_id = {} AND factor.kind = 'passkey' FOR UPDATE OF factor""",
        credential.raw_id,
    )
    if not rows:
        raise Invalid(REFUSED)
    verified = _read(
        webauthn.verify_authentication_response,
        credential=credential,
        expected_challenge=asked,
        expected_rp_id=site.host,
        expected_origin=site.origin,
        credential_public_key=bytes(rows[0]["public_key"]),
        credential_current_sign_count=rows[0]["sign_count"],
        require_user_verification=purpose == FIRST,
    )
    await _spend(made)
    await Factor.update({Factor.sign_count: verified.new_sign_count, Factor.used_at: clock.now()}).where(
        Factor.id == rows[0]["id"]
    )
    return rows[0]


def _challenge_in(client_data: bytes) -> bytes:
    return _read(helpers.parse_client_data_json, client_data).challenge


def _read(judge: Callable[..., V], *values: object, **named: object) -> V:
    """Call the library on what a stranger sent; whatever it stumbles over is a refusal."""
    try:
        return judge(*values, **named)
    except DomainError:
        raise
    except Exception as error:
        raise Invalid(REFUSED) from error
