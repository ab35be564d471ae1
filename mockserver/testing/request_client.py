"""Give a test the journal of a sandbox: requests with their answers, and assertions about them.

`sandbox_client.py` calls `read_requests` for `sandbox.requests`: a `SandboxRequests` of those at
the time of the call, oldest first; `failure_report.py` reports them. `assert_called` and
`assert_not_called` ask the server again and raise `AssertionError`, also if the journal has dropped
entries that may decide, and `ControlCallError` for names or paths that no request can have. `last`
raises `LookupError` if there is none. A `SeenExchange` (for users: `Exchange`) loads request,
answer and trace on first use, changes on each; the server hides credentials. It never sends a
request to an API.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict, Unpack, overload

from mockserver.testing.change_client import SeenChange, read_changes, read_lines
from mockserver.testing.control_connection import ControlConnection, Json, pages
from mockserver.testing.time_text import instant_of

_LONGEST_VALUE = 200


class RequestConditions(TypedDict, total=False):
    """Conditions on a request and its answer; all must be met."""

    api: str
    operation: str
    """The operation id."""
    method: str
    """In any case."""
    path: str
    """From the mount name on, or from the path of a server or operation on; `*` matches any
    characters, `{name}` a parameter."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    json: Json
    """A part of the JSON body: other members of its objects are ignored.

    A name that begins with `$` is written with another `$`: `$$ref`."""
    status: int
    """The status code of the answer."""
    reason: str
    """The reason for an answer of the mock itself, such as `cooldown`."""


class SeenExchange:
    """A request in the journal, with its answer."""

    def __init__(self, control: ControlConnection, sandbox: str, entry: Json) -> None:
        self._control = control
        self._query = {"sandbox": sandbox}
        self._details: Json = None
        self.id: str = entry["id"]
        run = entry.get("run")  # a server of an earlier version gives none
        self.name: str = self.id if run is None else f"{run}.{self.id}"
        """Its id with the number of its run, which names no other request after a reset."""
        self.at: datetime = instant_of(entry["at"])
        self.api: str | None = entry["api"]
        self.operation: str | None = entry["operation"]
        self.method: str = entry["method"]
        self.path: str = entry["path"]
        self.status: int = entry["status"]
        self.reason: str | None = entry["reason"]
        """The reason for an answer of the mock itself, such as `cooldown`.

        None if the steps of the API answered."""

    @property
    def is_unmatched(self) -> bool:
        """True if no operation of the documents matches the request."""
        return self.operation is None and self.reason is not None

    @property
    def is_failure(self) -> bool:
        """True if the mock itself, or an expression in its documents, failed."""
        return self.reason == "mock_failure"

    @property
    def request(self) -> Mapping[str, Json]:
        """Method, path, query, headers and body; credentials are hidden."""
        request: Mapping[str, Json] = self._entry()["request"]
        return request

    @property
    def response(self) -> Mapping[str, Json]:
        """Status, headers and body."""
        response: Mapping[str, Json] = self._entry()["response"]
        return response

    @property
    def trace(self) -> list[str]:
        """The decisions of the mock, in order, each with its place in the documents."""
        return [
            decision["sentence"] + (f"    [{decision['source']}]" if decision["source"] else "")
            for decision in self._entry()["trace"]
        ]

    @property
    def changes(self) -> list[SeenChange]:
        """What the request changed in the sandbox, in order."""
        return read_changes(self._control, self._query["sandbox"], self.name)

    def change_lines(self, most: int) -> list[str]:
        """Return the first changes in plain words, and how many more there are."""
        lines, total = read_lines(self._control, self._query["sandbox"], self.name, most)
        return lines if total <= most else [*lines, f"… {total - most} more changes"]

    def _entry(self) -> Json:
        if self._details is None:
            self._details = self._control.call("GET", f"requests/{self.name}", query=self._query)
        return self._details

    def __repr__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.id} {self.method} {self.path} → {self.status}{reason}"


