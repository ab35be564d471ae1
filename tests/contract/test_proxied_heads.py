"""Heads of answers that the proxy passes on: their length, and fields about the connection."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.openapi.compiler import load_apis
from tests.contract.proxied import Proxied, answering

DOCUMENT = """\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths: {/a: {get: {responses: {'200': {description: ok}}}}}
"""
Passed = tuple[int, dict[str, str], bytes]


@pytest.fixture
def passed(tmp_path: Path) -> Callable[..., Passed]:
    """Return status, headers and body of an upstream's answer, as the proxy sends it."""
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    (api,) = load_apis([tmp_path / "shop.yaml"], BUILT_IN)

    def passing(answer: httpx.Response, method: str = "GET") -> Passed:
        proxy = Proxied(api, answering(answer), "http://api.example").proxy
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b""}

        async def send(message: object) -> None:
            assert isinstance(message, dict)
            sent.append(message)

        scope = {"type": "http", "method": method, "raw_path": b"/a", "query_string": b""}
        asyncio.run(proxy({**scope, "headers": []}, receive, send))
        start, end = sent
        headers = start["headers"]
        assert isinstance(headers, list)
        assert isinstance(start["status"], int)
        assert isinstance(end["body"], bytes)
        named = {name.decode(): value.decode() for name, value in headers}
        assert len(named) == len(headers), "each header once"
        return start["status"], named, end["body"]

    return passing


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("length", [None, "0", "12"])
def test_an_answer_without_content_has_no_length(
    passed: Callable[..., Passed], status: int, length: str | None
) -> None:
    headers = {"etag": '"1"'} | ({} if length is None else {"content-length": length})
    found, named, body = passed(httpx.Response(status, headers=headers))
    assert (found, named["etag"], body) == (status, '"1"', b"")
    assert "content-length" not in named


@pytest.mark.parametrize("length", [None, "12"])
def test_an_answer_to_head_has_the_length_that_the_upstream_gives(
    passed: Callable[..., Passed], length: str | None
) -> None:
    headers = {} if length is None else {"content-length": length}
    _, named, body = passed(httpx.Response(200, headers=headers), "HEAD")
    assert (named.get("content-length"), body) == (length, b"")


@pytest.mark.parametrize("status", [200, 205, 404])
def test_an_answer_that_may_have_content_has_the_length_of_what_is_passed_on(
    passed: Callable[..., Passed], status: int
) -> None:
    _, named, body = passed(httpx.Response(status))
    assert (named["content-length"], body) == ("0", b"")


def test_a_date_of_the_upstream_is_the_only_one(passed: Callable[..., Passed]) -> None:
    _, named, _ = passed(httpx.Response(200, headers={"date": "Tue, 10 Mar 2026 12:00:00 GMT"}))
    assert named["date"] == "Tue, 10 Mar 2026 12:00:00 GMT"


def test_a_header_that_is_about_the_upstreams_connection_is_not_passed_on(
    passed: Callable[..., Passed],
) -> None:
    headers = {"connection": "close, X-Hop", "x-hop": "1", "keep-alive": "timeout=5", "x-end": "1"}
    _, named, _ = passed(httpx.Response(200, headers=headers))
    assert named == {"x-end": "1", "content-length": "0"}
