import importlib.util
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import httpx
import pytest
from clients import (
    BUSINESS,
    NODE,
    PATH,
    AsyncClient,
    Client,
    HttpxClient,
    NodeClient,
    RequestsClient,
)

import mockserver
from mockserver.testing import Sandbox, Server

PHONE, OTHER = "+33647385968", "+33647385969"
CLIENTS = [
    pytest.param(HttpxClient, id="httpx"),
    pytest.param(RequestsClient, id="requests"),
    pytest.param(
        NodeClient,
        id="node",
        marks=pytest.mark.skipif(NODE is None, reason="Node is not installed"),
    ),
]


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return HttpxClient(sandbox.partoo.base_url, sandbox.partoo.api_key)


def test_it_is_installed_and_not_taken_from_a_repository() -> None:
    found = importlib.util.find_spec("mockserver")
    assert found is not None
    assert Path(sys.prefix) in Path(found.origin or "").parents


@pytest.mark.parametrize("kind", CLIENTS)
def test_second_sms_waits_ten_days(sandbox: Sandbox, kind: "type[HttpxClient]") -> None:
    client = kind(sandbox.partoo.base_url, sandbox.partoo.api_key)
    assert client.invite(PHONE).ok
    assert not client.invite(PHONE).ok
    sandbox.clock.advance(days=10)
    assert client.invite(PHONE).ok
    assert [m.to for m in sandbox.messages] == [PHONE, PHONE]


@pytest.mark.anyio
@pytest.mark.mockserver(settings={"partoo": {"sms_quota": 7}})
async def test_a_quota_holds_however_many_ask_at_once(
    sandbox: Sandbox, anyio_backend_name: str
) -> None:
    assert anyio_backend_name == "asyncio"
    client = AsyncClient(sandbox.partoo.base_url, sandbox.partoo.api_key)
    done: list[bool] = []

    async def invite(number: int) -> None:
        done.append((await client.invite(f"+336473859{number:02}")).ok)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(invite, number)
    assert (done.count(True), len(sandbox.messages.sms)) == (7, 7)


def test_a_refusal_says_why(sandbox: Sandbox, client: Client) -> None:
    client.invite(PHONE)
    assert "already been sent" in client.invite(PHONE).problem
    last = sandbox.requests.last
    assert (last.operation, last.status, last.reason) == ("sendReviewInvitation", 400, "cooldown")
    assert any("passes at" in decision for decision in last.trace)


def test_a_shorter_cooldown(sandbox: Sandbox, client: Client) -> None:
    sandbox.partoo.settings.cooldown = "PT1H"
    client.invite(PHONE)
    sandbox.clock.advance(minutes=59)
    assert not client.invite(PHONE).ok
    sandbox.clock.advance("PT1M")
    assert client.invite(PHONE).ok


def test_a_message_arrives_in_time(sandbox: Sandbox, client: Client) -> None:
    noon = datetime(2030, 1, 31, 12, tzinfo=UTC)
    sandbox.clock.freeze(noon)
    client.invite(PHONE)
    message = sandbox.messages.last
    assert (message.created_at, message.status) == (noon, "scheduled")
    sandbox.clock.advance(timedelta(minutes=1))
    assert sandbox.messages.to(PHONE).last.status == "delivered"


def test_another_key_may_not(sandbox: Sandbox) -> None:
    read_only = sandbox.partoo.credentials["ApiKeyAuth"][1]
    client = HttpxClient(sandbox.partoo.base_url, read_only.value)
    assert not client.invite(PHONE).ok
    assert sandbox.requests.last.reason == "forbidden"


def test_a_client_without_a_base_url_uses_its_key(
    sandbox: Sandbox, mockserver_server: Server
) -> None:
    client = HttpxClient(f"{mockserver_server.url}/partoo/v2", sandbox.partoo.credential.scoped)
    assert client.invite(PHONE).ok
    assert len(sandbox.messages) == 1


def test_reset_forgets_the_cooldown(sandbox: Sandbox, client: Client) -> None:
    client.invite(PHONE)
    sandbox.reset()
    assert client.invite(PHONE).ok
    assert len(sandbox.requests) == 1


def test_records_are_seeded(sandbox: Sandbox) -> None:
    vendors = sandbox.cloutly_marketplace.records.vendors
    vendors.add(id="v3", marketplace="demo-market", name="Third Stall")
    api = sandbox.cloutly_marketplace
    reply = httpx.get(f"{api.base_url}/vendors/v3", headers=api.headers)
    assert reply.json()["name"] == "Third Stall"


@pytest.mark.mockserver("orders.yaml", settings={"orders": {"orders_a_day": 1}})
def test_a_document_of_ones_own(sandbox: Sandbox) -> None:
    url = f"{sandbox.orders.base_url}/orders"
    statuses = [httpx.post(url, json={"customer": "ann"}).status_code for _ in range(2)]
    sandbox.clock.advance(days=1)
    statuses.append(httpx.post(url, json={"customer": "ann"}).status_code)
    assert statuses == [201, 429, 201]
    assert [order["customer"] for order in sandbox.orders.records.orders] == ["ann", "ann"]


@pytest.mark.mockserver(allow_unmatched=True)
def test_a_wrong_path_is_allowed(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.walr.base_url}/nowhere").status_code == httpx.codes.NOT_FOUND
    assert sandbox.requests.last.is_unmatched


def test_it_runs_in_process() -> None:
    app = mockserver.create_app(settings={"partoo": {"sms_quota": 1}})
    api = Sandbox(app, "inside").partoo
    with httpx.Client(transport=mockserver.Transport(app), headers=api.headers) as http:
        bodies = [{"business_id": BUSINESS, "target_phone": phone} for phone in (PHONE, OTHER)]
        replies = [http.post(api.base_url + PATH, json=body) for body in bodies]
    assert [reply.is_success for reply in replies] == [True, False]
