"""The credentials that advice offers: those of the document's fixtures, as long as they work."""

import base64
from collections.abc import Callable

import pytest

from tests.conftest import World

Serve = Callable[..., World]
DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  name: shop
  collections: {orders: {key: id}, users: {key: name}, keys: {key: key}}
  records:
    orders: [{id: '{{ uuid() }}'}, {id: '{{ uuid() }}'}]
    users: [{name: ann, password: first}, {name: bob, password: second}]
    keys: [{key: '{{ uuid() }}', id: one}]
  principals: {login: {in: users, field: name}, key: {in: keys}}
components:
  securitySchemes:
    login: {type: http, scheme: basic}
    key: {type: apiKey, in: header, name: X-Key}
paths:
  /orders: {get: {security: [{login: []}], responses: {'200': {description: ok}}}}
  /keyed: {get: {security: [{key: []}], responses: {'200': {description: ok}}}}
"""


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture
def shop(serve: Serve) -> World:
    return serve(DOCUMENT)


def _change(shop: World, name: str, **fields: str) -> None:
    users = shop.sandbox().store("shop").collection("users")
    users.replace(name, {**users.by_key(name), **fields})  # type: ignore[dict-item] # it exists


def _why(shop: World, path: str) -> str:
    return shop.get(path).header("mock-why") or ""


def test_a_password_of_the_fixtures_is_offered(shop: World) -> None:
    assert _why(shop, "/orders").endswith(f"send Authorization: {_basic('ann:first')}")


def test_a_password_that_was_changed_is_never_shown(shop: World) -> None:
    _change(shop, "ann", password="changed")

    assert _why(shop, "/orders").endswith(f"send Authorization: {_basic('bob:second')}")


def test_without_a_password_of_the_fixtures_nothing_is_offered(shop: World) -> None:
    _change(shop, "ann", password="changed")
    _change(shop, "bob", password="other")

    assert "send Authorization: Basic" not in _why(shop, "/orders")


def test_a_key_that_a_fixture_generates_is_the_one_that_is_accepted(shop: World) -> None:
    offered = _why(shop, "/keyed").rpartition("send x-key: ")[2]

    assert shop.get("/keyed", x_key=offered).status == 200


def test_a_generated_key_is_known_after_a_reload(shop: World) -> None:
    offered = _why(shop, "/keyed").rpartition("send x-key: ")[2]
    shop.engine.replace(list(shop.engine.apis.values()), {})

    assert _why(shop, "/keyed").rpartition("send x-key: ")[2] == offered
    assert shop.get("/keyed", x_key=offered).status == 200
