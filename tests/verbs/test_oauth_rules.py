"""The OAuth 2.0 server: RFC 6749, 6750 and 7636, in a document that checks nothing itself."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.openapi.compiler import load_apis
from tests.conftest import Reply, World

Serve = Callable[..., World]
DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  settings: {rotate: {type: boolean, default: true}}
  collections:
    clients: {key: id}
    users: {key: id}
    tokens: {key: token, indexed: [family, user_id]}
  records:
    users: [{id: ann}]
    clients:
      - id: web
        secret: s3cret
        redirect_uris: ['https://web.example/cb', 'https://web.example/cb?a=1']
      - {id: spa, redirect_uris: ['https://spa.example/cb']}
      - id: app
        redirect_uris: ['myapp:///cb', 'myapp:/one', 'http://127.0.0.1/cb', 'http://[::1]/cb?x=1']
      - {id: 'odd id', secret: 'a b+c%d:é', redirect_uris: ['https://odd.example/cb']}
  principals: {OAuth: {in: tokens}}
components: {securitySchemes: {OAuth: {type: oauth2, flows: {}}}}
paths:
  /authorize:
    get:
      parameters:
        - {name: client_id, in: query, schema: {type: string}}
        - {name: redirect_uri, in: query, schema: {type: string}}
        - {name: response_type, in: query, schema: {type: string}}
        - {name: state, in: query, schema: {type: string}}
        - {name: scope, in: query, schema: {type: string}}
        - {name: code_challenge, in: query, schema: {type: string}}
        - {name: code_challenge_method, in: query, schema: {type: string}}
      responses: {'302': {description: back}}
      x-mock:
        steps:
          - oauth_authorize:
              clients: clients
              users: users
              scopes: [read, write]
              default_scope: read
              consent: approve
  /token:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: {type: object}}
          application/json: {schema: {}}
      responses: {'200': {description: ok}}
      x-mock:
        steps:
          - oauth_token:
              clients: clients
              tokens: tokens
              refresh_lifetime: P1D
              rotate: "{{ settings.rotate }}"
  /me:
    get:
      security: [{OAuth: [read]}]
      responses: {'200': {description: ok}}
"""
VERIFIER = "v" * 43
SPA = {"client_id": "spa", "redirect_uri": "https://spa.example/cb"}
WEB = {"client_id": "web", "redirect_uri": "https://web.example/cb"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def shop(serve: Serve) -> World:
    return serve(DOCUMENT)


def authorize(shop: World, *pairs: tuple[str, str], **changes: str | None) -> Reply:
    query = {"response_type": "code", **SPA, **changes}
    given = [(name, value) for name, value in query.items() if value is not None]
    return shop.get(f"/authorize?{urlencode([*given, *pairs])}")


def location(reply: Reply) -> str:
    assert reply.status == 302, reply.text
    return reply.header("location") or ""


def answer(reply: Reply) -> dict[str, str]:
    return dict(parse_qsl(location(reply).partition("?")[2], keep_blank_values=True))


def code(shop: World, **changes: str | None) -> str:
    return answer(authorize(shop, **changes))["code"]


def token(
    shop: World, *pairs: tuple[str, str], basic: str | None = None, **form: str | None
) -> Reply:
    given = [(name, value) for name, value in form.items() if value is not None]
    header = None if basic is None else f"Basic {basic}"
    headers = {**FORM, **({"authorization": header} if header else {})}
    return shop.send("POST", "/token", urlencode([*given, *pairs]).encode(), headers)


def exchange(shop: World, value: str, basic: str | None = None, **form: str | None) -> Reply:
    fields = {"grant_type": "authorization_code", "code": value, **SPA, **form}
    return token(shop, basic=basic, **fields)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def refused(reply: Reply, error: str, status: int = 400) -> str:
    assert (reply.status, reply.json["error"]) == (status, error), reply.text
    return str(reply.json["error_description"])


# --- PKCE (RFC 7636) ---


@pytest.mark.parametrize(
    "challenge",
    [
        "x",
        "x" * 3,
        "x" * 42,
        "x" * 129,
        "x" * 42 + " ",
        "x" * 42 + "é",
        "x" * 42 + "+",
        "x" * 43 + "\n",
    ],
)
def test_a_challenge_has_43_to_128_unreserved_characters(shop: World, challenge: str) -> None:
    reply = authorize(shop, code_challenge=challenge, code_challenge_method="S256")
    assert answer(reply)["error"] == "invalid_request"


@pytest.mark.parametrize("challenge", ["x" * 43, "x" * 128, "Az09-._~" * 6])
def test_a_challenge_of_the_right_form_is_accepted(shop: World, challenge: str) -> None:
    assert "code" in answer(authorize(shop, code_challenge=challenge, code_challenge_method="S256"))


@pytest.mark.parametrize("length", [43, 128])
def test_a_verifier_of_the_right_length_is_accepted(shop: World, length: int) -> None:
    verifier = "v" * length
    value = code(shop, code_challenge=challenge_of(verifier), code_challenge_method="S256")
    assert exchange(shop, value, code_verifier=verifier).status == 200


@pytest.mark.parametrize("verifier", ["v", "v" * 42, "v" * 129, "v" * 42 + " ", "v" * 42 + "é"])
def test_a_verifier_of_another_form_is_refused_even_if_its_hash_matches(
    shop: World, verifier: str
) -> None:
    value = code(shop, code_challenge=challenge_of(verifier), code_challenge_method="S256")
    refused(exchange(shop, value, code_verifier=verifier), "invalid_request")


def test_a_wrong_or_missing_verifier_is_an_invalid_grant(shop: World) -> None:
    value = code(shop, code_challenge=challenge_of(VERIFIER), code_challenge_method="S256")
    refused(exchange(shop, value, code_verifier="w" * 43), "invalid_grant")
    refused(exchange(shop, value), "invalid_grant")
    refused(exchange(shop, value, code_verifier=""), "invalid_grant")
    assert exchange(shop, value, code_verifier=VERIFIER).status == 200


# --- authentication of clients (RFC 6749, section 2.3) ---


def test_two_ways_to_authenticate_at_once_are_an_invalid_request(shop: World) -> None:
    value = code(shop, **WEB)
    both = exchange(shop, value, encoded("web:s3cret"), **WEB, client_secret="s3cret")
    refused(both, "invalid_request")
    assert exchange(shop, value, encoded("web:s3cret"), **WEB).status == 200


def test_a_client_id_that_differs_from_that_of_basic_is_an_invalid_request(shop: World) -> None:
    value = code(shop, **WEB)
    reply = exchange(shop, value, encoded("web:s3cret"), **{**WEB, "client_id": "spa"})
    refused(reply, "invalid_request")


@pytest.mark.parametrize("secret", [None, ""])
def test_an_empty_secret_of_a_public_client_is_as_if_it_were_left_out(
    shop: World, secret: str | None
) -> None:
    assert exchange(shop, code(shop), client_secret=secret).status == 200


@pytest.mark.parametrize("client_id", [None, "", "spa"])
def test_a_public_client_may_use_basic_with_an_empty_password(
    shop: World, client_id: str | None
) -> None:
    assert exchange(shop, code(shop), encoded("spa:"), client_id=client_id).status == 200


@pytest.mark.parametrize("secret", [None, "", "s3cre", "s3cret2", "S3CRET"])
def test_a_confidential_client_needs_its_whole_secret(shop: World, secret: str | None) -> None:
    value = code(shop, **WEB)
    refused(exchange(shop, value, **WEB, client_secret=secret), "invalid_client", 401)
    refused(exchange(shop, value, encoded(f"web:{secret or ''}"), **WEB), "invalid_client", 401)
    assert exchange(shop, value, **WEB, client_secret="s3cret").status == 200


def test_a_public_client_has_no_secret(shop: World) -> None:
    refused(exchange(shop, code(shop), client_secret="x"), "invalid_client", 401)


@pytest.mark.parametrize("user", ["odd+id:a+b%2Bc%25d%3A%C3%A9", "odd%20id:a%20b%2bc%25d%3a%c3%a9"])
def test_basic_credentials_of_clients_are_form_encoded(shop: World, user: str) -> None:
    odd = {"client_id": "odd id", "redirect_uri": "https://odd.example/cb"}
    assert (
        exchange(shop, code(shop, **odd), encoded(user), **{**odd, "client_id": None}).status == 200
    )


@pytest.mark.parametrize("value", ["!!!", "é", "", "d2Vi", "/w==", "OnMzY3JldA=="])
def test_basic_credentials_that_cannot_be_read_are_an_invalid_client(
    shop: World, value: str
) -> None:
    reply = token(shop, basic=value, grant_type="authorization_code", code="x")
    refused(reply, "invalid_client", 401)
    assert reply.header("www-authenticate") == 'Basic realm="shop"'


def test_every_invalid_client_has_a_challenge(shop: World) -> None:
    reply = exchange(shop, "x", client_id="nobody")
    refused(reply, "invalid_client", 401)
    assert reply.header("www-authenticate") == 'Basic realm="shop"'


# --- requests ---


@pytest.mark.parametrize("given", [None, ""])
def test_a_missing_response_type_is_an_invalid_request(shop: World, given: str | None) -> None:
    assert answer(authorize(shop, response_type=given))["error"] == "invalid_request"


def test_another_response_type_is_not_supported(shop: World) -> None:
    reply = authorize(shop, response_type="token")
    assert answer(reply)["error"] == "unsupported_response_type"


@pytest.mark.parametrize("given", [None, ""])
def test_a_missing_grant_type_is_an_invalid_request(shop: World, given: str | None) -> None:
    refused(exchange(shop, "x", grant_type=given), "invalid_request")


def test_another_grant_type_is_not_supported(shop: World) -> None:
    refused(exchange(shop, "x", grant_type="password"), "unsupported_grant_type")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"7",
        b'"x"',
        b'{"grant_type": 7, "client_id": "spa"}',
        b'{"grant_type": [], "client_id": "spa"}',
        b'{"client_id": {"a": 1}}',
    ],
)
def test_a_token_request_of_another_shape_is_an_invalid_request(shop: World, body: bytes) -> None:
    reply = shop.send("POST", "/token", body, {"content-type": "application/json"})
    refused(reply, "invalid_request")


