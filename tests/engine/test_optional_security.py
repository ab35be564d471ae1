"""Optional credentials, schemes that cannot be checked, challenges and expiry."""

import base64
from collections.abc import Callable

import pytest

from mockserver.model.trace import decisions
from tests.conftest import Reply, World

Serve = Callable[..., World]

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  name: shop
  settings: {challenge: {type: boolean, default: true}}
  collections: {keys: {key: key}, users: {key: name}, tokens: {key: token}}
  records:
    keys: [{key: k1, id: one}, {key: old, expires_at: '2026-03-10T12:01:00Z'}]
    users: [{name: ann, password: pw, id: ann}]
    tokens:
      - {token: good, id: t1, expires_at: "{{ now + minutes(1) }}"}
      - {token: forever, id: t2, expires_at: null}
      - {token: plain, id: t3}
      - {token: odd, id: t4, expires_at: soon}
  principals:
    K: {in: keys}
    B: {in: users}
    T: {in: tokens, scopes: scopes}
    Silent: {in: keys, challenge: "{{ settings.challenge }}"}
    Never: {in: keys, expires: null}
  errors: {own: {status: 401, headers: {www-authenticate: Own realm=x}}}
components:
  securitySchemes:
    K: {type: apiKey, in: header, name: X-Key}
    Q: {type: apiKey, in: query, name: 'k"ey'}
    Silent: {type: apiKey, in: header, name: X-Key}
    Never: {type: apiKey, in: header, name: X-Key}
    B: {type: http, scheme: basic}
    T: {type: http, scheme: bearer}
    D: {type: http, scheme: Digest}
    H: {type: http, scheme: HOBA}
paths:
"""
OPERATION = """\
  /{name}:
    get:
      security: {security}
      responses:
        '200': {{description: ok}}
        '401': {{description: no, content: {{text/plain: {{example: no}}}}}}
      x-mock: {{steps: [{steps}]}}
