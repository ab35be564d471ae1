import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mockserver.base.time import parse_instant
from mockserver.contract.canned_answers import with_canned_answers
from mockserver.documents.document_files import Files
from mockserver.model.api import Api
from mockserver.model.messages import Request
from mockserver.server.reloading import Reloader
from mockserver.server.sources import Sources, open_engine, parse_settings
from tests.conftest import START

Prepare = Callable[[Api, Files], Api]
Headers = Mapping[str, str]
NO_HEADERS: Headers = {}
NOW = parse_instant("2026-03-10T12:00:00Z")
SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  settings: {most: {type: integer, default: 5}}
  collections: {orders: {}}
  fixtures: [records.yaml]
paths:
  /name: {get: {responses: {'200': {$ref: 'parts.yaml#/name'}}}}
  /orders:
    post:
      responses: {}
      x-mock:
        steps:
          - create: {in: orders, record: {id: '{{ uuid() }}'}}
          - respond: {body: '{{ [count("orders"), settings.most] }}'}
"""
PARTS = "name: {description: name, content: {application/json: {example: one}}}\n"
MORE = "{orders: {}, more: {}}"


class Shop:
    """A served folder whose files a test changes."""

    def __init__(
        self, folder: Path, settings: tuple[str, ...] = (), prepare: Prepare | None = None
    ) -> None:
        self.folder = folder
        self.write("shop.yaml", SHOP)
        self.write("parts.yaml", PARTS)
        self.write("records.yaml", "orders: [{id: a}]\n")
        self.told: list[str] = []
        sources = Sources([folder], parse_settings(settings), prepare=prepare)
        self.engine = open_engine(sources)
        self._reloader = Reloader(self.engine, sources, self.told.append)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def change(self, name: str, before: str, after: str) -> None:
        text = (self.folder / name).read_text()
        assert before in text
        self.write(name, text.replace(before, after))

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            asyncio.run(self._reloader.check())

    def answer(
        self, method: str, path: str, sandbox: str = "default", headers: Headers = NO_HEADERS
    ) -> str:
        given = {"host": "a", "mock-sandbox": sandbox, **headers}
        request = Request(method, path, "", given, b"")
        return self.engine.handle(request, NOW).answer.body.decode()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_nothing_is_loaded_while_nothing_changes(shop: Shop) -> None:
    apis = shop.engine.apis
    shop.look(5)
    assert (shop.engine.apis is apis, shop.told) == (True, [])


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("parts.yaml", "one", "two"), ("shop.yaml", "$ref: 'parts.yaml#/name'", "$ref: two.yaml")],
)
def test_a_change_is_served(shop: Shop, name: str, before: str, after: str) -> None:
    shop.write("two.yaml", PARTS[len("name: ") :].replace("one", "two"))
    shop.change(name, before, after)
    shop.look()
    assert shop.answer("GET", "/name") == '"two"'
    assert shop.told == ["The documents have changed, and the new ones are served."]


def test_a_change_is_served_once_the_files_have_settled(shop: Shop) -> None:
    shop.change("parts.yaml", "one", "half")
    shop.look(1)
    shop.change("parts.yaml", "half", "whole")
    shop.look(1)
    assert shop.answer("GET", "/name") == '"one"'
    shop.look(1)
    assert shop.answer("GET", "/name") == '"whole"'


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("shop.yaml", "openapi: [", "this is not YAML"),
        ("shop.yaml", SHOP.replace("uuid()", "uid()"), "there is no function 'uid'"),
        ("records.yaml", "orders: [{id: a}, {id: a}]", "another record of orders"),
        ("other.yaml", "openapi: 9.0.0", "OpenAPI '9.0.0' is not supported"),
    ],
)
def test_a_broken_document_keeps_the_last_good_one(
    shop: Shop, name: str, text: str, told: str
) -> None:
    shop.change("parts.yaml", "one", "two")
    shop.write(name, text)
    shop.look()
    assert shop.answer("GET", "/name") == '"one"'
    assert told in shop.told[0]
    assert shop.told[0].endswith("The documents of before the change are still served.")


def test_a_broken_document_is_told_once_and_served_when_it_is_mended(shop: Shop) -> None:
    shop.write("shop.yaml", SHOP.replace("records.yaml", "later.yaml"))
    shop.look(6)
    assert len(shop.told) == 1
    shop.write("later.yaml", "orders: []\n")
    shop.look()
    assert shop.told[1] == "The documents have changed, and the new ones are served."


def test_what_is_left_out_is_counted(shop: Shop) -> None:
    shop.write("parts.yaml", "other: 5\n")
    shop.look()
    assert shop.told == [
        "The documents have changed, and the new ones are served (1 problem, left out)."
    ]


def test_a_new_document_of_the_folder_is_served(shop: Shop) -> None:
    shop.write("toys.yaml", SHOP)
    shop.look()
    assert list(shop.engine.apis) == ["shop", "toys"]


def test_a_document_that_is_gone_is_not_served(shop: Shop) -> None:
    shop.write("toys.yaml", SHOP)
    (shop.folder / "shop.yaml").unlink()
    shop.look()
    assert list(shop.engine.apis) == ["toys"]


@pytest.mark.parametrize("collections", ["{orders: {}}", MORE, "{orders: {unique: [id]}}"])
def test_records_stay_where_their_collection_does(shop: Shop, collections: str) -> None:
    assert shop.answer("POST", "/orders") == "[2,5]"
    assert shop.answer("POST", "/orders", "other") == "[2,5]"
    shop.change("shop.yaml", "{orders: {}}", collections)
    shop.change("records.yaml", "{id: a}", "{id: a}, {id: b}")
    shop.look()
    assert shop.answer("POST", "/orders") == "[3,5]"
    assert shop.answer("POST", "/orders", "other") == "[3,5]"


def test_new_collections_begin_with_their_fixtures(shop: Shop) -> None:
    shop.answer("POST", "/orders")
    shop.change("shop.yaml", "{orders: {}}", MORE)
    shop.change("shop.yaml", 'count("orders")', 'count("more")')
    shop.write("records.yaml", "orders: []\nmore: [{id: 1}, {id: 2}, {id: 3}]\n")
    shop.look()
    assert shop.answer("POST", "/orders") == "[3,5]"


def test_records_that_do_not_fit_a_collection_any_more_give_way(shop: Shop) -> None:
    shop.answer("POST", "/orders")
    shop.change("shop.yaml", "{orders: {}}", "{orders: {key: number}}")
    shop.change("shop.yaml", "record: {id:", "record: {number:")
    shop.write("records.yaml", "orders: [{number: 1}, {number: 2}]\n")
    shop.look()
    assert shop.answer("POST", "/orders") == "[3,5]"


@pytest.mark.parametrize(
    ("declared", "value"),
    [("{type: integer, default: 5}", 7), ("{type: integer, default: 6}", 6)],
)
def test_a_setting_keeps_its_value_if_it_is_declared_as_before(
    shop: Shop, declared: str, value: int
) -> None:
    sandbox = shop.engine.sandboxes.get("default", START)
    sandbox.change_settings(sandbox.transaction(), "shop", {"most": 7})
    shop.change("shop.yaml", "{type: integer, default: 5}", declared)
    shop.change("parts.yaml", "one", "two")
    shop.look()
    assert shop.answer("POST", "/orders") == f"[2,{value}]"


CANNED = """\
interactions:
  - name: Known
    request: {method: GET, path: /name}
    answer: {status: 200, json: two}
"""


def test_changed_interactions_are_canned_anew(tmp_path: Path) -> None:
    folder = tmp_path / "fixtures" / "shop" / "interactions"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(CANNED)
    shop = Shop(tmp_path, prepare=with_canned_answers)
    wanted = {"prefer": "example=Known"}
    assert shop.answer("GET", "/shop/name", headers=wanted) == '"two"'
    (folder / "one.yaml").write_text(CANNED.replace("two", "three"))
    shop.look()
    assert shop.answer("GET", "/shop/name", headers=wanted) == '"three"'


def test_settings_of_the_command_line_hold(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ("shop.most=9",))
    shop.change("parts.yaml", "one", "two")
    shop.look()
    assert shop.answer("POST", "/orders") == "[2,9]"
    shop.change("shop.yaml", "{most: {", "{least: {")
    shop.change("shop.yaml", "settings.most", "settings.least")
    shop.look()
    assert "shop has no setting 'most'" in shop.told[1]
