"""Check that a text is one e-mail address as SMTP writes it (RFC 5321, 4.1.2, and RFC 6531, 3.3).

`schemas/compilation.py` uses both functions for the formats `email` and `idn-email`;
`language/functions.py` uses `is_email` for the function of that name. They return a bool and never
raise. A display name or `<…>` is not part of an address; an IP address in brackets may be.
"""

import re
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_LONGEST = 254
"""The length of an address; `<` and `>` around it make 256 (RFC 5321, section 4.5.3.1.3)."""
_LONGEST_LOCAL = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_QUOTED = r'"(?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*"'
_LETTERS = r"A-Za-z0-9\u0080-\U0010ffff"
_LABEL = rf"[{_LETTERS}](?:[{_LETTERS}-]{{0,61}}[{_LETTERS}])?"
_ADDRESS = (
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*|{_QUOTED})"
    rf"@(?:{_LABEL}(?:\.{_LABEL})*|\[(?P<literal>[0-9A-Za-z:.]+)\])"
)


def is_email(text: str) -> bool:
    """Return True if a text is one e-mail address of ASCII characters."""
    return text.isascii() and is_international_email(text)


def is_international_email(text: str) -> bool:
    """Return True if a text is one e-mail address, which may have characters beyond ASCII."""
    if len(text) > _LONGEST or (found := _address().fullmatch(text)) is None:
        return False
    literal = found["literal"]
    is_short = len(found["local"].encode("utf-8", "replace")) <= _LONGEST_LOCAL
    return is_short and (literal is None or _is_address_literal(literal))


@cache
def _address() -> re.Pattern[str]:
    """Compile the pattern of addresses, which takes 20 ms, when it is first needed."""
    return re.compile(_ADDRESS)


def _is_address_literal(text: str) -> bool:
    tag, colon, address = text.partition(":")
    try:
        if not colon:
            IPv4Address(text)
            return True
        IPv6Address(address)
    except AddressValueError:
        return False
    return tag.lower() == "ipv6"
