import gzip
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.served import PATIENCE, Served

PATH = "/cloutly/api/v1/businesses"
KEY = {"x-api-key": "demo-cloutly-key"}
FULL_DISK = [">/dev/full"] if Path("/dev/full").exists() else []
SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths: {/name: {get: {responses: {'200': {content: {application/json: {example: one}}}}}}}
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served("--max-body", "1000")
    yield server
    server.stop()
    assert "Traceback" not in server.errors


def ask(method: str, url: str, **options: Any) -> httpx.Response:
    return httpx.request(method, url, **{"timeout": PATIENCE, **options})


def request(method: str, path: str, *headers: str, body: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def test_it_says_where_everything_is(served: Served) -> None:
    assert f"{served.url}/partoo/v2" in served.greeting
    assert "x-apikey: demo-partoo-key" in served.greeting
    assert f"Control API: {served.url}/_mock" in served.greeting


def test_a_real_client_is_answered(served: Served) -> None:
    reply = ask("GET", served.url + PATH, headers=KEY)
    assert (reply.status_code, reply.json()[0]["name"]) == (200, "My Business")
    assert reply.headers["mock-request-id"].startswith("r")


def test_links_lead_back_through_a_proxy_that_speaks_tls(served: Served) -> None:
    proxied = {"host": "mock.example", "x-forwarded-proto": "https"}
    invitation = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
    path = "/~tls/partoo/v2/review_booster/send_invitation"
    headers = {"x-apikey": "demo-partoo-key", **proxied}
    assert ask("POST", served.url + path, json=invitation, headers=headers).status_code == 200
    (message,) = ask("GET", f"{served.url}/_mock/messages?sandbox=tls").json()["messages"]
    assert message["link"].startswith("https://mock.example/~tls/partoo/")
    local = {"x-forwarded-proto": "https"}
    first, *_ = ask("GET", f"{served.url}/_mock/apis", headers=local).json()
    assert first["base_url"].startswith("https://")


def test_head_has_the_length_and_no_body(served: Served) -> None:
    reply = ask("HEAD", served.url + PATH, headers=KEY)
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) > 100


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    key = "x-api-key: demo-cloutly-key"
    data = (
        request("GET", "/cloutly/api/v1/reviews?limit=1", key)
        + request("GET", "/_mock/health")
        + request("GET", PATH, key)
        + request("GET", "/nowhere", "Connection: close")
    )
    received = served.send(data)
    places = [received.index(mark) for mark in (b'"total"', b'"status":"ok"', b"Harbour Street")]
    assert places == sorted(places)
    assert received.count(b"HTTP/1.1 200") == 3
    assert received.count(b"HTTP/1.1 404") == 1


def test_a_chunked_body_is_read(served: Served) -> None:
    body = json.dumps({"firstName": "Ann"}).encode()
    reply = ask(
        "POST",
        served.url + "/cloutly/api/v1/send-review-invite",
        content=iter([body[:5], body[5:]]),
        headers={**KEY, "content-type": "application/json"},
    )
    assert (reply.status_code, "businessId is required" in reply.json()["message"]) == (400, True)


H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")
INVITE = (
    request("POST", "/cloutly/api/v1/send-review-invite", "x-api-key: demo-cloutly-key", *H2C)
    .removesuffix(b"\r\n")
    .replace(b"Host", b"Content-Type: application/json\r\nHost")
)


@pytest.mark.parametrize(
    "body",
    [
        b'Content-Length: 20\r\n\r\n{"firstName": "Ann"}',
        b'Transfer-Encoding: chunked\r\n\r\n13\r\n{"firstName": "An"}\r\n0\r\n\r\n',
    ],
    ids=["counted", "chunked"],
)
def test_the_offer_of_another_protocol_is_ignored(served: Served, body: bytes) -> None:
    control = b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    data = (
        INVITE
        + body
        + request("POST", "/_mock/clock", *H2C).removesuffix(b"\r\n")
        + control
        + request("GET", PATH, "x-api-key: demo-cloutly-key", *H2C, "Connection: close")
    )
    received = served.send(data)
    marks = [b'"message":"businessId is required', b'"status":422', b"My Business"]
    assert [received.count(mark) for mark in marks] == [1, 1, 1]
    assert received.count(b"HTTP/1.1 ") == 3


