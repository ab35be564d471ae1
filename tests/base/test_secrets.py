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
    [
        "client_secret",
        "passwd_hash",
        "user_passphrase",
        "my_token",
        "apikey",
        "x-api-key",
        "proxy-authorization",
        "authentication",
        "bearer",
        "credentials",
        "cookie2",
        "session_id",
        "x-signature",
        "private_key",
        "id_jwt",
        "csrf",
        "x-xsrf",
        "code_verifier",
        "code_challenge",
        "code",
        "key",
        "otp",
        "pin",
        "sid",
        "sig",
    ],
)
def test_each_word_of_a_secret_is_known_by_itself(name: str) -> None:
    assert names_secret(name)
    assert names_secret(name.upper())


@pytest.mark.parametrize("word", ["code", "key", "otp", "pin", "sid", "sig"])
def test_short_words_of_a_secret_are_whole_names(word: str) -> None:
    assert not names_secret(f"{word}s_of")
    assert not names_secret(f"my{word}")
    assert not names_secret(f"my_{word}")


@pytest.mark.parametrize("name", ["passwd", "passcode", "otp", "pin", "cvc", "cvv"])
def test_a_number_is_secret_under_few_names(name: str) -> None:
    assert names_secret_number(name)


@pytest.mark.parametrize("name", ["max_tokens", "code", "key", "pins", "cvs", "my_otp", "session"])
def test_a_number_under_another_name_is_not_secret(name: str) -> None:
    assert not names_secret_number(name)
