"""What may be seen of a name, a number or an address (domain rules on personal data, §2.6).

A masked ID number is for staff pages alone: not even its stars belong on a public page.
"""

import re

ANONYMOUS = "爱心网友"
"""How a giver who wants no name is called in public, in the Chinese edition."""

_TWO = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳"
    " 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 令狐 百里 呼延 东郭 南门 轩辕 第五"
)
_TWO_CHARACTERS = frozenset(_TWO.split())
"""The family names of two characters."""

_FIRST_LEVELS = re.compile(
    r"(?P<province>[\u4e00-\u9fff]{2,8}?(?:省|自治区))?"
    r"(?P<city>[\u4e00-\u9fff]{1,9}?(?:市|自治州|地区|盟))?"
    r"(?P<county>[\u4e00-\u9fff][^\d\s镇乡街道路村号楼]{0,10}?(?:区|县|市|旗))?"
    r"(?P<town>[\u4e00-\u9fff][^\d\s镇乡街道路村号楼]{0,6}?(?:街道|镇|乡|苏木))?"
)
_ANY_CODE = re.compile(r"C-\d{4,}")


def name(full: str) -> str:
    """Mask a personal name: 张三 → 张*, 欧阳小明 → 欧**明; other scripts keep their first letter."""
    text = full.strip()
    if len(text) <= 1:
        return "*" if text else ""
    if len(text) == 2:
        return text[0] + "*"
    return text[0] + "*" * (len(text) - 2) + text[-1]


def family_name(full: str) -> str:
    """Leave the family name alone: 张小三 → 张某, 欧阳小明 → 欧阳某, Ada → A*."""
    text = "".join(full.split())
    if not text:
        return ""
    if not "\u4e00" <= text[0] <= "\u9fff":
        return text[0] + "*"
    known = 2 if len(text) > 2 and text[:2] in _TWO_CHARACTERS else 1
    return text[:known] + "某"


def phone(number: str) -> str:
    """Mask a telephone number: 13812348000 → 138****8000."""
    digits = re.sub(r"[^0-9]", "", number)
    if len(digits) > 11 and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) < 11:
        return "****" + digits[-4:] if len(digits) > 7 else "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}"


def email(address: str) -> str:
    """Mask an e-mail address: ada@x.org → a**@x.org."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}**{at}{domain}" if at else "**"


def id_number(number: str) -> str:
    """Mask an ID number: 371402199003078888 → 3714**************, without the day of birth and the end."""
    text = "".join(number.split())
    return text[:4] + "*" * (len(text) - 4) if len(text) >= 15 else "*" * len(text)


def bank_card(number: str) -> str:
    """Mask a bank card or account: only the last four digits stay, **** 1234."""
    digits = re.sub(r"[^0-9]", "", number)
    return f"**** {digits[-4:]}" if len(digits) >= 12 else "*" * len(digits)


def to_town(address: str) -> str:
    """Cut an address after the town or street office; without one after the county, else the city."""
    text = "".join(address.split())
    found = _FIRST_LEVELS.match(text)
    return found.group() if found else ""


def child(number: int) -> str:
    """Return the code that stands for a child everywhere outside its own file: 1 → C-0001."""
    if number < 1:
        raise ValueError("children are counted from 1")
    return f"C-{number:04}"


def is_child_code(text: str) -> bool:
    """Tell whether a text is the code of a child."""
    return _ANY_CODE.fullmatch(text) is not None
