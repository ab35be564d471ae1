"""What holds of Cloutly v1 and of the marketplace alike."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from mockserver.model.messages import Request
from tests.conftest import Reply, World

BUSINESS = "44271176-7053-4534-ad6f-b38d132d341e"
PHONE = {"phoneNumber": "+447911123456"}


class Api(NamedTuple):
    """One of the two, as a client sees it."""

    name: str
    world: World
    read: str
    """A path that is read without parameters."""
    send: str
    has_channel: bool
    """Whether addresses stand in `channel`."""

    def invite(self, addresses: Mapping[str, str], **headers: str) -> Reply:
        given = {"channel": addresses} if self.has_channel else addresses
        body: dict[str, Any] = {"firstName": "Ann", "businessId": BUSINESS, **given}
        return self.world.post(self.send, body, **headers)


@pytest.fixture(params=["v1", "marketplace"])
def api(request: pytest.FixtureRequest, world: World) -> Api:
    if request.param == "v1":
        client = world.at("/cloutly/api/v1", x_api_key="demo-cloutly-key")
        return Api("cloutly", client, "/businesses", "/send-review-invite", has_channel=False)
    client = world.at("/cloutly-marketplace/api/v2", x_api_key="demo-marketplace-key")
    send = f"/businesses/{BUSINESS}/send-review-invite"
    return Api("cloutly-marketplace", client, "/ping", send, has_channel=True)


def test_the_key_printed_in_the_documents_works(api: Api) -> None:
    key = "YOUR_JWT_HERE"
    assert api.world.get(api.read, x_api_key=key).status == 200
    assert api.invite(PHONE, x_api_key=key).status == 200


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_a_good_key_nobody_is_authenticated(api: Api, key: str) -> None:
    for reply in (api.world.get(api.read, x_api_key=key), api.invite(PHONE, x_api_key=key)):
        assert (reply.status, reply.json["error"]) == (401, "Unauthorized")


def test_a_401_has_a_challenge_only_if_the_setting_asks_for_it(api: Api) -> None:
    assert api.world.get(api.read, x_api_key="").header("www-authenticate") is None
    api.world.set(api.name, challenge=True)
    for key in ("", "wrong"):
        found = api.world.get(api.read, x_api_key=key).header("www-authenticate")
        assert found == f'ApiKey realm="{api.name}", in="header", name="x-api-key"'


@pytest.mark.parametrize(
    ("request_line", "content", "media_type", "status", "error"),
    [
        ("POST {send}", b"{", "application/json", 400, "Bad Request"),
        ("POST {send}", b"a=1", "text/plain", 400, "Bad Request"),
        ("GET /nowhere", b"", "", 404, "Not Found"),
        ("DELETE {read}", b"", "", 405, "Method Not Allowed"),
    ],
    ids=["not JSON", "not sent as JSON", "no such path", "no such method"],
)
def test_errors_have_one_form(
    api: Api, request_line: str, content: bytes, media_type: str, status: int, error: str
) -> None:
    method, path = request_line.format(send=api.send, read=api.read).split()
    reply = api.world.send(method, path, content, {"content-type": media_type})
    assert reply.status == status
    message = reply.json["message"]
    assert reply.json == {"error": error, "message": message, "statusCode": status}
    assert message


def test_a_body_that_is_too_long_is_a_413(api: Api) -> None:
    headers = {**api.world.headers, "content-type": "application/json"}
    request = Request("POST", api.world.prefix + api.send, "", headers, b"", too_large=True)
    reply = Reply(api.world.engine.handle(request, api.world.now))
    assert (reply.status, reply.json["error"]) == (413, "Payload Too Large")


def test_the_request_after_the_limit_is_refused_until_the_minute_is_over(api: Api) -> None:
    statuses = [api.world.get(api.read).status for _ in range(201)]
    assert (statuses.count(200), statuses[-1]) == (200, 429)
    api.world.advance("PT59S")
    refused = api.world.get(api.read)
    assert (refused.status, refused.header("retry-after")) == (429, "1")
    assert refused.json["error"] == "Too Many Requests"
    api.world.advance("PT1S")
    assert api.world.get(api.read).status == 200


def test_a_number_for_testing_has_no_quota(api: Api) -> None:
    assert api.invite({"phoneNumber": "+447400000002"}).status == 400


def test_addresses_for_testing_fail_on_the_way(api: Api) -> None:
    api.invite({"phoneNumber": "+447400000001", "email": "bounce@example.com"})
    statuses = [message["status"] for message in api.world.messages(api.name)]
    assert statuses == ["failed", "failed"]
