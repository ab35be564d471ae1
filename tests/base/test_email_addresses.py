"""E-mail addresses: one definition for expressions, formats and masks."""

import pytest

from mockserver.base.email_addresses import is_email, is_international_email
from mockserver.language.functions import is_email as is_email_of_expressions
from mockserver.schemas.compilation import compile_schema

ADDRESSES = [
    *("a@b", "a@b.co", "a.b+c@d-e.org", '"a b"@x.org', r'"a\"b"@x.org', '""@x.org', "a@1.2"),
    *("a@[127.0.0.1]", "a@[IPv6:::1]", "a@[ipv6:2001:db8::1]", "a" * 64 + "@b.co"),
    "a@" + "b" * 63 + ".co",
]
OTHERS = [
    *("", "a", "@b", "a@", "a..b@x.org", ".a@b", "a.@b", "a@b.", "a@-b", "a@b-", "a@b_c", "a@b..c"),
    *("a b@c", '"a"b@c', '"a\nb"@c', '"a@c', "a@b@c", "(c)a@b", "A <a@b.co>", "a@b\n", "a@b c"),
    *("a@[127.0.0.300]", "a@[1.2.3]", "a@[::1]", "a@[x:foo]", "a@[IPv6:]", "a@[]", "a" * 65 + "@b"),
    *("a@" + "b" * 64, "a@" + ".".join(["b" * 60] * 5)),
]
INTERNATIONAL = ["é@b.co", "a@é.co", '"é"@b.co', "用户@例子.广告"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, True) for text in ADDRESSES),
        *((text, False) for text in (*OTHERS, *INTERNATIONAL)),
    ],
)
def test_expressions_and_schemas_have_one_definition_of_an_address(
    text: str, *, expected: bool
) -> None:
    validators = [compile_schema({"format": "email"}, draft) for draft in ("4", "7", "2020-12")]

    assert is_email(text) is expected
    assert is_email_of_expressions(text) is expected
    assert [validator.is_valid(text) for validator in validators] == [expected] * 3


@pytest.mark.parametrize("text", [*ADDRESSES, *INTERNATIONAL])
def test_the_format_idn_email_also_accepts_characters_beyond_ascii(text: str) -> None:
    assert is_international_email(text)
    assert compile_schema({"format": "idn-email"}).is_valid(text)


@pytest.mark.parametrize("text", [*OTHERS, "é" * 33 + "@b.co"])
def test_the_format_idn_email_accepts_nothing_else(text: str) -> None:
    assert not compile_schema({"format": "idn-email"}).is_valid(text)
