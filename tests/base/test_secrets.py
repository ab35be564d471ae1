import pytest

from mockserver.base.secrets import names_secret, names_secret_number


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


@pytest.mark.parametrize(
    "name",
    ["mySecret", "passwort", "passphrase", "resetToken", "API-Key", "apikey", "x-auth", "Bearer",
     "credentials", "cookie", "session", "x-signature", "private_data", "jwt", "x-csrf", "xsrf",
     "code_verifier", "code_challenge", "code", "key", "otp", "pin", "sid", "sig"],
)  # fmt: skip
def test_every_word_for_a_secret_is_known(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "code_challenge_method",
        "postcode",
        "keyboard",
        "option",
        "spin",
        "side",
        "design",
        "zip_code",
    ],
)
def test_a_word_that_only_contains_one_for_a_secret_is_not_taken_for_it(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [("password", True), ("passcode", True), ("otp", True), ("pin", True), ("cvv", True),
     ("cvc", True), ("max_tokens", False), ("code", False), ("opinion", False), ("cvx", False)],
)  # fmt: skip
def test_numbers_of_few_names_are_secret(name: str, *, is_secret: bool) -> None:
    assert names_secret_number(name) is is_secret
