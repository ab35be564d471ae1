from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.coverage import OperationCoverage, coverage, shares
from tests.conftest import World

SHOP = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock: {name: shop}
paths:
  /items:
    get:
      operationId: listItems
      parameters: [{name: page, in: query, schema: {type: integer}}]
      responses:
        '200':
          description: ok
          content:
            application/json:
              examples: {few: {value: [1]}, many: {value: [1, 2]}}
        '4XX':
          description: bad
          content: {application/json: {example: {error: bad}}}
        default: {description: other}
  /others:
    get: {operationId: listOthers, responses: {'200': {description: ok}}}
"""


@pytest.fixture
def shop(serve: Callable[..., World]) -> World:
    return serve(SHOP)


def covered(world: World) -> list[OperationCoverage]:
    return coverage(world.engine.apis["shop"], world.sandbox().journal.seen)


def counts(world: World) -> dict[str, Any]:
    items = covered(world)[0]
    examples = {example.name: example.seen for example in items.examples()}
    return {**{response.status: response.seen for response in items.responses}, **examples}


def test_nothing_is_seen_at_first(shop: World) -> None:
    assert counts(shop) == {"200": 0, "4XX": 0, "default": 0, "few": 0, "many": 0, "": 0}
    assert shares(covered(shop)) == {"operations": (0, 2), "responses": (0, 4), "examples": (0, 3)}


@pytest.mark.parametrize(
    ("prefer", "page", "status", "example"),
    [
        ("", "1", "200", "few"),
        ("example=many", "1", "200", "many"),
        ("code=200, example=many", "1", "200", "many"),
        ("code=404", "1", "4XX", ""),
        ("code=500", "1", "default", None),
        ("dynamic=true", "1", "200", "few"),
        ("", "one", "4XX", ""),
    ],
)
def test_a_status_and_an_example_are_counted_once(
    shop: World, prefer: str, page: str, status: str, example: str | None
) -> None:
    shop.get(f"/items?page={page}", prefer=prefer)
    expected = {status: 1} if example is None else {status: 1, example: 1}
    assert {name: seen for name, seen in counts(shop).items() if seen} == expected


def test_a_status_that_is_not_documented_is_told(shop: World) -> None:
    shop.get("/others", prefer="code=418")
    [_, others] = covered(shop)
    assert (others.requests, others.undocumented) == (1, {418: 1})


def test_a_fault_of_the_mock_covers_nothing(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("mockserver.engine.pipeline.operate", broken)
    assert shop.get("/items").status == 500
    items = covered(shop)[0]
    assert (items.requests, items.failures) == (1, 1)
    assert not any(counts(shop).values())


def test_what_leads_nowhere_is_not_counted(shop: World) -> None:
    shop.get("/none")
    assert not shop.sandbox().journal.seen


def test_what_the_journal_forgot_is_still_counted(shop: World) -> None:
    shop.get("/items")
    shop.sandbox().journal.clear()
    assert counts(shop)["200"] == 1