def test_a_compressed_body_that_is_chunked_is_read(served: Served) -> None:
    body = gzip.compress(json.dumps({"firstName": "Ann"}).encode())
    reply = ask(
        "POST",
        served.url + "/cloutly/api/v1/send-review-invite",
        content=iter([body[:5], body[5:]]),
        headers={**KEY, "content-type": "application/json", "content-encoding": "gzip"},
    )
    assert (reply.status_code, "businessId is required" in reply.json()["message"]) == (400, True)


def test_a_chunked_body_that_is_too_large_is_a_413(served: Served) -> None:
    reply = ask(
        "POST",
        served.url + "/cloutly/api/v1/send-review-invite",
        content=iter([b"x" * 10] * 200),
        headers={**KEY, "content-type": "application/json"},
    )
    assert reply.status_code == 413


def test_an_expectation_that_is_not_known_is_passed_over(served: Served) -> None:
    head = request("GET", PATH, "x-api-key: demo-cloutly-key", "Expect: tea", "Connection: close")
    assert served.send(head).startswith(b"HTTP/1.1 200")


def test_a_client_that_waits_to_continue_is_told_to(served: Served) -> None:
    head = request(
        "POST",
        "/cloutly/api/v1/send-review-invite",
        "x-api-key: demo-cloutly-key",
        "Content-Type: application/json",
        "Content-Length: 2",
        "Expect: 100-continue",
        "Connection: close",
        body="{}",
    )
    received = served.send(head)
    assert received.startswith(b"HTTP/1.1 100 Continue")
    assert b"HTTP/1.1 400" in received


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET /cloutly/api/v1/businesses HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        request("GET", "/_mock/health", "Host: b", "Connection: close"),
        b"GET / HTTP/1.1\r\nHost: a/_mock/?\r\nConnection: close\r\n\r\n",
        b"GET /_mock/health HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Folded: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
    ],
    ids=[
        "not HTTP",
        "no Host",
        "two Hosts",
        "two Hosts of the control API",
        "no host",
        "half an address",
        "two lengths",
        "unknown coding",
        "folded",
        "space before the colon",
        "bare line feeds",
    ],
)
def test_bad_http_is_a_400(served: Served, data: bytes) -> None:
    assert served.send(data).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Many: 1\r\n" * 10_000 + b"\r\n", b"431"),
    ],
    ids=["target", "header", "headers"],
)
def test_a_head_that_is_too_large_is_refused(served: Served, data: bytes, status: bytes) -> None:
    assert served.send(data, until=b"\r\n\r\n").startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("size", [1_001, 100_000])
def test_a_body_that_is_too_large_is_a_413(served: Served, size: int) -> None:
    head = request(
        "POST",
        "/cloutly-marketplace/api/v2/vendors/5ef7b45b-2fd2-4719-88fd-96ef62f9d4a4/submit-review",
        "x-api-key: demo-marketplace-key",
        "Content-Type: application/json",
        f"Content-Length: {size}",
        "Connection: close",
        body="x" * size,
    )
    assert served.send(head, until=b"\r\n\r\n").startswith(b"HTTP/1.1 413")


def test_the_clock_is_moved_over_http(served: Served) -> None:
    with httpx.Client(
        base_url=served.url, params={"sandbox": "clock"}, timeout=PATIENCE
    ) as control:
        control.post("/_mock/clock", json={"frozen": True})
        before = control.get("/_mock/clock").json()["now"]
        after = control.post("/_mock/clock", json={"advance": "P10D"}).json()
        assert (after["frozen"], after["now"] > before) == (True, True)


def inject(served: Served, sandbox: str, **definition: object) -> None:
    url = f"{served.url}/_mock/faults?sandbox={sandbox}"
    assert ask("POST", url, json=definition).status_code == 201


