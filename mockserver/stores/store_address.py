"""Find the store that an option names: a file of SQLite, or the URL of a Redis or Valkey server.

`cli/document_options.py` and `server/factory.py` call `store_at`, which opens nothing and returns
None for `memory`, the default: sandboxes are then kept by the process alone. A name that cannot be
a store is a `SettingsError`.
"""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

from mockserver.base.errors import SettingsError
from mockserver.base.time import SECOND, Duration
from mockserver.stores.history_store import DEFAULT_RETENTION, HistoryStore

MEMORY = "memory"
_REDIS = ("redis://", "rediss://", "unix://", "valkey://", "valkeys://")


def shown_address(address: str) -> str:
    """Return an address without user and password."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def store_at(address: str, keep: Duration | None = None) -> HistoryStore | None:
    """Return the store at an address.

    Args:
        address: `memory`, the URL of a Redis server, or the path of a file, after which
            `?synchronous=full` may ask SQLite to survive a power cut.
        keep: Time after its last use after which a sandbox is dropped.

    Raises:
        SettingsError: If the address is none of these.
    """
    retention = DEFAULT_RETENTION
    if keep is not None:
        retention = replace(retention, seconds=max(1, keep // SECOND))
    if address == MEMORY:
        return None
    if address.startswith(_REDIS):
        from mockserver.stores.redis_store import RedisStore  # noqa: PLC0415 - costs start time

        return RedisStore(address, retention)
    if "://" in address:
        raise SettingsError(
            f"store {address!r}: give memory, the path of a file, or a URL that begins with "
            f"{', '.join(_REDIS)}"
        )
    from mockserver.stores.sqlite_store import SqliteStore  # noqa: PLC0415 - costs start time

    path, _, query = address.partition("?")
    synchronous = parse_qs(query).get("synchronous", ["normal"])[-1].upper()
    if not path or (query and not query.startswith("synchronous=")):
        raise SettingsError(f"store {address!r}: after a path there can be ?synchronous=full")
    if synchronous == "FULL":
        return SqliteStore(Path(path), "FULL", retention)
    if synchronous == "NORMAL":
        return SqliteStore(Path(path), "NORMAL", retention)
    raise SettingsError(f"store {address!r}: synchronous is normal or full")