@pytest.mark.parametrize("name", ["grant_type", "code", "client_id", "redirect_uri"])
def test_a_repeated_parameter_of_a_token_request_is_an_invalid_request(
    shop: World, name: str
) -> None:
    form = {"grant_type": "authorization_code", "code": code(shop), **SPA}
    refused(token(shop, (name, form[name]), **form), "invalid_request")


@pytest.mark.parametrize("name", ["scope", "state", "response_type", "code_challenge"])
def test_a_repeated_parameter_of_an_authorization_request_is_an_invalid_request(
    shop: World, name: str
) -> None:
    reply = authorize(shop, (name, "read"), (name, "read"))
    if reply.status == 302:
        assert answer(reply)["error"] == "invalid_request"
    else:
        assert reply.status == 400


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_an_empty_parameter_of_an_authorization_request_is_a_missing_one(
    shop: World, name: str
) -> None:
    web = {"client_id": "web", "redirect_uri": "https://web.example/cb"}
    for value in (None, ""):
        refused(authorize(shop, **{**web, name: value}), "invalid_request")


def test_a_client_with_one_redirect_uri_may_leave_it_out(shop: World) -> None:
    reply = authorize(shop, redirect_uri=None)
    assert location(reply).startswith("https://spa.example/cb?code=")
    assert exchange(shop, answer(reply)["code"], redirect_uri=None).status == 200


