import pytest

from mockserver.base.secrets import names_secret


@pytest.mark.parametrize(
    "name",
    ["Authorization", "x-api-key", "apiKey", "access_token", "clientSecret", "Set-Cookie",
     "password", "passwd", "x-auth-token", "sessionId", "code", "pin", "privateKey", "jwt"],
)  # fmt: skip
def test_names_that_carry_secrets_are_known(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "status",
        "token_type",
        "authorName",
        "auth_type",
        "invitation_id",
        "author",
        "encoded",
        "WWW-Authenticate",
    ],
)
def test_other_names_are_not_taken_for_secrets(name: str) -> None:
    assert not names_secret(name)
