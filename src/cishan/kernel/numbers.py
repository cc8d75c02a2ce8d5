"""Numbers as people type them: whole ones, and those with a check digit, of persons, organisations, cards."""

from dataclasses import dataclass
from datetime import date

from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, fold

_DIGITS = frozenset("0123456789")


def whole_number(text: str, *, limit: int | None = None, least: int = 1) -> int:
    """Return a whole number however it was typed (12, １２, 1,000, 1 000); raise Invalid for anything else.

    Full-width digits and commas count as the plain ones; they are folded here, for `kernel.text.clean` leaves
    them. Without a limit only the digits are judged (nine at most); with one, `least` is 0 or 1.
    """
    folded = fold(text).replace(",", "").replace(" ", "")
    is_number = set(folded) <= _DIGITS and 1 <= len(folded) <= 9
    if limit is None:
        if not is_number:
            raise Invalid(N_("Enter a whole number."))
    elif not is_number or not least <= int(folded) <= limit:
        if least == 0:
            raise Invalid(N_("Enter a whole number from 0 to {limit}."), limit=f"{limit:,}")
        raise Invalid(N_("Enter a whole number from 1 to {limit}."), limit=f"{limit:,}")
    return int(folded)


@dataclass(frozen=True, slots=True)
class CitizenId:
    """What an ID number says."""

    number: str
    region: str
    """Six digits, GB/T 2260, as they were where and when it was given."""
    born_on: date
    is_male: bool


def citizen_id(text: str, *, today: date) -> CitizenId:
    """Read an ID number (GB 11643-1999); raise Invalid unless its day of birth and its check digit are right.

    Whether the region still exists is not asked: the numbers of abolished counties stay valid for life.
    """
    number = fold(text).replace(" ", "").upper()
    if len(number) != 18 or not set(number[:17]) <= _DIGITS or number[17] not in "0123456789X":
        raise Invalid(N_("An ID number has 18 characters: 17 digits, then a digit or X."))
    try:
        born_on = ric.get_birth_date(number)
    except ValidationError:
        born_on = date.max
    if number[17] != ric.calc_check_digit(number) or not date(1850, 1, 1) <= born_on <= today:
        raise Invalid(N_("This ID number cannot be right; compare it with the card."))
    return CitizenId(number, number[:6], born_on, is_male=int(number[16]) % 2 == 1)


def organisation_code(text: str) -> str:
    """Return a unified social credit code (GB 32100-2015) in capitals; raise Invalid if it is none."""
    try:
        return str(uscc.validate(fold(text).upper()))
    except ValidationError:
        raise Invalid(N_("Check the unified social credit code: it has 18 characters.")) from None


def bank_card(text: str) -> str:
    """Return a bank card's digits; raise Invalid unless there are 12 to 19 and the check digit is right."""
    number = fold(text).replace(" ", "").replace("-", "")
    if not (12 <= len(number) <= 19 and set(number) <= _DIGITS and luhn.is_valid(number)):
        raise Invalid(N_("This card number cannot be right; compare it with the card."))
    return number