def test_an_empty_state_does_not_come_back(shop: World) -> None:
    assert "state" not in answer(authorize(shop, state=""))
    assert answer(authorize(shop, state="a b&c"))["state"] == "a b&c"


# --- redirect URIs ---


@pytest.mark.parametrize(
    ("uri", "start"),
    [
        ("myapp:///cb", "myapp:///cb?code="),
        ("myapp:/one", "myapp:/one?code="),
        ("http://127.0.0.1/cb", "http://127.0.0.1/cb?code="),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:1/cb?code="),
        ("http://127.0.0.1:65535/cb", "http://127.0.0.1:65535/cb?code="),
        ("http://[::1]:80/cb?x=1", "http://[::1]:80/cb?x=1&code="),
    ],
)
def test_a_registered_redirect_uri_comes_back_byte_by_byte(
    shop: World, uri: str, start: str
) -> None:
    reply = authorize(shop, client_id="app", redirect_uri=uri)
    assert location(reply).startswith(start)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:a/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:٣/cb",
        "http://127.0.0.1:80:81/cb",
        "http://127.0.0.1:80/cb#x",
        "http://127.0.0.1:80/other",
        "http://user@127.0.0.1:80/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost:80/cb",
        "HTTP://127.0.0.1:80/cb",
        "https://127.0.0.1:80/cb",
        "http://127.0.0.1:8\n0/cb",
        "http://[::1:80/cb?x=1",
        "http://[::1]:80/cb",
        "myapp://cb",
        "myapp:/cb",
        "MYAPP:///cb",
        "myapp:///cb/",
        "",
        "//",
        "http://[",
    ],
)
def test_a_redirect_uri_that_is_not_registered_is_never_redirected_to(
    shop: World, uri: str
) -> None:
    reply = authorize(shop, client_id="app", redirect_uri=uri)
    refused(reply, "invalid_request")
    assert reply.header("location") is None


