import pytest

from mockserver.cli.contract_options import read_headers
from mockserver.contract.secret_hiding import Redactor


def test_values_of_headers_and_of_the_environment_are_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_KEY", "key-from-the-environment")
    redact = Redactor()

    headers = read_headers(["X-Mixed: live-${SHOP_KEY}", "Authorization: Bearer literal"], redact)

    assert headers == {
        "x-mixed": "live-key-from-the-environment",
        "authorization": "Bearer literal",
    }
    for secret in ("live-key-from-the-environment", "key-from-the-environment", "literal"):
        assert secret not in redact(f"told {secret} here")
