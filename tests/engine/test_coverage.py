from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.coverage import OperationCoverage, coverage, shares
from mockserver.engine.parameter_counts import MOST_SHAPES
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
    return coverage(
        world.engine.apis["shop"],
        world.sandbox().history.answer_counts,
        world.sandbox().history.parameter_counts,
    )


def counts(world: World) -> dict[str, Any]:
    items = covered(world)[0]
    examples = {example.name: example.seen for example in items.examples()}
    return {**{response.status: response.seen for response in items.responses}, **examples}


def test_nothing_is_seen_at_first(shop: World) -> None:
    assert counts(shop) == {"200": 0, "4XX": 0, "default": 0, "few": 0, "many": 0, "": 0}
    assert shares(covered(shop)) == {
        "operations": (0, 2),
        "responses": (0, 4),
        "parameters": (0, 1),
        "examples": (0, 3),
    }


@pytest.mark.parametrize(
    ("prefer", "page", "status", "example"),
    [
        ("", "1", "200", "few"),
        ("example=many", "1", "200", "many"),
        ("code=200, example=many", "1", "200", "many"),
        ("code=404", "1", "4XX", ""),
        ("code=500", "1", "default", None),
        ("dynamic=true", "1", "200", "few"),
        ("example=many, seed=zzz", "1", "200", "many"),
        ("example=none", "1", "200", "few"),
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

    monkeypatch.setattr("mockserver.engine.pipeline._operate", broken)
    assert shop.get("/items").status == 500
    items = covered(shop)[0]
    assert (items.requests, items.failures) == (1, 1)
    assert not any(counts(shop).values())


def test_what_clients_prefer_makes_the_counts_no_longer(shop: World) -> None:
    for number in range(20):
        shop.get("/items", prefer=f"example=none{number}")

    assert len(shop.sandbox().history.answer_counts) == 1


def test_what_leads_nowhere_is_not_counted(shop: World) -> None:
    shop.get("/none")
    assert not shop.sandbox().history.answer_counts


def test_what_the_journal_forgot_is_still_counted(shop: World) -> None:
    shop.get("/items")
    shop.sandbox().history.clear()
    assert counts(shop)["200"] == 1


PARAMETERS = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock: {name: shop}
paths:
  /items/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: page size, in: query, schema: {type: integer}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object}}
        - name: colour
          in: query
          schema: {type: object, properties: {R: {type: integer}, G: {type: integer}}}
        - {name: X-Trace, in: header, schema: {type: string}}
        - {name: theme, in: cookie, schema: {type: string}}
      responses: {'200': {description: ok}}
"""


@pytest.mark.parametrize(
    ("query", "headers", "sent"),
    [
        ("", {}, {"id"}),
        ("?page%20size=1&other=2", {}, {"id", "page size"}),
        ("?page+size=x", {}, {"id", "page size"}),
        ("?filter[a]=1&filter[b]=2", {}, {"id", "filter"}),
        ("?G=1&R=2", {}, {"id", "colour"}),
        ("?a=%26R=2&b=page%20size", {}, {"id"}),
        ("", {"x-trace": "1", "x-other": "2"}, {"id", "x-trace"}),
        ("", {"cookie": "theme=dark; other=1"}, {"id", "theme"}),
    ],
)
def test_parameters_that_are_sent_are_counted(
    serve: Callable[..., World], query: str, headers: dict[str, str], sent: set[str]
) -> None:
    world = serve(PARAMETERS)
    world.send("GET", f"/items/1{query}", headers=headers)
    assert {one.name for one in covered(world)[0].parameters if one.seen} == sent


def test_parameters_are_counted_however_many_others_are_sent(
    serve: Callable[..., World],
) -> None:
    world = serve(PARAMETERS)
    for number in range(MOST_SHAPES + 10):
        cookie = {"cookie": f"theme=dark; other{number}=1"} if number % 2 else {}
        world.send("GET", f"/items/1?filter[a]=1&other{number}=2", headers=cookie)
    world.send("GET", f"/items/1?filter[a]=1&{'x' * 5000}=2")
    seen = {one.name: one.seen for one in covered(world)[0].parameters if one.seen}
    number = MOST_SHAPES + 11
    assert seen == {"id": number, "filter": number, "theme": MOST_SHAPES // 2 + 5}


def test_what_was_seen_of_documents_that_are_replaced_counts_no_more(shop: World) -> None:
    shop.get("/items?page=1")
    shop.get("/items", mock_sandbox="two")
    shop.engine.sandboxes.delete("two")
    shop.engine.replace(list(shop.engine.apis.values()), {})
    found = coverage(shop.engine.apis["shop"], *shop.engine.sandboxes.total_counts())[0]
    assert (found.requests, found.parameters[0].seen) == (0, 0)


def test_what_a_deleted_sandbox_saw_counts_everywhere(shop: World) -> None:
    shop.get("/items?page=1", mock_sandbox="one")
    shop.get("/items", mock_sandbox="two")
    shop.engine.sandboxes.delete("one")
    found = coverage(shop.engine.apis["shop"], *shop.engine.sandboxes.total_counts())[0]
    assert (found.requests, found.parameters[0].seen) == (2, 1)
