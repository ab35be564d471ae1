import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.base.asgi import AsgiScope, Receive, Send
from mockserver.base.errors import SettingsError, SpecError
from mockserver.engine.engine_options import Options
from mockserver.server.factory import create_app
from mockserver.testing import Sandbox, Server
from mockserver.testing.httpx_transport import Transport
from mockserver.testing.inprocess import AsgiCall, WaitsError, perform
from tests.testing.conftest import THINGS

ORDERS = "http://localhost/shop/v1/orders"


@pytest.fixture
def client(shop: Path) -> httpx.Client:
    return httpx.Client(transport=Transport(create_app(shop)))


def test_a_synchronous_client_is_served(client: httpx.Client) -> None:
    reply = client.get(ORDERS, params={"size": "2"})
    assert (reply.status_code, reply.json(), reply.http_version) == (200, [1, 2], "HTTP/1.1")
    assert client.head(ORDERS).headers["content-length"] == reply.headers["content-length"]
    assert client.get("http://localhost/_mock/requests").json()["total"] == 2


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_asynchronous_client_is_served(shop: Path) -> None:
    transport = httpx.ASGITransport(create_app([shop]))
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(ORDERS)).json() == [1, 2]
        reply = await client.get(ORDERS, headers={"prefer": "wait=20"})
    assert reply.headers["mock-delay"] == "PT20S"


def test_a_delay_is_told_and_not_waited_for(client: httpx.Client) -> None:
    reply = client.get(ORDERS, headers={"prefer": "wait=2"}, timeout=3)
    assert (reply.status_code, reply.headers["mock-delay"]) == (200, "PT2S")
    assert "mock-delay" not in client.get(ORDERS).headers


def test_a_delay_beyond_the_clients_patience_is_a_timeout(client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout, match="delayed by PT2S"):
        client.get(ORDERS, headers={"prefer": "wait=2"}, timeout=1)
    assert client.get(ORDERS, headers={"prefer": "wait=2"}, timeout=None).is_success


def test_a_delay_that_would_be_waited_for_is_refused(shop: Path) -> None:
    client = httpx.Client(transport=Transport(create_app(shop, delays=True)))
    with pytest.raises(WaitsError, match=r"GET /shop/v1/orders waits"):
        client.get(ORDERS, headers={"prefer": "wait=2"})


async def endless(_scope: AsgiScope, receive: Receive, _send: Send) -> None:
    while True:
        await receive()


async def cut(_scope: AsgiScope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"[1,", "more_body": True})
    raise ConnectionResetError


async def reset(_scope: AsgiScope, _receive: Receive, _send: Send) -> None:
    raise ConnectionResetError


async def broken(_scope: AsgiScope, _receive: Receive, _send: Send) -> None:
    raise LookupError("a bug")


@pytest.mark.parametrize(
    ("app", "error"),
    [
        (endless, WaitsError),
        (cut, httpx.RemoteProtocolError),
        (reset, httpx.ReadError),
        (broken, LookupError),
    ],
)
def test_what_does_not_end_well_is_an_error(app: object, error: type[Exception]) -> None:
    client = httpx.Client(transport=Transport(app))  # type: ignore[arg-type] # each is one
    with pytest.raises(error):
        client.get("http://localhost/")


def test_threads_take_turns(shop: Path) -> None:
    app = create_app(shop)
    calls = [AsgiCall("GET", b"/shop/v1/orders", [(b"host", b"localhost")])] * 50

    def work() -> None:
        for call in calls:
            perform(app, call)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.id for item in Sandbox(app).requests] == [f"r{n}" for n in range(1, 401)]


def test_settings_and_seed_are_given_at_start() -> None:
    first = Sandbox(create_app(seed=5, settings={"partoo": {"cooldown": "P1D", "sms_quota": 3}}))
    assert (first.partoo.settings.cooldown, first.partoo.settings.sms_quota) == ("P1D", 3)


def test_how_documents_are_served_is_said_at_start(tmp_path: Path) -> None:
    path = tmp_path / "things.yaml"
    path.write_text(THINGS)

    def get(path_: str, **said: Any) -> tuple[httpx.Response, httpx.Response]:
        client = httpx.Client(transport=Transport(create_app(path, **said)), base_url="http://a")
        return client.get(path_), client.get(path_)

    (one, same), (made_up, other) = get("/things/8"), get("/things/8", dynamic=True)
    assert one.content == same.content
    assert made_up.content != other.content
    assert get("/things/8", stateful=True)[0].status_code == 404
    assert [get("/broken", errors=errors)[0].status_code for errors in (False, True)] == [200, 500]
    lax, strict = (get("/flags?on=True", strict_requests=strict)[0] for strict in (False, True))
    assert (lax.status_code, strict.status_code) == (200, 400)


def test_the_server_that_is_imitated_is_said_at_start(tmp_path: Path) -> None:
    path = tmp_path / "things.yaml"
    path.write_text(THINGS)
    apps = [
        create_app(path),
        create_app(path, like="prism"),
        create_app(path, options=Options(like="prism")),
        create_app(path, options=Options(like="prism"), dynamic=True),
    ]
    for app, status in zip(apps, (200, 404, 404, 404), strict=True):
        client = httpx.Client(transport=Transport(app), base_url="http://a")
        assert client.get("/things/8?__code=418").status_code == status
    with Server(path, like="prism") as server:
        assert httpx.get(f"{server.url}/things/8?__code=418").status_code == 404


def test_what_cannot_be_served_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        create_app(tmp_path / "nothing.yaml")
    with pytest.raises(SettingsError, match="no API 'party'"):
        create_app(settings={"party": {}})
    with pytest.raises(SettingsError, match="has no setting 'sms'"):
        create_app(settings={"partoo": {"sms": 1}})


def test_an_application_may_have_no_control_api_or_ask_for_a_token(shop: Path) -> None:
    url = "http://localhost/_mock/health"
    without = httpx.Client(transport=Transport(create_app(shop, control=False)))
    assert without.get(url).status_code == 404
    guarded = create_app(shop, control_token="secret")
    assert httpx.Client(transport=Transport(guarded)).get(url).status_code == 401
    assert Sandbox(guarded, token="secret").shop.base_url == "http://127.0.0.1/shop/v1"


@pytest.mark.parametrize("token", ["", " "])
def test_an_empty_control_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="the control token is empty"):
        create_app(control_token=token)
