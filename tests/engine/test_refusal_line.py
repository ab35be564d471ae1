"""The header `Mock-Why`: its form, its bounds, and what it never shows."""

import base64
from collections.abc import Callable

import pytest

from mockserver.engine.engine_options import Options
from mockserver.engine.faults import check_fault
from mockserver.model.fault import FaultDefinition
from tests.conftest import World

Serve = Callable[..., World]
SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: https://shop.example/v1}]
x-mock:
  collections: {keys: {key: key}, orders: {key: id}, sessions: {key: token}}
  principals: {Key: {in: keys}}
  fixtures: [keys.yaml]
security: [{Key: []}]
components: {securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}}
paths:
  /orders/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      x-mock:
        steps: [{find: {in: orders, where: {id: '{{ path.id }}'}, as: one}, otherwise: not_found}]
      responses: {'200': {description: d}}
  /sessions/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      x-mock:
        steps:
          - find: {in: sessions, where: {token: '{{ path.id }}'}, as: one}
            otherwise: not_found
      responses: {'200': {description: d}}
  /echo:
    get:
      x-mock:
        steps:
          - require: '{{ false }}'
            otherwise: {error: conflict, message: '{{ header["x-text"] }}'}
      responses: {'200': {description: d}}
  /logins:
    post:
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {password: {enum: [a]}, age: {type: integer}}}
      responses: {'200': {description: d}}
  /calls:
    get:
      x-mock: {steps: [{take: {quota: calls, subject: '{{ credential }}', limit: 0, period: PT1H}}]}
      responses: {'200': {description: d}}
