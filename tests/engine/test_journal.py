import gc
from collections.abc import Iterator

import pytest

from mockserver.model.exchange import Exchange
from tests.conftest import World

KEY = {"x-api-key": "demo-cloutly-key"}
INVITE = ("POST", "/cloutly/api/v1/send-review-invite")


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # what other tests left need not be looked at
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/cloutly/api/v1/businesses", KEY, None, 200),
        ("GET", "/cloutly/api/v1/businesses", {}, None, 401),
        (*INVITE, KEY, {}, 400),
        (*INVITE, KEY, b"{", 400),
        ("GET", "/cloutly/api/v1/businesses", {**KEY, "prefer": "code=500"}, None, 500),
    ],
    ids=["served", "unauthenticated", "invalid", "malformed", "forced"],
)
def test_an_exchange_is_freed_with_its_entry_and_without_the_collector(
    world: World, method: str, path: str, headers: dict[str, str], body: object, status: int
) -> None:
    before = _exchanges()
    assert world.send(method, path, body, headers).status == status
    world.sandbox().history.clear()
    assert _exchanges() == before


def _exchanges() -> int:
    return sum(type(item) is Exchange for item in gc.get_objects())
