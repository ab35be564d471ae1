from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.contract.contract_coverage import (
    Coverage,
    fetch,
    junit_report,
    missing,
    text_report,
)
from mockserver.contract.coverage_page import html_report
from mockserver.contract.targets import TargetError, open_client
from mockserver.model.api import Api
from tests.contract.inprocess import ADDRESS, client_of, load

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /items:
    get:
      operationId: listItems
      parameters: [{name: "<b>", in: query, schema: {type: string}}]
      responses: {'200': {description: All}, '500': {description: Broken}}
    post:
      operationId: addItem
      responses: {'201': {description: Added}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Api:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return load(tmp_path / "shop.yaml")


@pytest.fixture
def covered(shop: Api) -> Coverage:
    """What was seen after one request in each of two sandboxes, one of them deleted."""
    with client_of([shop]) as client:
        client.get(f"{ADDRESS}/~one/shop/items")
        client.delete(f"{ADDRESS}/_mock/sandboxes/one")
        client.get(f"{ADDRESS}/~two/shop/items", headers={"prefer": "code=500"})
        return fetch(client, ADDRESS, None, None, None)


def test_all_sandboxes_count_unless_one_is_named(shop: Api, covered: Coverage) -> None:
    assert covered.apis[0].operations[0].requests == 2
    with client_of([shop]) as client:
        client.get(f"{ADDRESS}/~one/shop/items")
        client.get(f"{ADDRESS}/~two/shop/none")
        assert fetch(client, ADDRESS, "shop", "two", None).share() == 0


def test_shares_are_of_everything_or_of_one_part(covered: Coverage) -> None:
    assert covered.share() == pytest.approx(100 * 3 / 6)
    assert covered.share(["operations"]) == 50
    assert Coverage(apis=[]).share() == 100


def test_what_was_never_seen_is_named(covered: Coverage) -> None:
    told = [(one.operation, one.what) for one in missing(covered)]
    assert told == [("listItems", "query parameter <b>"), ("addItem", "never called")]
    assert "never seen: shop addItem: never called" in list(text_report(covered))


def test_the_page_is_whole_and_shows_text_as_text(covered: Coverage) -> None:
    page = html_report(covered)
    assert "Contract coverage: 50.0 %" in page
    assert "query parameter &lt;b&gt;: never" in page
    assert "<b>" not in page
    for outside in ("http://", "https://", "<script", "src="):
        assert outside not in page


def test_junit_has_the_shares_as_properties(covered: Coverage) -> None:
    root = ET.fromstring(junit_report(covered))  # noqa: S314 - our own
    properties = {one.attrib["name"]: one.attrib["value"] for one in root.iter("property")}
    assert properties["responses.percent"] == "66.7"
    assert properties["operations.documented"] == "2"
    assert root[0].attrib["skipped"] == "1"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(200, text="<html>"), "is not a mockserver"),
        (httpx.Response(200, json={"apis": 5}), "sent no valid coverage report"),
        (httpx.Response(404, json={"detail": "there is no API 'x'"}), "there is no API 'x'"),
        (httpx.Response(404, text="no"), "status 404"),
    ],
)
def test_what_is_no_mockserver_is_told_as_such(answer: httpx.Response, told: str) -> None:
    with (
        open_client(5, httpx.MockTransport(lambda _request: answer)) as client,
        pytest.raises(TargetError, match=told),
    ):
        fetch(client, ADDRESS, None, None, None)


def test_a_server_that_is_not_there_is_bad_input() -> None:
    result = CliRunner().invoke(main, ["coverage", "--against", "http://127.0.0.1:1"])
    assert result.exit_code == 2
    assert "no connection" in result.output
