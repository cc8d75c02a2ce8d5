"""What may be seen in public of a name, a number or an address (domain rules on personal data)."""

import re

ANONYMOUS = "爱心网友"
"""How a giver who wants no name is called in public, in the Chinese edition."""


def name(full: str) -> str:
    """Mask a personal name: 张三 → 张*, 欧阳小明 → 欧**明; other scripts keep their first letter."""
    text = full.strip()
    if len(text) <= 1:
        return "*" if text else ""
    if len(text) == 2:
        return text[0] + "*"
    return text[0] + "*" * (len(text) - 2) + text[-1]


def phone(number: str) -> str:
    """Mask a telephone number: 13812348000 → 138****8000."""
    digits = re.sub(r"\D", "", number)
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}"


def email(address: str) -> str:
    """Mask an e-mail address: ada@x.org → a**@x.org."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}**{at}{domain}" if at else "**"
