"""Tokens of a document with two clients, whose refresh tokens expire."""

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from mockserver.base.time import DAY, SECOND
from tests.conftest import Reply, World

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  name: shop
  collections: {clients: {}, users: {}, tokens: {key: token}}
  fixtures: [records.yaml]
paths:
  /authorize:
    get:
      parameters:
      - {name: client_id, in: query, required: true, schema: {type: string}}
      - {name: redirect_uri, in: query, required: true, schema: {type: string}}
      - {name: response_type, in: query, schema: {type: string}}
      - {name: state, in: query, schema: {type: string}}
      responses: {'302': {description: redirect}}
      x-mock:
        steps:
        - oauth_authorize: {clients: clients, users: users, scopes: [a], consent: approve}
  /token:
    post:
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object}}}}
      responses: {'200': {description: ok}}
      x-mock:
        steps:
        - oauth_token: {clients: clients, tokens: tokens, refresh_lifetime: P30D, rotate: false}
"""
RECORDS = """\
clients:
- {id: one, secret: s1, redirect_uris: ['https://one.example/cb', 'http://127.0.0.1/cb']}
- {id: two, secret: s2, redirect_uris: ['https://two.example/cb']}
users: [{id: u1}]
"""
ONE = {"client_id": "one", "client_secret": "s1"}
TWO = {"client_id": "two", "client_secret": "s2"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def shop(serve: Callable[..., World], tmp_path: Path) -> World:
    (tmp_path / "records.yaml").write_text(RECORDS)
    return serve(SHOP)


def authorize(shop: World, redirect_uri: str) -> Reply:
    query = {"client_id": "one", "redirect_uri": redirect_uri, "response_type": "code"}
    return shop.get(f"/authorize?{urlencode({**query, 'state': 'x&y=z'})}")


def code(shop: World) -> str:
    location = authorize(shop, "https://one.example/cb").header("location") or ""
    return parse_qs(urlsplit(location).query)["code"][0]


def token(shop: World, **form: str) -> Reply:
    return shop.send("POST", "/token", urlencode(form).encode(), {"content-type": FORM})


def refresh_token(shop: World) -> str:
    form = {"grant_type": "authorization_code", "redirect_uri": "https://one.example/cb"}
    reply = token(shop, **ONE, **form, code=code(shop))
    assert reply.status == 200
    return str(reply.json["refresh_token"])


def test_a_refresh_token_of_another_client_is_refused_and_stays_usable(shop: World) -> None:
    given = refresh_token(shop)
    refused = token(shop, **TWO, grant_type="refresh_token", refresh_token=given)
    assert (refused.status, "invalid_grant" in refused.text) == (400, True)
    assert token(shop, **ONE, grant_type="refresh_token", refresh_token=given).status == 200


def test_a_code_of_another_client_is_refused_and_stays_usable(shop: World) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": "https://one.example/cb"}
    given = code(shop)
    assert token(shop, **TWO, **form, code=given).status == 400
    assert token(shop, **ONE, **form, code=given).status == 200


@pytest.mark.parametrize(("later", "status"), [(-1, 200), (0, 400), (1, 400)])
def test_a_refresh_token_is_valid_until_the_moment_at_which_it_expires(
    shop: World, later: int, status: int
) -> None:
    given = refresh_token(shop)
    shop.now = type(shop.now)(shop.now + 30 * DAY + later)
    reply = token(shop, **ONE, grant_type="refresh_token", refresh_token=given)
    assert reply.status == status


@pytest.mark.parametrize(
    "uri",
    [
        "http://[",
        "http://[::1/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://evil@127.0.0.1/cb",
        "http://127.0.0.1/other",
        "https://127.0.0.1/cb",
        "http://127.0.0.1.evil.example/cb",
        "//one.example/cb",
        "https://one.example/cb#x",
        "https://one.example:8443/cb",
        "https://two.example/cb",
        "javascript:alert(1)",
        "x",
        "",
    ],
)
def test_a_malformed_or_strange_address_is_refused_and_never_redirected_to(
    shop: World, uri: str
) -> None:
    reply = authorize(shop, uri)
    assert reply.status == 400
    assert reply.header("location") is None


@pytest.mark.parametrize("port", ["", ":1", ":65535"])
def test_a_loopback_address_may_have_any_port(shop: World, port: str) -> None:
    location = authorize(shop, f"http://127.0.0.1{port}/cb").header("location") or ""
    assert location.startswith(f"http://127.0.0.1{port}/cb?code=")


def test_the_state_comes_back_as_it_was_sent(shop: World) -> None:
    location = authorize(shop, "https://one.example/cb").header("location") or ""
    assert parse_qs(urlsplit(location).query)["state"] == ["x&y=z"]


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ({**ONE}, 200),
        ({"client_id": "one", "client_secret": "s2"}, 401),
        ({"client_id": "one", "client_secret": "s"}, 401),
        ({"client_id": "one"}, 401),
        ({"client_id": "none", "client_secret": "s1"}, 401),
        ({"client_secret": "s1"}, 400),
    ],
)
def test_a_client_needs_its_own_whole_secret(
    shop: World, client: dict[str, str], status: int
) -> None:
    given = refresh_token(shop)
    assert token(shop, **client, grant_type="refresh_token", refresh_token=given).status == status


def test_a_kept_refresh_token_is_returned_again(shop: World) -> None:
    given = refresh_token(shop)
    shop.now = type(shop.now)(shop.now + SECOND)
    reply = token(shop, **ONE, grant_type="refresh_token", refresh_token=given)
    assert reply.json["refresh_token"] == given
    assert reply.json["expires_in"] == 3600


def test_basic_credentials_of_another_scheme_are_no_credentials(shop: World) -> None:
    secret = base64.b64encode(b"one:s1").decode()
    form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh_token(shop)})
    for scheme, status in (("Basic", 200), ("bAsIc", 200), ("Bearer", 400), ("Basic2", 400)):
        headers = {"content-type": FORM, "authorization": f"{scheme} {secret}"}
        assert shop.send("POST", "/token", form.encode(), headers).status == status


@pytest.mark.parametrize(
    ("key", "value", "declared"),
    [("client_id", '"1"', "string"), ("number", "1", "string"), ("id", "1", "integer")],
)
def test_the_id_of_a_client_is_its_key_of_any_name_and_type(
    serve: Callable[..., World], tmp_path: Path, key: str, value: str, declared: str
) -> None:
    records = RECORDS.replace("{id: one", f"{{{key}: {value}").replace("{id: two", f"{{{key}: two")
    (tmp_path / "records.yaml").write_text(records)
    document = SHOP.replace("clients: {},", f"clients: {{key: {key}}},")
    shop = serve(document.replace("{type: string}", f"{{type: {declared}}}", 1))
    query = {"client_id": "1", "redirect_uri": "https://one.example/cb", "response_type": "code"}
    location = shop.get(f"/authorize?{urlencode(query)}").header("location") or ""
    given = parse_qs(urlsplit(location).query)["code"][0]
    client = {"client_id": "1", "client_secret": "s1"}
    form = {"grant_type": "authorization_code", "redirect_uri": "https://one.example/cb"}

    first = token(shop, **client, **form, code=given)
    refreshed = token(
        shop, **client, grant_type="refresh_token", refresh_token=first.json["refresh_token"]
    )

    assert (first.status, refreshed.status) == (200, 200)


def test_the_consent_page_names_a_client_without_a_name_by_its_key(
    serve: Callable[..., World], tmp_path: Path
) -> None:
    records = RECORDS.replace("{id: one", "{client_id: one").replace("{id: two", "{client_id: two")
    (tmp_path / "records.yaml").write_text(records)
    document = SHOP.replace("clients: {},", "clients: {key: client_id},")
    shop = serve(document.replace(", consent: approve", ""))

    page = authorize(shop, "https://one.example/cb")

    assert page.status == 200
    assert "one" in page.text
