import pytest

from mockserver.secret_names import REDACTED
from mockserver.server.redaction import redacted, redacted_headers, redacted_query

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize("name", ["password", "apiKey", "client_secret", "sessionToken", "code"])
def test_members_and_parameters_whose_names_carry_secrets_are_hidden(name: str) -> None:
    assert redacted([{name: "hush", "note": "seen"}]) == [{name: REDACTED, "note": "seen"}]
    assert redacted_query(f"{name}=hush&note=seen", NONE) == f"{name}={REDACTED}&note=seen"


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