def in_sandbox(name: str) -> bytes:
    key = "x-api-key: demo-cloutly-key"
    return request("GET", f"/~{name}{PATH}", key, "Connection: close")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reset_connection_is_one(served: Served, when: str) -> None:
    inject(served, f"reset-{when}", disconnect=when, times=1)
    with pytest.raises(ConnectionResetError):
        served.send(in_sandbox(f"reset-{when}"))
    assert served.send(in_sandbox(f"reset-{when}")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_waits_to_continue_is_disconnected_too(served: Served, when: str) -> None:
    inject(served, f"expect-{when}", disconnect=when)
    key = "x-api-key: demo-cloutly-key"
    with pytest.raises(ConnectionResetError):
        served.send(request("GET", f"/~expect-{when}{PATH}", key, "Expect: 100-continue"))


def test_an_answer_to_a_client_that_waits_to_continue_is_cut_too(served: Served) -> None:
    inject(served, "expect-cut", truncate=20)
    key = "x-api-key: demo-cloutly-key"
    received = served.send(request("GET", f"/~expect-cut{PATH}", key, "Expect: 100-continue"))
    assert len(received.rpartition(b"\r\n\r\n")[2]) == 20


def test_a_client_sees_that_an_answer_is_cut(served: Served) -> None:
    inject(served, "cut", truncate=20)
    with pytest.raises(httpx.RemoteProtocolError, match="received 20 bytes"):
        ask("GET", f"{served.url}/~cut{PATH}", headers=KEY)


def test_an_answer_that_is_cut_before_its_body_has_a_head(served: Served) -> None:
    inject(served, "headless", truncate=0)
    received = served.send(in_sandbox("headless"))
    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"\r\n\r\n")


def test_a_client_times_out_on_a_delayed_answer(served: Served) -> None:
    inject(served, "slow", delay="PT60S")
    impatient = httpx.Timeout(PATIENCE, read=0.2)
    with pytest.raises(httpx.ReadTimeout):
        ask("GET", f"{served.url}/~slow{PATH}", headers=KEY, timeout=impatient)
    assert served.send(in_sandbox("quick")).startswith(b"HTTP/1.1 200")


def test_a_signal_stops_it() -> None:
    server = Served("--no-control")
    assert "Control API: off" in server.greeting
    assert ask("GET", server.url + "/_mock/health").status_code == 404
    assert server.stop() == 0


def test_an_interrupt_is_no_failure() -> None:
    server = Served()
    server.process.send_signal(signal.SIGINT)
    _, errors = server.process.communicate(timeout=PATIENCE)
    assert (server.process.returncode, errors) == (0, "")


@pytest.mark.parametrize("output", [*FULL_DISK, ">&-"])
def test_an_output_that_takes_nothing_costs_only_the_greeting(tmp_path: Path, output: str) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"exec {sys.executable} -m mockserver serve --port {port} shop.yaml {output}"
    process = subprocess.Popen(command, shell=True, cwd=tmp_path)  # noqa: S602 - its output is closed
    try:
        transport = httpx.HTTPTransport(retries=8)  # a minute: there is no greeting to wait for
        with httpx.Client(transport=transport, timeout=PATIENCE) as client:
            assert client.get(f"http://127.0.0.1:{port}/name").json() == "one"
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_an_answer_that_is_held_back_is_sent_before_the_server_ends() -> None:
    server = Served()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(request("GET", "/cloutly/api/v1/reviews", "Prefer: code=200, wait=1"))
        server.send(request("GET", "/nowhere", "Connection: close"))
        assert server.stop() == 0
        received = b""
        while part := connection.recv(65_536):
            received += part

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in received


def test_events_are_streamed_and_end_with_the_server() -> None:
    server = Served()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(request("GET", "/_mock/events"))
        received = b""
        while b": listening" not in received:
            received += connection.recv(65_536)
        server.send(request("GET", "/nowhere", "Connection: close"))
        while b"event: exchange" not in received:
            received += connection.recv(65_536)
        assert server.stop() == 0
        while part := connection.recv(65_536):
            received += part
    assert b"content-type: text/event-stream" in received
    assert server.errors == "", "uvicorn had to cancel the stream"


def test_changed_documents_are_served_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    server = Served("--reload", str(path))
    try:
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
            assert client.get("/name").json() == "one"
            path.write_text(SHOP.replace("one", "two"))
            deadline = time.monotonic() + PATIENCE
            while (found := client.get("/name").json()) == "one":
                assert time.monotonic() < deadline
    finally:
        server.stop()
    assert found == "two"
