from collections.abc import Callable

import pytest

from mockserver.engine.sample_request import SampleRequest, sample_request
from mockserver.model import Api
from tests.conftest import World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
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


@pytest.fixture
def sampled(serve: Callable[[str], World]) -> Callable[[str], SampleRequest]:
    def sample(body: str) -> SampleRequest:
        (operation,) = serve(DOCUMENT.replace("BODY", body)).engine.apis["shop"].operations
        return sample_request(operation)

    return sample


def test_what_is_required_or_has_an_example_is_filled_in(
    sampled: Callable[[str], SampleRequest],
) -> None:
    found = sampled("{content: {application/json: {example: {a: 1}}}}")
    assert found.path == "/things/a%2Fb"
    assert found.query == [("tag", "x"), ("tag", "y")]
    headers = [("x-trace", "7"), ("cookie", "session=s1"), ("content-type", "application/json")]
    assert found.headers == headers
    assert found.body == '{"a":1}'


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("{content: {application/x-www-form-urlencoded: {example: {a: b c}}}}", "a=b+c"),
        ("{content: {application/json: {schema: {type: object, example: {a: 2}}}}}", '{"a":2}'),
        ("{content: {application/json: {schema: {const: 5}}, text/plain: {example: hi}}}", "hi"),
        ("{content: {text/plain: {}}}", "text"),
    ],
)
def test_a_body_is_an_example_or_a_value_of_the_schema(
    sampled: Callable[[str], SampleRequest], body: str, written: str
) -> None:
    assert sampled(body).body == written


def test_every_bundled_operation_has_a_request_that_it_understands(
    world: World, bundled: list[Api]
) -> None:
    keys = {
        "cloutly": {"x-api-key": "demo-cloutly-key"},
        "cloutly-marketplace": {"x-api-key": "demo-marketplace-key"},
        "justanudge": {"authorization": "Bearer demo-nudge-token"},
        "partoo": {"x-apikey": "demo-partoo-key"},
        "walr": {"authorization": "Bearer demo-walr-token"},
    }
    unknown = {"getReviewInvitationStatus": 404, "token": 400}
    for api in bundled:
        for operation in api.operations:
            made = sample_request(operation)
            query = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in made.query)
            path = f"/{api.name}{api.servers[0].path}{made.path}?{query}"
            headers = {**dict(made.headers), **keys[api.name]}
            body = None if made.body is None else made.body.encode()
            reply = world.send(operation.method, path, body, headers)
            expected = unknown.get(operation.id)
            assert reply.status == expected or (expected is None and reply.status < 300), (
                operation.id,
                reply.text,
            )
