"""Numbers as address books still hold them, from before their country changed its plan.

Every rule is checked against libphonenumber where it is used and by a test: the old form is not
valid there and the new one is.
"""

import re
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber


class Change(NamedTuple):
    """What has become of a number."""

    number: str
    "E.164 of today; empty where the old number does not tell which it is."
    digits: str
    "What was put in front of all such numbers; empty: another rule."


_VIETNAM = {
    "120": "70", "121": "79", "122": "77", "123": "83", "124": "84", "125": "85", "126": "76",
    "127": "81", "128": "78", "129": "82", "162": "32", "163": "33", "164": "34", "165": "35",
    "166": "36", "167": "37", "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip
"Prefixes of eleven digits, until 2018, and those of ten."

_PUT_IN_FRONT = {
    "BJ": ("01", r"\d{8}"),  # 2024
    "CI": ("01 / 05 / 07", r"\d{8}"),  # 2021; which of them depends on the operator
    "CM": ("6", r"[5-9]\d{7}"),  # 2014
    "EC": ("9", r"[89]\d{7}"),  # 2012
    "GE": ("5", r"[579]\d{7}"),  # 2011
    "MU": ("5", r"[79]\d{6}"),  # 2013
}
"Region -> digits, and which national numbers lacked them."

_REWRITTEN = {
    "AR": (r"([1-3]\d{9})", r"9\1"),  # mobile numbers, when called from abroad
    "BR": (r"(\d\d)([6-9]\d{7})", r"\g<1>9\2"),  # 2012 to 2016
    "MX": (r"(?:1|04[45])(\d{10})", r"\1"),  # 2019
}
"Region -> an old national number, and what is made of it."


def renumbered(region: str, number: PhoneNumber) -> Change | None:
    """What a number of an old plan has become; None if it is none."""
    own = phonenumbers.national_significant_number(number)
    country = f"+{number.country_code}"
    if region in _PUT_IN_FRONT:
        digits, old = _PUT_IN_FRONT[region]
        if re.fullmatch(old, own):
            return Change(f"{country}{digits}{own}" if digits.isdecimal() else "", digits)
    if region in _REWRITTEN:
        old, new = _REWRITTEN[region]
        if match := re.fullmatch(old, own):
            return Change(country + match.expand(new), "")
    if region == "VN" and own[:3] in _VIETNAM and len(own) == 10:
        return Change(country + _VIETNAM[own[:3]] + own[3:], "")
    return None
