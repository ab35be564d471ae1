import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: https://shop.example}]
x-mock:
  name: shop
  fixtures: [records.yaml]
  collections: {keys: {key: key}, users: {key: name}, tokens: {key: token}}
  principals:
    header: {in: keys}
    query: {in: keys}
    cookie: {in: keys}
    basic: {in: users, field: name}
    oauth:
      in: tokens
      require:
        - {that: "{{ principal.good }}", otherwise: {error: unauthenticated, message: worn out}}
components:
  securitySchemes:
    header: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: key}
    basic: {type: http, scheme: basic}
    open: {type: http, scheme: bearer}
    oauth: {type: oauth2, flows: {}}
security: [{header: []}]
paths:
"""
RECORDS = """\
keys: [{key: k1, id: one}, {key: k2, id: two}]
users: [{name: ann, password: pw, id: ann}, {name: bob, id: bob}]
tokens:
  - {token: t1, id: t1, good: true, scopes: read write}
  - {token: t2, id: t2, good: true, scopes: [read]}
  - {token: t3, id: t3, good: false}
"""
OPERATION = """\
  /{name}:
    get:
      {security}
      responses: {{'200': {{description: ok}}}}
      x-mock: {{steps: [{{respond: {{body: ["{{{{ principal.id }}}}", "{{{{ scopes }}}}"]}}}}]}}
"""
SECURITY = {
    "default": "summary: as the document says",
    "nobody": "security: []",
    "query": "security: [{query: []}]",
    "cookie": "security: [{cookie: []}]",
    "basic": "security: [{basic: []}]",
    "open": "security: [{open: []}]",
    "read": "security: [{oauth: [read]}]",
    "write": "security: [{oauth: [read, write]}]",
    "either": "security: [{header: []}, {basic: []}]",
    "both": "security: [{header: [], basic: []}]",
    "optional": "security: [{header: []}, {}]",
}
BASIC = "Basic " + base64.b64encode(b"ann:pw").decode()


@pytest.fixture
def shop(serve: Callable[[str], World], tmp_path: Path) -> World:
    (tmp_path / "records.yaml").write_text(RECORDS)
    operations = (OPERATION.format(name=n, security=s) for n, s in SECURITY.items())
    return serve(DOCUMENT + "".join(operations))


@pytest.mark.parametrize(
    ("path", "headers", "who"),
    [
        ("/default", {"x-key": "k1"}, "one"),
        ("/nobody", {}, None),
        ("/query?key=k2", {}, "two"),
        ("/cookie", {"cookie": "a=b; key=k1"}, "one"),
        ("/basic", {"authorization": BASIC}, "ann"),
        ("/basic", {"authorization": BASIC.replace("Basic", "basic")}, "ann"),
        ("/basic", {"authorization": "Basic " + base64.b64encode(b"bob:").decode()}, "bob"),
        ("/open", {"authorization": "Bearer anything"}, None),
        ("/either", {"x-key": "k2"}, "two"),
        ("/either", {"authorization": BASIC}, "ann"),
        ("/both", {"x-key": "k1", "authorization": BASIC}, "ann"),
        ("/optional", {}, None),
        ("/read", {"authorization": "Bearer t2"}, "t2"),
    ],
)
def test_good_credentials_are_accepted(
    shop: World, path: str, headers: dict[str, str], who: str | None
) -> None:
    reply = shop.send("GET", path, headers=headers)
    assert (reply.status, reply.json[0]) == (200, who)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/default", {}),
        ("/default", {"x-key": "k3"}),
        ("/default?key=k1", {}),
        ("/query", {"x-key": "k1"}),
        ("/cookie", {"cookie": "nonsense"}),
        ("/basic", {"authorization": "Basic !!!"}),
        ("/basic", {"authorization": "Basic é"}),
        ("/basic", {"authorization": "Basic /w=="}),
        ("/basic", {"authorization": "Basic " + base64.b64encode(b"ann:no").decode()}),
        ("/basic", {"authorization": "Basic " + base64.b64encode(b"ann").decode()}),
        ("/basic", {"authorization": "Basic " + base64.b64encode(b"bob:no").decode()}),
        ("/basic", {"authorization": "Bearer t1"}),
        ("/open", {"authorization": "Bearer"}),
        ("/both", {"x-key": "k1"}),
        ("/read", {"authorization": "Bearer t3"}),
    ],
)
def test_other_credentials_are_not(shop: World, path: str, headers: dict[str, str]) -> None:
    assert shop.send("GET", path, headers=headers).status == 401


def test_a_challenge_says_how_to_authenticate_where_the_scheme_has_one(shop: World) -> None:
    assert shop.get("/basic").header("www-authenticate") == 'Basic realm="shop", charset="UTF-8"'
    assert shop.get("/read").header("www-authenticate") == 'Bearer realm="shop"'
    wrong = shop.get("/read", authorization="Bearer none")
    assert wrong.header("www-authenticate") == 'Bearer realm="shop", error="invalid_token"'
    wanted = 'ApiKey realm="shop", in="header", name="x-key"'
    assert shop.get("/default").header("www-authenticate") == wanted


def test_a_token_without_a_scope_is_forbidden(shop: World) -> None:
    assert shop.get("/write", authorization="Bearer t1").json == ["t1", ["read", "write"]]
    refused = shop.get("/write", authorization="Bearer t2")
    assert refused.status == 403
    assert 'error="insufficient_scope"' in (refused.header("www-authenticate") or "")


def test_a_requirement_on_the_owner_has_its_own_words(shop: World) -> None:
    assert shop.get("/read", authorization="Bearer t3").json["detail"] == "worn out"
