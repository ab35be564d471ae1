"""Where a store is, as an option names it."""

import pytest

from mockserver.base.errors import SettingsError
from mockserver.base.time import DAY
from mockserver.stores.redis_store import RedisStore
from mockserver.stores.sqlite_store import SqliteStore
from mockserver.stores.store_address import shown_address, store_at


def test_memory_is_no_store() -> None:
    assert store_at("memory") is None


@pytest.mark.parametrize("address", ["state.db", "/tmp/a b.db", "state.db?synchronous=full"])  # noqa: S108 - not opened
def test_a_path_is_a_file(address: str) -> None:
    assert isinstance(store_at(address, DAY), SqliteStore)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "unix"])
def test_a_url_is_a_redis_server(scheme: str) -> None:
    assert isinstance(store_at(f"{scheme}://host/0"), RedisStore)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgres://host", "begins with redis://"),
        ("", "synchronous=full"),
        ("state.db?sync=full", "synchronous=full"),
        ("state.db?synchronous=off", "normal or full"),
    ],
)
def test_another_address_is_refused_with_what_it_can_be(address: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        store_at(address)


def test_an_address_is_shown_without_its_password() -> None:
    assert (
        shown_address("rediss://me:s3cret@host:6379/0?prefix=a") == "rediss://host:6379/0?prefix=a"
    )
    assert shown_address("state.db") == "state.db"
