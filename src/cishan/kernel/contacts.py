"""How people can be reached: e-mail addresses and telephone numbers, in one spelling each."""

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

from cishan.kernel import masking
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

_EMAIL = re.compile(r"[^@\s,;<>()\"\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")


class Channel(StrEnum):
    """By what a person can be reached."""

    EMAIL = "email"
    MOBILE = "mobile"


@dataclass(frozen=True, slots=True)
class Contact:
    """An address or a number in its one spelling."""

    channel: Channel
    value: str

    @property
    def masked(self) -> str:
        """Return enough to recognise one's own, and no more."""
        if self.channel is Channel.EMAIL:
            return masking.email(self.value)
        return masking.phone(self.value.removeprefix("+86"))


def email(text: str) -> str:
    """Return an e-mail address in lower case; raise Invalid if it cannot be one."""
    address = text.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise Invalid(N_("Enter an e-mail address such as name@example.com."))
    return address


def phone(text: str) -> str:
    """Return a telephone number with its country code, +8613800000000, however it was spaced."""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise Invalid(N_("Enter a telephone number, for example 138 0000 0000.")) from None
    if not phonenumbers.is_valid_number(number):
        raise Invalid(N_("Enter a telephone number, for example 138 0000 0000."))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def contact(text: str) -> Contact:
    """Read an e-mail address or a mobile number of the mainland; raise Invalid."""
    if "@" in text:
        return Contact(Channel.EMAIL, email(text))
    try:
        number = phonenumbers.parse(phone(text))
    except Invalid:
        raise Invalid(_UNREADABLE) from None
    if number.country_code != 86 or phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise Invalid(_UNREADABLE)
    return Contact(Channel.MOBILE, phone(text))


_UNREADABLE = N_("Enter a mobile number such as 138 0000 0000, or an e-mail address.")
