"""What is typed when signing in, registering, and looking after one's account."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from cishan.identity.rules.factors import read_recovery_code
from cishan.identity.rules.passwords import MAX_PASSWORD
from cishan.identity.rules.roles import Role
from cishan.kernel import contacts
from cishan.kernel.contacts import Contact
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import CHOOSE, Input

Next = Annotated[str, Input(max_length=300)]
"""The page that was wanted."""
Password = Annotated[str, Input(max_length=MAX_PASSWORD)]


def _six_digits(text: str) -> str:
    digits = "".join(text.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        raise Invalid(N_("Enter the six digits of the code."))
    return digits


def _role(text: str) -> Role:
    if text not in set(Role):
        raise Invalid(CHOOSE)
    return Role(text)


def _region(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) in {6, 9, 12}):
        raise Invalid(CHOOSE)
    return text


class StaffSignIn(msgspec.Struct):
    """Name and password of staff."""

    username: Annotated[str, Input(max_length=254)]
    password: Password
    next: Next = ""


class SignIn(msgspec.Struct):
    """Mobile number, e-mail address or account name, and password."""

    login: Annotated[str, Input(max_length=254)]
    password: Password
    next: Next = ""


class AskCode(msgspec.Struct):
    """Where a code shall go."""

    contact: Annotated[Contact, Input(parse=contacts.contact, max_length=254)]
    next: Next = ""


class EnterCode(msgspec.Struct):
    """The code that arrived."""

    code: Annotated[str, Input(parse=_six_digits, max_length=20)]
    next: Next = ""


class Register(msgspec.Struct):
    """Who registers; the contact was proved before."""

    name: Annotated[str, Input(max_length=40)]
    password: Password = ""
    adult: bool = False
    agree: bool = False
    next: Next = ""

    def __post_init__(self) -> None:
        """Nobody under age registers on their own, and nobody without knowing what is kept."""
        if not self.adult:
            raise Invalid(N_("Under eighteen, a parent or guardian registers and adds you."), field="adult")
        if not self.agree:
            raise Invalid(N_("Without your consent we may keep no account."), field="agree")


class ChangePassword(msgspec.Struct):
    """The old password and the new one."""

    password: Password
    current: Password = ""


class AddApp(msgspec.Struct):
    """The first code of an authenticator app, and what was offered to it."""

    code: Annotated[str, Input(parse=_six_digits, max_length=20)]
    offer: Annotated[str, Input(max_length=400)]
    label: Annotated[str, Input(max_length=40)] = ""
    next: Next = ""


class AddPasskey(msgspec.Struct):
    """What the browser answered, as JSON."""

    answer: Annotated[str, Input(max_length=20_000)]
    label: Annotated[str, Input(max_length=40)] = ""
    next: Next = ""


class ShowCode(msgspec.Struct):
    """The code that an authenticator app shows now."""

    code: Annotated[str, Input(parse=_six_digits, max_length=20)]
    next: Next = ""


class UseRecoveryCode(msgspec.Struct):
    """One of the ten codes that were kept."""

    recovery: Annotated[str, Input(parse=read_recovery_code, max_length=40)]
    next: Next = ""


class ShowPasskey(msgspec.Struct):
    """What the browser answered, as JSON."""

    answer: Annotated[str, Input(max_length=20_000)]
    next: Next = ""


class NewContact(msgspec.Struct):
    """An address or a number that shall belong to the account."""

    contact: Annotated[Contact, Input(parse=contacts.contact, max_length=254)]


class Child(msgspec.Struct):
    """A child that the guardian adds."""

    name: Annotated[str, Input(max_length=40)]
    born_on: date
    consent: bool = False

    def __post_init__(self) -> None:
        """Without consent nothing is kept of a child."""
        if not self.consent:
            raise Invalid(N_("Without your consent we keep nothing of a child."), field="consent")


class One(msgspec.Struct):
    """One thing of a list."""

    id: UUID


Reason = Annotated[str, Input(max_length=200, required=N_("Say why; it is kept in the history."))]


class PostForm(msgspec.Struct):
    """A post: which, where, from when until when, and why."""

    role: Annotated[Role, Input(parse=_role, max_length=30)]
    organisation: UUID
    region: Annotated[str, Input(parse=_region, max_length=12)]
    starts_on: date
    reason: Reason
    ends_on: date | None = None


class Invite(PostForm, kw_only=True):
    """Who is invited to a post, and where the letter goes."""

    name: Annotated[str, Input(max_length=40)]
    contact: Annotated[Contact, Input(parse=contacts.contact, max_length=254)]


class EndPost(msgspec.Struct):
    """When a post ends, and why; without a day at once."""

    reason: Reason
    on: date | None = None


class Because(msgspec.Struct):
    """Why something is done."""

    reason: Reason


class Accept(msgspec.Struct):
    """How the invited person wants to come in from now on."""

    password: Password = ""
    agree: bool = False

    def __post_init__(self) -> None:
        """Nobody without knowing what is kept."""
        if not self.agree:
            raise Invalid(N_("Without your consent we may keep no account."), field="agree")
