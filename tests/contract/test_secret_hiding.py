from typing import Any

import pytest

from mockserver.base.secrets import REDACTED
from mockserver.contract.secret_hiding import Redactor, without_secrets


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "hush", "note": "seen"}, {"password": REDACTED, "note": "seen"}),
        ({"a": [{"token": "hush"}, 1]}, {"a": [{"token": REDACTED}, 1]}),
        ({"password": "", "token": None}, {"password": "", "token": None}),
        ([["seen"]], [["seen"]]),
        (
            [{"cvv": "123", "cvc": 123, "passcode": "1234", "pin": 4321}],
            [{"cvv": REDACTED, "cvc": REDACTED, "passcode": REDACTED, "pin": REDACTED}],
        ),
        ("seen", "seen"),
    ],
)
def test_members_with_names_of_secrets_are_hidden_at_any_depth(value: Any, shown: Any) -> None:
    assert without_secrets(value) == shown


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("hush", "hush"),
        ("a b/c", "a%20b%2Fc"),
        ("a b/c", "a%20b/c"),
        ("a b/c", "a+b%2Fc"),
        ('say "x"', 'say \\"x\\"'),
        ("clé secrète", "cl\\u00e9 secr\\u00e8te"),
        ("clé secrète", "clé secrète"),
    ],
)
def test_a_secret_is_hidden_in_every_encoding(secret: str, text: str) -> None:
    assert Redactor([secret])(f"<{text}>") == f"<{REDACTED}>"


def test_a_longer_secret_is_hidden_before_one_that_it_contains() -> None:
    assert Redactor(["hush", "hush-hush"])("hush-hush hush") == f"{REDACTED} {REDACTED}"


def test_texts_of_fewer_than_four_characters_are_not_secret() -> None:
    redact = Redactor(["abc", ""])
    assert redact("abc") == "abc"
    redact.add("abcd")
    assert redact("abc abcd") == f"abc {REDACTED}"


def test_new_secrets_are_returned_once() -> None:
    redact = Redactor(["hush"])
    assert redact.take_new() == ["hush"]
    redact.add("hush", "hash", "abc")
    assert redact.take_new() == ["hash"]
    assert redact.take_new() == []
