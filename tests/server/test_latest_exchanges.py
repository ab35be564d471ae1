"""The latest exchanges of a process, which `mockserver run` reports and saves."""

from mockserver.model.exchange import Exchange
from mockserver.server.latest_exchanges import LatestExchanges
from tests.conftest import World


def answered(world: World, sandbox: str = "default", body: bytes = b"") -> Exchange:
    return world.send("POST", f"/~{sandbox}/nowhere", body).exchange


def test_the_oldest_exchanges_are_forgotten_but_counted(world: World) -> None:
    latest = LatestExchanges(2, 1_000_000)
    for number in range(3):
        latest.add(answered(world), number)
    assert ([(number, one.id) for number, one in latest], len(latest), latest.count) == (
        [(1, "r2"), (2, "r3")],
        2,
        3,
    )


def test_exchanges_with_large_bodies_are_forgotten_earlier(world: World) -> None:
    latest = LatestExchanges(10, 100_000)
    for number in range(3):
        latest.add(answered(world, body=b"x" * 40_000), number)
    assert ([(number, one.id) for number, one in latest], latest.count) == (
        [(1, "r2"), (2, "r3")],
        3,
    )


def test_an_exchange_keeps_its_place_in_the_history_of_its_sandbox(world: World) -> None:
    latest = LatestExchanges(10, 1_000_000)
    for sandbox in ("one", "two"):
        latest.add(answered(world, sandbox), 7)
    assert [one.position for _, one in latest] == [1, 1]
