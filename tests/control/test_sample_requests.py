from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mockserver.base.credentials import presented
from mockserver.control.sample_requests import SampleRequest, operations_of, sample_request

USER_PASSWORD = "VVNFUjpQQVNTV09SRA=="
DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: 'http://127.0.0.1:8000/shop'}]
paths:
  /things/{id}:
    post:
      parameters:
        - {name: id, in: path, required: true, example: a/b, schema: {type: string}}
        - {name: tag, in: query, required: true, example: [x, y], schema: {type: array}}
        - {name: more, in: query, schema: {type: string}}
        - {name: X-Trace, in: header, required: true, schema: {type: integer, example: 7}}
        - {name: session, in: cookie, required: true, example: s1, schema: {type: string}}
      requestBody: BODY
      responses: {'200': {description: ok}}
"""


def sampled(body: str) -> SampleRequest:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.replace("BODY", body))
    (operation,) = operations_of(document)
    return sample_request(operation, document, {})


def test_what_is_required_or_has_an_example_is_filled_in() -> None:
    made = sampled("{content: {application/json: {example: {a: 1}}}}")
    assert (made.method, made.body) == ("POST", '{"a": 1}')
    assert made.url == "http://127.0.0.1:8000/shop/things/a%2Fb?tag=x&tag=y"
    headers = [("X-Trace", "7"), ("Cookie", "session=s1"), ("content-type", "application/json")]
    assert made.headers == headers


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("{content: {application/x-www-form-urlencoded: {example: {a: b c}}}}", "a=b+c"),
        ("{content: {application/json: {schema: {type: object, example: {a: 2}}}}}", '{"a": 2}'),
        ("{content: {application/json: {schema: {const: 5}}, text/plain: {example: hi}}}", "hi"),
    ],
)
def test_a_body_is_an_example_or_a_value_of_the_schema(body: str, written: str) -> None:
    assert sampled(body).body == written


@pytest.mark.parametrize(
    ("kind", "where", "presented"),
    [
        ("apiKey", "header", ("X-Key", "k")),
        ("apiKey", "cookie", ("Cookie", "X-Key=k")),
        ("bearer", "header", ("X-Key", "Bearer k")),
    ],
)
def test_a_credential_is_presented_as_its_scheme_has_it(
    kind: str, where: str, presented: tuple[str, str], make: Callable[..., Any]
) -> None:
    document = {
        "servers": [{"url": "http://a"}],
        "security": [{"K": []}],
        "paths": {"/a": {"get": {"responses": {}}}},
    }
    (operation,) = operations_of(document)
    credential = make(kind, where)
    assert sample_request(operation, document, {"K": credential}).headers == [presented]


@pytest.mark.parametrize(
    ("scheme", "headers", "query"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, [("X-Key", "KEY")], ""),
        ({"type": "apiKey", "in": "query", "name": "key"}, [], "?key=KEY"),
        ({"type": "http", "scheme": "Basic"}, [("Authorization", f"Basic {USER_PASSWORD}")], ""),
        ({"type": "oauth2", "flows": {}}, [("Authorization", "Bearer TOKEN")], ""),
        ({"type": "mutualTLS"}, [], ""),
    ],
)
def test_a_scheme_without_a_known_credential_gets_a_stand_in(
    scheme: dict[str, Any], headers: list[tuple[str, str]], query: str
) -> None:
    document = {
        "servers": [{"url": "http://a"}],
        "security": [{"K": []}],
        "paths": {"/a": {"get": {"responses": {}}}},
        "components": {"securitySchemes": {"K": scheme}},
    }
    (operation,) = operations_of(document)
    made = sample_request(operation, document, {})
    assert (made.headers, made.url) == (headers, f"http://a/a{query}")


def test_a_cookie_of_the_credential_goes_with_those_of_the_parameters(
    make: Callable[..., Any],
) -> None:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.replace("BODY", "{}"))
    document["security"] = [{"K": []}]
    (operation,) = operations_of(document)
    made = sample_request(operation, document, {"K": make("apiKey", "cookie")})
    assert dict(made.headers)["Cookie"] == "session=s1; X-Key=k"


@pytest.fixture
def make() -> Callable[..., Any]:
    def credential(kind: str, where: str) -> dict[str, Any]:
        return {
            "scheme": "K",
            "kind": kind,
            "where": where,
            "name": "X-Key",
            "value": "k",
            "presented": presented(kind, "k"),
            "description": "",
        }

    return credential


@pytest.mark.parametrize("security", [["Token"], {"Token": []}, "Token"])
@pytest.mark.parametrize("is_own", [True, False])
def test_a_credential_is_presented_where_security_has_another_form(
    security: Any, is_own: bool
) -> None:
    operation: dict[str, Any] = {"security": security} if is_own else {}
    document: dict[str, Any] = {
        "servers": [{"url": "http://a"}],
        "security": [] if is_own else security,
        "paths": {"/a": {"get": operation}},
        "components": {"securitySchemes": {"Token": {"type": "http", "scheme": "bearer"}}},
    }
    (documented,) = operations_of(document)
    headers = [("Authorization", presented("bearer", "TOKEN"))]
    assert sample_request(documented, document, {}).headers == headers


@pytest.mark.parametrize("security", [[5], [None], 5, [["Token"]]])
def test_security_that_cannot_be_read_needs_no_credential(security: Any) -> None:
    document: dict[str, Any] = {
        "servers": [{"url": "http://a"}],
        "security": security,
        "paths": {"/a": {"get": {}}},
        "components": {"securitySchemes": {"Token": {"type": "http", "scheme": "bearer"}}},
    }
    (documented,) = operations_of(document)
    assert sample_request(documented, document, {}).headers == []