class SandboxRequests(Sequence[SeenExchange]):
    """The requests of a sandbox at the time of the call, oldest first."""

    def __init__(
        self, control: ControlConnection, sandbox: str, exchanges: Iterable[SeenExchange]
    ) -> None:
        self._control = control
        self._sandbox = sandbox
        self._exchanges = tuple(exchanges)

    @overload
    def __getitem__(self, index: int) -> SeenExchange: ...
    @overload
    def __getitem__(self, index: slice) -> "SandboxRequests": ...
    def __getitem__(self, index: int | slice) -> "SeenExchange | SandboxRequests":
        """Return the request at an index, or the requests of a slice."""
        found = self._exchanges[index]
        if isinstance(found, SeenExchange):
            return found
        return SandboxRequests(self._control, self._sandbox, found)

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def last(self) -> SeenExchange:
        """The latest request.

        Raises:
            LookupError: If there is none.
        """
        if not self._exchanges:
            raise LookupError("the sandbox has had no request")
        return self._exchanges[-1]

    def clear(self) -> None:
        """Clear the journal of the sandbox."""
        self._control.call("DELETE", "requests", query={"sandbox": self._sandbox})

    def assert_called(
        self, *, times: int | None = None, **match: Unpack[RequestConditions]
    ) -> None:
        """Assert that matching requests were received: `times` of them, or at least one.

        Raises:
            AssertionError: If not; it lists the most similar requests and their differences. Also
                if the journal has dropped entries that may decide.
            ControlCallError: If no request can have one of the names or the path.
        """
        __tracebackhide__ = True
        self._verify({"at_least": 1} if times is None else {"count": times}, match)

    def assert_not_called(self, **match: Unpack[RequestConditions]) -> None:
        """Assert that no matching request was received.

        Raises:
            AssertionError: If there was one, or if the journal has dropped entries.
            ControlCallError: If no request can have one of the names or the path.
        """
        __tracebackhide__ = True
        self._verify({"count": 0}, match)

    def _verify(self, count: Mapping[str, int], match: RequestConditions) -> None:
        __tracebackhide__ = True
        conditions = {"body" if name == "json" else name: value for name, value in match.items()}
        result = self._control.call(
            "POST", "requests/verify", {"match": conditions, **count}, {"sandbox": self._sandbox}
        )
        if not result["ok"]:
            raise AssertionError("\n".join(self._report(count, match, result)))

    def _report(
        self, count: Mapping[str, int], match: RequestConditions, result: Json
    ) -> Iterable[str]:
        wanted = ", ".join(f"{name}={value!r}" for name, value in match.items()) or "any request"
        ((bound, number),) = count.items()
        times = f"{'at least ' if bound == 'at_least' else ''}{number}"
        matched = result["matched"]
        yield f"expected {times} of {wanted}; received {len(matched)}"
        if unknown := result.get("cannot_tell"):  # a server of an earlier version does not say it
            yield f"  {unknown}"
        yield from (f"  {self._line(name)}" for name in matched)
        if len(matched) < number:
            yield "most similar:" if result["nearest"] else "no other request was received"
            for near in result["nearest"]:
                yield f"  {self._line(near['id'])}"
                yield from (f"    {_difference(item)}" for item in near["differences"])

    def _line(self, request_id: str) -> str:
        found = next((item for item in self if item.id == request_id), None)
        return repr(found) if found is not None else request_id

    def __repr__(self) -> str:
        return "\n".join([f"<{len(self)} requests>", *map(repr, self)])


def _difference(item: Json) -> str:
    place = f"{item['where']} {item['pointer']}".strip()
    return f"{place}: expected {_shortened(item['expected'])}, found {_shortened(item['found'])}"


def _shortened(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def read_requests(control: ControlConnection, sandbox: str) -> SandboxRequests:
    """Read the journal of a sandbox."""
    entries = pages(control, "requests", "requests", {"sandbox": sandbox})
    return SandboxRequests(
        control, sandbox, (SeenExchange(control, sandbox, entry) for entry in entries)
    )
