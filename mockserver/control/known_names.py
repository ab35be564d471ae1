"""Check the conditions on requests: a name or a path that no request can have is an error.

- In: conditions of a query or body, and the sandbox. Out: None, or a `ControlError` (422) with the
  unknown names and similar known ones; if the API is unknown, with that only.
- Callers: `request_calls.py`, `verify_calls.py`; `message_calls.py` (API and address) and
  `fault_calls.py` (path) use single functions, such as `plain_path`, which removes the sandbox.
- A condition with a misspelt name matches nothing: a check that nothing was sent would always hold.
  A name that only the journal has, as after a reload, is known; a path with `*` is not looked up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mockserver.base.json import JsonValue
from mockserver.base.problems import unknown
from mockserver.base.wildcards import ANY
from mockserver.control.problem_responses import ControlError
from mockserver.engine.fault_injection import REASON
from mockserver.engine.faults import METHODS, unserved_path
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Api, Operation
from mockserver.model.exchange import MOCK_FAILURE, Exchange
from mockserver.model.refusal import Kind
from mockserver.model.request_paths import fits_one, paths_of, split_sandbox, wrong_pattern

PATH_MEANING = (
    "Begins at the mount name, at the path of a server or at the path of the operation; `*` stands "
    "for any characters, `{name}` for a parameter. A prefix with the sandbox is ignored."
)
_REASONS = (REASON, MOCK_FAILURE, "preferred", "no_such_api")
"""Reasons of answers that are no error kind."""
_STATUSES = range(100, 600)
_NOT_ANSWERED = 0
"""The status in the journal of a request whose connection a fault has reset."""


class Conditions(Protocol):
    """Conditions on a request and its answer; None for any."""

    @property
    def api(self) -> str | None:
        """Name of the API."""

    @property
    def operation(self) -> str | None:
        """Id of the operation."""

    @property
    def method(self) -> str | None:
        """Method, in any case; `*` for any."""

    @property
    def path(self) -> str | None:
        """Pattern of the path."""

    @property
    def status(self) -> int | None:
        """Status of the answer."""

    @property
    def reason(self) -> str | None:
        """Reason of the answer."""


def exchange_paths(exchange: Exchange) -> list[str]:
    """Return the paths by which a request in the journal can be called."""
    return paths_of(exchange.request.path, exchange.api, exchange.operation)


def plain_path(path: str, sandbox: str) -> str:
    """Return the pattern of a path without the prefix of its sandbox.

    Raises:
        ValueError: If it names another sandbox.
    """
    rest, named = split_sandbox(path)
    if named not in (None, ANY, sandbox):
        raise ValueError(f"path names the sandbox {named[:100]!r}; this one is {sandbox!r}")
    return rest


def same_address(wanted: str | None, address: str | None) -> bool:
    """Return True if there is no wanted address, or if it is this one.

    A plus that was not encoded in a query came as a blank, which no address has.
    """
    return wanted is None or wanted == address or wanted.replace(" ", "+") == address


def plain_method(method: str) -> str | None:
    """Return a method in upper case; None for `*`, which is any."""
    return None if method == ANY else method.upper()


def check_conditions(wanted: Conditions, sandbox: Sandbox, where: str, pointer: str = "") -> None:
    """Check the names of conditions against the served APIs and the journal.

    Args:
        wanted: The conditions.
        sandbox: The sandbox of the requests.
        where: `query` or `body`, for the errors.
        pointer: JSON Pointer to the conditions.

    Raises:
        ControlError: 422, with all unknown names.
    """
    errors: list[JsonValue] = [
        {"where": where, "field": name, "pointer": f"{pointer}/{name}", "message": message}
        for name, message in _Names(wanted, sandbox).unknown()
    ]
    if errors:
        detail = "; ".join(str(error["message"]) for error in errors)
        raise ControlError(422, detail, errors)


def check_api(name: str | None, sandbox: Sandbox, where: str) -> None:
    """Check the name of an API, if there is one; ControlError (422) if it is not served."""
    if name is not None and name not in sandbox.apis:
        message = unknown("API", name, sandbox.apis)
        error = {"where": where, "field": "api", "pointer": "/api", "message": message}
        raise ControlError(422, message, [error])


@dataclass(slots=True)
class _Names:
    """The conditions on requests, next to the names that requests can have."""

    wanted: Conditions
    sandbox: Sandbox
    met: list[tuple[Callable[[Exchange], str | None], str]] = field(default_factory=list)
    """The conditions that were checked: what is read of a request, and its wanted value."""

    def unknown(self) -> Iterator[tuple[str, str]]:
        """Yield the conditions that no request can meet, with messages."""
        wanted, apis = self.wanted, self.sandbox.apis
        if wanted.api is not None:
            if not self._has(wanted.api, apis, api_of):
                yield "api", unknown("API", wanted.api, apis)
                return
            self.met.append((api_of, wanted.api))
        chosen = [api for api in apis.values() if wanted.api in (None, api.name)]
        targets = [(api, item) for api in chosen for item in (*api.operations, *api.pages)]
        if wanted.operation is not None:
            ids = dict.fromkeys(item.id for _, item in targets)
            if not self._has(wanted.operation, ids, operation_of):
                yield "operation", unknown("operation", wanted.operation, ids)
            else:
                targets = [target for target in targets if target[1].id == wanted.operation]
                self.met.append((operation_of, wanted.operation))
        yield from self._method(targets)
        yield from self._path(targets)
        yield from self._answer(targets)

    def _method(self, targets: Iterable[tuple[Api, Operation]]) -> Iterator[tuple[str, str]]:
        method = self.wanted.method and plain_method(self.wanted.method)
        known = dict.fromkeys((*METHODS, *(item.method for _, item in targets)))
        if method and not self._has(method, known, lambda exchange: exchange.request.method):
            yield "method", unknown("method", method, known)

    def _path(self, targets: list[tuple[Api, Operation]]) -> Iterator[tuple[str, str]]:
        if self.wanted.path is None:
            return
        try:
            path = plain_path(self.wanted.path, self.sandbox.name)
        except ValueError as error:
            yield "path", str(error)
            return
        if wrong := wrong_pattern(path):
            yield "path", wrong
        elif ANY not in path:
            seen = (fits_one(path, exchange_paths(exchange)) for exchange in self._seen())
            for message in unserved_path(path, targets):
                if not any(seen):
                    yield "path", message

    def _answer(self, targets: list[tuple[Api, Operation]]) -> Iterator[tuple[str, str]]:
        status, reason = self.wanted.status, self.wanted.reason
        if status is not None and status != _NOT_ANSWERED and status not in _STATUSES:
            yield "status", f"there is no status {status}; it is a number from 100 to 599"
        if reason is not None:
            kinds = (kind for api, item in targets for kind in (*api.errors, *item.errors))
            known = dict.fromkeys((*_REASONS, *map(str, Kind), *kinds))
            if not self._has(reason, known, lambda exchange: exchange.reason):
                yield "reason", unknown("reason", reason, known)

    def _has(
        self, name: str, known: Mapping[str, object], of: Callable[[Exchange], str | None]
    ) -> bool:
        """Return True if a name is known, or if the journal has it, as after a reload."""
        return name in known or any(of(exchange) == name for exchange in self._seen())

    def _seen(self) -> Iterator[Exchange]:
        """Yield the requests in the journal that meet the conditions that were checked."""
        for exchange in self.sandbox.history:
            if all(of(exchange) == value for of, value in self.met):
                yield exchange


def api_of(exchange: Exchange) -> str | None:
    """Return the name of the API of an exchange."""
    return exchange.api.name if exchange.api else None


def operation_of(exchange: Exchange) -> str | None:
    """Return the id of the operation of an exchange."""
    return exchange.operation.id if exchange.operation else None
