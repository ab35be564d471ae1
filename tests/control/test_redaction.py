import pytest

from mockserver.base.secrets import REDACTED
from mockserver.control.redaction import redacted, redacted_headers, redacted_query

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize("name", ["password", "apiKey", "client_secret", "sessionToken", "code"])
def test_members_and_parameters_whose_names_carry_secrets_are_hidden(name: str) -> None:
    assert redacted([{name: "hush", "note": "seen"}]) == [{name: REDACTED, "note": "seen"}]
    assert redacted_query(f"{name}=hush&note=seen", NONE) == f"{name}={REDACTED}&note=seen"


def test_a_parameter_s_name_is_read_as_it_is_meant() -> None:
    assert redacted_query("api%5Fkey=hush&pass+word=1", NONE) == f"api%5Fkey={REDACTED}&pass+word=1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"pin": 1234, "otp": 99}, {"pin": REDACTED, "otp": REDACTED}),
        ({"tokens": ["abc", ["def"]]}, {"tokens": [REDACTED, [REDACTED]]}),
        ({"tokens": [{"id": 1, "token": "abc"}]}, {"tokens": [{"id": 1, "token": REDACTED}]}),
        ({"total_tokens": 12, "code": 404}, {"total_tokens": 12, "code": 404}),
        ({"password": None}, {"password": None}),
    ],
)
def test_lists_of_secrets_and_secret_numbers_are_hidden(value: object, shown: object) -> None:
    assert redacted(value) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Authorization", REDACTED),
        ("Set-Cookie", REDACTED),
        ("X-Api-Key", REDACTED),
        ("X-Shop", REDACTED),
        ("WWW-Authenticate", "given"),
        ("Content-Type", "given"),
    ],
)
def test_headers_that_carry_secrets_are_hidden(name: str, shown: str) -> None:
    assert redacted_headers([(name, "given")], frozenset({"x-shop"})) == [(name, shown)]
