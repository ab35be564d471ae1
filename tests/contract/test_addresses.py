"""Operations with servers of their own are reached, or it is told that they are not."""

from pathlib import Path

import httpx
import pytest

from mockserver.contract.addresses import Addresses, OtherServiceError
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.targets import open_client, open_target
from mockserver.contract.variables import Variables
from mockserver.contract.verification import Verification
from mockserver.contract.verification_outcomes import Verdict
from mockserver.model.api import Api
from tests.contract.inprocess import ADDRESS, client_of, load
from tests.contract.proxied import Proxied

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock: {name: shop}
servers: [{url: 'https://api.shop.test/v2'}]
paths:
  /items: {get: {operationId: items, responses: {'200': {description: ok}}}}
  /files:
    servers: [{url: 'https://api.shop.test/upload'}]
    get: {operationId: files, responses: {'200': {description: ok}}}
  /media:
    get:
      operationId: media
      servers: [{url: 'https://media.shop.test/v1'}]
      responses: {'200': {description: ok}}
"""
INTERACTIONS = """\
interactions:
- {name: items, request: {method: GET, path: /items}, answer: {status: 200}}
- {name: files, request: {method: GET, path: /files}, answer: {status: 200}}
- {name: media, request: {method: GET, path: /media}, answer: {status: 200}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Api:
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    (tmp_path / "interactions.yaml").write_text(INTERACTIONS)
    return load(tmp_path / "shop.yaml")


@pytest.mark.parametrize(
    ("origin", "base", "items", "files", "media"),
    [
        ("http://127.0.0.1:80", "/v2", "/v2", "/upload", None),
        ("https://api.shop.test", "/v2", "/v2", "/upload", None),
        ("http://127.0.0.1:80", "/stage/v2", "/stage/v2", "/stage/upload", None),
        ("http://127.0.0.1:80", "", "", None, None),
        ("https://media.shop.test", "/v1", None, None, "/v1"),
    ],
)
def test_an_operation_is_where_its_own_servers_say(
    shop: Api, origin: str, base: str, items: str | None, files: str | None, media: str | None
) -> None:
    addresses = Addresses(shop, origin, base)
    found: list[str | None] = []
    for operation in shop.operations:
        try:
            found.append(addresses.base_of(operation))
        except OtherServiceError:
            found.append(None)
    assert found == [items, files, media]


@pytest.mark.parametrize("path", ["", "/shop", "/shop/v2"])
def test_a_mockserver_is_reached_for_all_operations(shop: Api, tmp_path: Path, path: str) -> None:
    interactions = load_interactions(shop, [tmp_path / "interactions.yaml"])
    with client_of([shop]) as client:
        target = open_target(client, shop, ADDRESS + path)
        run = Verification(target, interactions, Variables({})).run()
    assert [one.verdict for one in run.outcomes] == [Verdict.AGREES] * 3


def test_what_another_service_has_is_skipped_with_the_reason(shop: Api, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(404 if "_mock" in request.url.path else 200)

    interactions = load_interactions(shop, [tmp_path / "interactions.yaml"])
    with open_client(5, httpx.MockTransport(answer)) as client:
        target = open_target(client, shop, "http://stage.test/v2")
        run = Verification(target, interactions, Variables({})).run()
    assert asked[1:] == ["http://stage.test/v2/items", "http://stage.test/upload/files"]
    assert run.outcomes[2].verdict is Verdict.SKIPPED
    assert "media.shop.test/v1" in run.outcomes[2].reason


@pytest.mark.parametrize("path", ["/files", "/upload/files"])
def test_a_proxy_reaches_an_operation_by_its_path_or_its_whole_address(
    shop: Api, path: str
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    base = "http://stage.test/v2" if path == "/files" else "http://stage.test"
    document = DOCUMENT if path == "/files" else DOCUMENT.replace(".test/v2", ".test")
    Path(shop.source.file).write_text(document)
    api = load(Path(shop.source.file))
    proxied = Proxied(api, httpx.MockTransport(answer), base)
    assert proxied.client.get(path).status_code == 200
    assert asked == ["http://stage.test/upload/files"]
    assert proxied.lines == "GET /files  files  200"


def test_a_proxy_sends_nothing_to_another_service_and_says_so(shop: Api) -> None:
    proxied = Proxied(shop, httpx.MockTransport(lambda _: httpx.Response(200)), "http://s.test/v2")
    reply = proxied.client.get("/media")
    assert (reply.status_code, proxied.proxy.tally.failed) == (502, 1)
    assert "media.shop.test/v1" in reply.json()["detail"]
    assert "no answer: the document places this operation at media.shop.test/v1" in proxied.lines