"""
WHO = '{respond: {body: ["{{ principal.id }}"]}}'
SECURITY = {
    "key": "[{K: []}]",
    "query": "[{Q: []}]",
    "silent": "[{Silent: []}]",
    "never": "[{Never: []}]",
    "token": "[{T: []}]",
    "optional": "[{K: []}, {}]",
    "optional_first": "[{}, {K: []}]",
    "either": "[{K: []}, {B: []}]",
    "any": "[{B: []}, {T: []}, {}]",
    "both": "[{K: [], T: []}]",
    "digest": "[{D: []}]",
    "hoba": "[{H: []}]",
    "digest_or_key": "[{D: []}, {K: []}]",
}


@pytest.fixture
def shop(serve: Serve) -> World:
    text = "".join(OPERATION.format(name=n, security=s, steps=WHO) for n, s in SECURITY.items())
    steps = '{require: "{{ false }}", otherwise: unauthenticated}'
    text += OPERATION.format(name="login", security="[]", steps=steps)
    steps = '{require: "{{ false }}", otherwise: own}'
    text += OPERATION.format(name="own", security="[{K: []}]", steps=steps)
    text += OPERATION.format(name="answer", security="[{B: []}]", steps="{respond: {status: 401}}")
    return serve(DOCUMENT + text)


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(user.encode()).decode()


def sentences_of(reply: Reply) -> str:
    exchange = reply.exchange
    return " / ".join(one.sentence() for one in decisions(exchange.operation, exchange.trace))


def challenges(reply: Reply) -> list[str]:
    headers = reply.exchange.answer.headers
    return [value for name, value in headers if name.lower() == "www-authenticate"]


@pytest.mark.parametrize("path", ["/optional", "/optional_first"])
def test_a_wrong_credential_where_none_is_needed_is_ignored_and_the_trace_says_so(
    shop: World, path: str
) -> None:
    reply = shop.get(path, x_key="wrong")
    assert (reply.status, reply.json) == (200, [None])
    assert (
        "no credential is needed; the credential for K was ignored: the credential is not known"
        in sentences_of(reply)
    )
    assert "ignored" not in sentences_of(shop.get(path))


def test_a_good_credential_is_used_even_if_none_is_needed(shop: World) -> None:
    assert shop.get("/optional", x_key="k1").json == ["one"]
    assert shop.get("/optional_first", x_key="k1").json == ["one"]
    assert "ignored" not in sentences_of(shop.get("/optional", x_key="k1"))


def test_a_wrong_credential_beside_a_good_one_is_ignored_and_the_trace_says_so(
    shop: World,
) -> None:
    reply = shop.get("/either", x_key="wrong", authorization=basic("ann:pw"))
    assert reply.json == ["ann"]
    assert "authenticated by B as ann; the credential for K was ignored" in sentences_of(reply)


@pytest.mark.parametrize("value", ["Basic !!!", "Bearer", "Digest x=y", "nonsense"])
def test_a_credential_that_no_scheme_can_read_is_ignored_and_the_trace_says_so(
    shop: World, value: str
) -> None:
    reply = shop.get("/any", authorization=value)
    assert reply.status == 200
    assert "the credential for B was ignored: it is not a Basic credential" in sentences_of(reply)


def test_the_data_of_the_decision_names_what_was_ignored(shop: World) -> None:
    exchange = shop.get("/optional", x_key="wrong").exchange
    found = [one.data() for one in decisions(exchange.operation, exchange.trace)]
    ignored = [one["ignored"] for one in found if "ignored" in one]
    assert ignored == [["K"]]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/key", ['ApiKey realm="shop", in="header", name="x-key"']),
        ("/query", ['ApiKey realm="shop", in="query", name="k\\"ey"']),
        ("/token", ['Bearer realm="shop"']),
        ("/hoba", ['HOBA realm="shop"']),
        ("/login", ['ApiKey realm="shop", in="header", name="x-key"']),
        ("/own", ['ApiKey realm="shop", in="header", name="x-key"']),
    ],
)
def test_every_401_has_a_challenge(shop: World, path: str, wanted: list[str]) -> None:
    reply = shop.get(path)
    assert reply.status == 401
    assert challenges(reply)[:1] == wanted


def test_a_401_names_all_schemes_that_would_do(shop: World) -> None:
    assert [one.split()[0] for one in challenges(shop.get("/either"))] == ["ApiKey", "Basic"]


def test_a_401_of_steps_and_of_prefer_and_of_a_fault_has_a_challenge(shop: World) -> None:
    given = {"authorization": basic("ann:pw")}
    expected = ['Basic realm="shop", charset="UTF-8"']
    assert challenges(shop.get("/answer", **given)) == expected
    assert challenges(shop.get("/either", prefer="code=401"))[1:] == expected


def test_a_challenge_that_the_document_writes_is_the_only_one(shop: World) -> None:
    reply = shop.get("/own", x_key="k1")
    assert (reply.status, challenges(reply)) == (401, ["Own realm=x"])


def test_an_api_can_leave_the_challenge_out_as_its_vendor_does(shop: World) -> None:
    assert len(challenges(shop.get("/silent"))) == 1
    shop.set("shop", challenge=False)
    refused = (
        shop.get("/silent"),
        shop.get("/silent", x_key="x"),
        shop.get("/silent", prefer="code=401"),
    )
    assert [(one.status, challenges(one)) for one in refused] == [(401, [])] * 3
    assert len(challenges(shop.get("/key"))) == 1


@pytest.mark.parametrize("path", ["/digest", "/hoba", "/digest_or_key"])
@pytest.mark.parametrize("value", ["", "Bearer x", "Digest", "HOBA ", "nonsense"])
def test_a_scheme_that_cannot_be_checked_needs_its_credential(
    shop: World, path: str, value: str
) -> None:
    assert shop.get(path, authorization=value).status == 401


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/digest", 'Digest username="ann", realm="shop", nonce="n", uri="/digest", response="r"'),
        ("/digest", 'digest username="ann"'),
        ("/hoba", 'HOBA result="x"'),
    ],
)
def test_any_credential_of_a_scheme_that_cannot_be_checked_will_do(
    shop: World, path: str, value: str
) -> None:
    assert shop.get(path, authorization=value).status == 200


def test_a_digest_challenge_has_what_a_client_needs(shop: World) -> None:
    (challenge,) = challenges(shop.get("/digest"))
    assert challenge.startswith('Digest realm="shop", nonce="')
    assert 'qop="auth"' in challenge


@pytest.mark.parametrize(
    ("path", "header", "value", "after"),
    [
        ("/token", "authorization", "Bearer good", 401),
        ("/token", "authorization", "Bearer forever", 200),
        ("/token", "authorization", "Bearer plain", 200),
        ("/token", "authorization", "Bearer odd", 200),
        ("/key", "x-key", "old", 401),
        ("/never", "x-key", "old", 200),
    ],
)
def test_a_credential_expires_at_its_expires_at(
    shop: World, path: str, header: str, value: str, after: int
) -> None:
    assert shop.send("GET", path, headers={header: value}).status == 200
    shop.advance("PT59S")
    assert shop.send("GET", path, headers={header: value}).status == 200
    shop.advance("PT1S")
    reply = shop.send("GET", path, headers={header: value})
    assert reply.status == after
    if after == 401:
        assert "expired at 2026-03-10T12:01:00Z" in sentences_of(reply)


def test_an_expired_bearer_token_is_an_invalid_token(shop: World) -> None:
    shop.get("/token")  # the first request loads the records
    shop.advance("PT1M")
    reply = shop.get("/token", authorization="Bearer good")
    assert challenges(reply) == ['Bearer realm="shop", error="invalid_token"']