# --- descriptions (RFC 6749, sections 4.1.2.1 and 5.2) ---


@pytest.mark.parametrize("scope", ['a"b', "a\\b", "é", "a\x7fb", "a\u2028b", "日本"])
def test_a_description_has_only_the_characters_that_are_allowed(shop: World, scope: str) -> None:
    found = answer(authorize(shop, scope=scope))
    assert found["error"] == "invalid_scope"
    assert all(" " <= one <= "~" and one not in '"\\' for one in found["error_description"])


def test_a_description_in_a_body_has_only_the_characters_that_are_allowed(serve: Serve) -> None:
    form = "application/x-www-form-urlencoded: {schema: {type: object"
    text = DOCUMENT.replace(form, form + """, properties: {grant_type: {enum: ['a"b', é]}}""")
    assert text != DOCUMENT
    body = '{error: invalid_request, error_description: "{{ sentences(error.violations) }}"}'
    own = text.replace(
        "  settings:", f"  errors: {{invalid: {{status: 400, body: {body}}}}}\n  settings:"
    )
    for one in (text, own):
        description = refused(exchange(serve(one), "x", grant_type="a\\b"), "invalid_request")
        assert "grant_type" in description
        assert all(" " <= one <= "~" and one not in '"\\' for one in description)


# --- lifetimes ---


def test_an_access_token_expires_without_a_rule_of_the_document(shop: World) -> None:
    access = exchange(shop, code(shop)).json["access_token"]
    bearer = f"Bearer {access}"
    shop.advance("PT59M59S")
    assert shop.get("/me", authorization=bearer).status == 200
    shop.advance("PT1S")
    reply = shop.get("/me", authorization=bearer)
    assert reply.status == 401
    assert reply.header("www-authenticate") == 'Bearer realm="shop", error="invalid_token"'


def test_a_document_whose_tokens_no_scheme_looks_up_gets_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(DOCUMENT.replace("principals: {OAuth: {in: tokens}}", "principals: {}"))
    (problem,) = load_apis([file], BUILT_IN)[0].problems
    assert problem.source.pointer.endswith("/oauth_token/tokens")
    assert "no security scheme looks up the access tokens in 'tokens'" in problem.message
    file.write_text(DOCUMENT)
    assert load_apis([file], BUILT_IN)[0].problems == ()


def test_a_refresh_token_works_until_the_instant_at_which_it_expires(shop: World) -> None:
    found = [exchange(shop, code(shop)).json["refresh_token"] for _ in range(2)]
    fields = {"grant_type": "refresh_token", "client_id": "spa"}
    shop.advance("PT23H59M59S")
    assert token(shop, **fields, refresh_token=found[0]).status == 200
    shop.advance("PT1S")
    refused(token(shop, **fields, refresh_token=found[1]), "invalid_grant")


@pytest.mark.parametrize("rotate", [True, False])
def test_a_refresh_token_of_another_client_is_refused_and_stays_usable(
    shop: World, *, rotate: bool
) -> None:
    shop.set("shop", rotate=rotate)
    value = exchange(shop, code(shop)).json["refresh_token"]
    fields = {"grant_type": "refresh_token", "refresh_token": value}
    refused(token(shop, **fields, client_id="app"), "invalid_grant")
    refused(token(shop, **fields, client_id="web", client_secret="s3cret"), "invalid_grant")
    assert token(shop, **fields, client_id="spa").status == 200


@pytest.mark.parametrize(
    ("users", "message"),
    [("[]", "users has no record"), ("[{name: ann}]", "a record of users needs an 'id'")],
)
def test_without_a_user_the_failure_says_what_is_missing(
    serve: Serve, users: str, message: str
) -> None:
    text = DOCUMENT.replace("users: [{id: ann}]", f"users: {users}")
    reply = authorize(serve(text.replace("users: {key: id}", "users: {key: name}")))

    assert (reply.status, reply.json["title"]) == (500, "A document of the mock failed")
    assert message in reply.json["detail"]