"""
RECORDS = """\
keys: [{key: fixture-key, id: Ann}]
orders: [{id: o1}, {id: o2}]
sessions: [{token: hush-hush}]
"""
KEY = {"x-key": "fixture-key"}


@pytest.fixture
def shop(serve: Serve, tmp_path: object) -> Callable[..., World]:
    def serving(**options: bool) -> World:
        (tmp_path / "keys.yaml").write_text(RECORDS)  # type: ignore[operator] # a path
        return serve(SHOP, Options(**options)).at("")  # type: ignore[arg-type] # all of them are switches

    return serving


def test_an_accepted_request_has_no_line(shop: Callable[..., World]) -> None:
    reply = shop().send("GET", "/shop/v1/orders/o1", headers=KEY)

    assert (reply.status, reply.header("mock-why")) == (200, None)


def test_a_preferred_answer_has_no_line(shop: Callable[..., World]) -> None:
    reply = shop().send("GET", "/shop/v1/orders/o1", headers={**KEY, "prefer": "code=200"})

    assert (reply.header("mock-reason"), reply.header("mock-why")) == ("preferred", None)


def test_a_line_names_file_and_line_of_the_step(shop: Callable[..., World]) -> None:
    reply = shop().send("GET", "/shop/v1/orders/o9", headers=KEY)

    expected = "nothing in orders matches (shop.yaml:15); orders has id o1, o2"
    found = (reply.header("mock-why") or "").replace("(" + _folder(reply.header("mock-why")), "(")
    assert found == expected


def _folder(line: str | None) -> str:
    """Return the one folder that a line shows of an absolute path."""
    inside = (line or "").partition("(")[2].partition(":")[0]
    folder, slash, _ = inside.rpartition("/")
    assert "/" not in folder
    return folder + slash


def test_without_headers_of_the_mock_there_is_no_line(shop: Callable[..., World]) -> None:
    reply = shop(announce=False).get("/shop/v1/orders/o9")

    assert reply.status == 401
    assert not [name for name, _ in reply.exchange.answer.headers if name.startswith("Mock-")]


def test_a_page_of_another_origin_may_read_it(shop: Callable[..., World]) -> None:
    reply = shop().send("GET", "/shop/v1/orders/o9", headers={"origin": "https://a.example"})

    assert "Mock-Why" in (reply.header("access-control-expose-headers") or "")


def test_an_invalid_sandbox_name_has_a_line_for_pages_as_well(shop: Callable[..., World]) -> None:
    reply = shop().send("GET", "/~a%20b/orders/o9", headers={"origin": "https://a.example"})

    assert reply.header("mock-reason") == "invalid_sandbox"
    assert "Mock-Why" in (reply.header("access-control-expose-headers") or "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Zoë", "Zo\\xeb"), ("a\u2026b", "a...b"), ("日本", "\\u65e5\\u672c"), ("a\x1b[31m", "a[31m")],
)
def test_a_line_is_printable_ascii(shop: Callable[..., World], text: str, shown: str) -> None:
    reply = shop().send("GET", "/shop/v1/echo", headers={**KEY, "x-text": text})

    assert (reply.header("mock-why") or "").startswith(f"{shown}: ")


def test_a_line_is_bounded_and_keeps_the_place(shop: Callable[..., World]) -> None:
    reply = shop().send("GET", "/shop/v1/echo", headers={**KEY, "x-text": "a" * 10_000})

    line = reply.header("mock-why") or ""
    assert len(line) <= 400
    assert "shop.yaml:29)" in line


@pytest.mark.parametrize("sent", ["fixture-key", "fixture-key~ci"])
def test_the_credential_of_the_request_is_masked(shop: Callable[..., World], sent: str) -> None:
    reply = shop().send("GET", "/shop/v1/calls", headers={"x-key": sent})

    line = reply.header("mock-why") or ""
    assert line.startswith("quota calls of [redacted] is used up")
    assert "fixture-key" not in line


def test_an_unknown_credential_is_not_repeated(shop: Callable[..., World]) -> None:
    line = shop().get("/shop/v1/calls", x_key="somebody's-secret").header("mock-why") or ""

    assert "somebody" not in line
    assert line.endswith("; send x-key: fixture-key")


def test_keys_of_records_that_are_secrets_are_not_shown(shop: Callable[..., World]) -> None:
    line = shop().send("GET", "/shop/v1/sessions/none", headers=KEY).header("mock-why") or ""

    assert "nothing in sessions matches" in line
    assert "hush" not in line


def test_values_of_secret_members_are_not_shown(shop: Callable[..., World]) -> None:
    reply = shop().send("POST", "/shop/v1/logins", {"password": "hush", "age": "x"}, KEY)

    line = reply.header("mock-why") or ""
    assert "body password is invalid (enum)" in line
    assert "body age must be a whole number" in line
    assert "hush" not in line


def test_a_record_that_was_added_is_never_an_example(shop: Callable[..., World]) -> None:
    world = shop()
    keys = world.sandbox().store("shop").collection("keys")
    keys.insert({"key": "issued-later", "id": "Bob"})
    keys.remove("fixture-key")

    assert "issued" not in (world.get("/shop/v1/calls").header("mock-why") or "")


def test_whose_key_it_was_is_known_for_added_records_too(shop: Callable[..., World]) -> None:
    world = shop()
    world.sandbox().store("shop").collection("keys").insert({"key": "k2", "id": "Bob"})

    line = world.get("/shop/v1/calls", authorization="Bearer k2").header("mock-why") or ""

    assert "the credential of 'Bob' is in the header authorization" in line
    assert "k2" not in line


def test_a_forced_error_says_that_a_fault_forces_it(shop: Callable[..., World]) -> None:
    world = shop()
    fault = check_fault(FaultDefinition(error="rate_limited"), world.engine.apis)
    world.sandbox().faults.add(world.sandbox().transaction(), fault)

    line = world.send("GET", "/shop/v1/orders/o1", headers=KEY).header("mock-why") or ""

    assert line.startswith("fault ")


def test_without_a_control_api_no_call_of_it_is_advised(shop: Callable[..., World]) -> None:
    reply = shop(control=False).send("GET", "/shop/v1/calls", headers=KEY)

    assert "_mock" not in (reply.header("mock-why") or "")


def test_the_trace_has_the_advice(shop: Callable[..., World]) -> None:
    exchange = shop().get("/shop/v1/calls").exchange

    refused = exchange.trace[0]
    assert refused.sentence().endswith("; send x-key: fixture-key")  # type: ignore[union-attr] # a Refused


SCHEMES = {
    "{type: http, scheme: basic}": "send Authorization: Basic QW5uOmE=",
    "{type: http, scheme: bearer}": "send Authorization: Bearer Ann",
    "{type: apiKey, in: query, name: key}": "send key=Ann in the query",
    "{type: apiKey, in: cookie, name: sid}": "send Cookie: sid=Ann",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_example_has_the_form_of_its_scheme(serve: Serve, tmp_path: object, scheme: str) -> None:
    (tmp_path / "keys.yaml").write_text("keys: [{user: Ann, password: a}]")  # type: ignore[operator] # a path
    text = SHOP.replace("{type: apiKey, in: header, name: X-Key}", scheme)
    text = text.replace("keys: {key: key}", "keys: {key: user}")

    line = serve(text).at("").get("/shop/v1/calls").header("mock-why") or ""

    assert line.endswith(SCHEMES[scheme])


def test_a_scheme_without_principals_takes_anything(serve: Serve) -> None:
    text = SHOP.replace("  principals: {Key: {in: keys}}\n  fixtures: [keys.yaml]\n", "")

    line = serve(text).at("").get("/shop/v1/calls").header("mock-why") or ""

    assert line.endswith("send x-key: anything (any value is accepted)")


SECRETS = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock: {name: shop}
components: {securitySchemes: {login: {type: http, scheme: basic}}}
paths:
  /echo:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: {type: object}}
          application/json: {schema: {type: object}}
      x-mock:
        steps:
          - require: '{{ false }}'
            otherwise: {error: conflict, message: '{{ header["x-text"] }}'}
      responses: {'200': {description: d}}
"""
FORM = {"content-type": "application/x-www-form-urlencoded"}
BASIC = {"authorization": "Basic " + base64.b64encode(b"ann:pass word~ci").decode()}


