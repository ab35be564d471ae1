"""Read and change the records of an API in a sandbox.

`api_client.py` makes a `SandboxRecords` as `api.records`; its items and attributes are
`CollectionClient`s, one for each collection, with `list`, `get`, `add`, `put`, `delete`, `clear`.
An unknown collection is a `KeyError` (as an attribute, an `AttributeError`) with a similar name, an
unknown record a `KeyError` (`get` returns None), one that the server refuses a `ControlCallError`.
Each access calls the control API; a returned dictionary is a copy: changing it changes nothing.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from mockserver.testing import name_lookup
from mockserver.testing.control_connection import ControlCallError, ControlConnection, Json, pages

_NOT_FOUND = 404


class CollectionClient:
    """One collection of records; iterating yields the records."""

    def __init__(self, control: ControlConnection, path: str, sandbox: str) -> None:
        self._control = control
        self._path = path
        self._query = {"sandbox": sandbox}

    def list(self) -> "list[dict[str, Json]]":
        """Return all records."""
        return pages(self._control, self._path, "records", self._query)

    def get(self, key: str) -> "dict[str, Json] | None":
        """Return the record with a key, or None if there is none."""
        try:
            record: dict[str, Json] = self[key]
        except KeyError:
            return None
        return record

    def add(self, record: Mapping[str, Json] | None = None, **fields: Json) -> "dict[str, Json]":
        """Add a record, given as a mapping, as fields, or both, and return it.

        Raises:
            ControlCallError: If it has no key, or the key exists already.
        """
        body = {**(record or {}), **fields}
        added: dict[str, Json] = self._control.call("POST", self._path, body, self._query)
        return added

    def put(self, key: str, record: Mapping[str, Json]) -> "dict[str, Json]":
        """Add or replace the record with a key, and return it."""
        body = dict(record)
        stored: dict[str, Json] = self._control.call(
            "PUT", self._record_path(key), body, self._query
        )
        return stored

    def delete(self, key: str) -> None:
        """Remove the record with a key.

        Raises:
            KeyError: If there is none.
        """
        self._call_record("DELETE", key)

    def clear(self) -> None:
        """Remove all records."""
        self._control.call("DELETE", self._path, query=self._query)

    def __getitem__(self, key: str) -> "dict[str, Json]":
        found: dict[str, Json] = self._call_record("GET", key)
        return found

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> "Iterator[dict[str, Json]]":
        return iter(self.list())

    def __len__(self) -> int:
        query = {**self._query, "limit": "0"}
        return int(self._control.call("GET", self._path, query=query)["total"])

    def _call_record(self, method: str, key: str) -> Json:
        try:
            return self._control.call(method, self._record_path(key), query=self._query)
        except ControlCallError as error:
            if error.status == _NOT_FOUND:
                raise KeyError(str(error)) from None
            raise

    def _record_path(self, key: str) -> str:
        return f"{self._path}/{quote(key, safe='')}"

    def __repr__(self) -> str:
        return f"<{self._path}: {len(self)}>"


class SandboxRecords:
    """The collections of one API, as items or attributes."""

    def __init__(self, control: ControlConnection, api: str, sandbox: str) -> None:
        self._control = control
        self._api = api
        self._sandbox = sandbox

    def __getitem__(self, name: str) -> CollectionClient:
        known = self._names()
        if (found := name_lookup.find(name, known)) is None:
            raise KeyError(name_lookup.unknown(f"collection of {self._api}", name, known))
        return CollectionClient(self._control, f"records/{self._api}/{found}", self._sandbox)

    def __getattr__(self, name: str) -> CollectionClient:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(name_lookup.attribute, self._names())]

    def _names(self) -> list[str]:
        details = self._control.call("GET", f"apis/{self._api}", query={"sandbox": self._sandbox})
        found: list[str] = details["collections"]
        return found

    def __repr__(self) -> str:
        return f"<records of {self._api}: {', '.join(self)}>"