@pytest.mark.parametrize(
    ("shown", "headers", "path", "body"),
    [
        ("pass word~ci", BASIC, "/echo", b""),
        ("ann:pass word~ci", BASIC, "/echo", b""),
        ("pass%20word~ci", BASIC, "/echo", b""),
        ("pass+word~ci", BASIC, "/echo", b""),
        (
            "sk_live_1",
            {"authorization": "Basic " + base64.b64encode(b"sk_live_1:").decode()},
            "/echo",
            b"",
        ),
        ("s3cr et/", FORM, "/echo", b"client_secret=s3cr+et%2F"),
        ("s3cr+et%2F", FORM, "/echo", b"client_secret=s3cr+et%2F"),
        ("s3cr%20et%2f", FORM, "/echo", b"client_secret=s3cr%20et%2f"),
        ("hush hush", FORM, "/echo", b"a=b&password=hush+hush"),
        ("hush hush", {}, "/echo", b'{"user": {"password": "hush hush"}}'),
        ("tok%2Fen", {}, "/echo?access_token=tok%2Fen", b""),
        ("tok/en", {}, "/echo?access_token=tok%2Fen", b""),
    ],
)
def test_a_secret_is_masked_in_every_form(
    serve: Serve, shown: str, headers: dict[str, str], path: str, body: bytes
) -> None:
    given = {"content-type": "application/json", "x-text": f"<{shown}>", **headers}

    line = serve(SECRETS).send("POST", path, body or b"{}", given).header("mock-why") or ""

    assert line.startswith("<[redacted]>")


def test_no_step_is_quoted_if_the_body_is_too_long_to_search(serve: Serve) -> None:
    body = b'{"client_secret": "sk_live_1", "more": "' + b"x" * 100_000 + b'"}'
    given = {"content-type": "application/json", "x-text": "<sk_live_1>"}

    line = serve(SECRETS).send("POST", "/echo", body, given).header("mock-why") or ""

    assert line
    assert "sk_live_1" not in line
