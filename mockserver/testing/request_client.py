"""The requests that a sandbox has had, as a test looks back on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict, Unpack, overload

from mockserver.testing.control_connection import ControlConnection, Json, pages
from mockserver.testing.time_text import instant_of

_MOST_VALUE = 200


class RequestMatch(TypedDict, total=False):
    """What a request must be like; what is left out may be anything."""

    api: str
    operation: str
    """Id of the operation."""
    method: str
    path: str
    """`*` stands for any characters."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    json: Json
    """Part of the body: members that are left out may be anything."""
    status: int
    """Of the answer."""
    reason: str
    """Why the mock decided the answer, such as `cooldown`."""


class SeenExchange:
    """A request and its answer."""

    def __init__(self, control: ControlConnection, sandbox: str, shown: Json) -> None:
        self._control = control
        self._query = {"sandbox": sandbox}
        self._details: Json = None
        self.id: str = shown["id"]
        self.at: datetime = instant_of(shown["at"])
        self.api: str | None = shown["api"]
        self.operation: str | None = shown["operation"]
        self.method: str = shown["method"]
        self.path: str = shown["path"]
        self.status: int = shown["status"]
        self.reason: str | None = shown["reason"]
        """Why the mock decided the answer, such as `cooldown`; None where the API's steps did."""

    @property
    def is_unmatched(self) -> bool:
        """Whether the documents have no such operation."""
        return self.operation is None and self.reason is not None

    @property
    def is_failure(self) -> bool:
        """Whether the mock itself, or an expression in its documents, failed."""
        return self.reason == "mock_failure"

    @property
    def request(self) -> Mapping[str, Json]:
        """Method, path, query, headers and body; credentials are hidden."""
        shown: Mapping[str, Json] = self._all()["request"]
        return shown

    @property
    def response(self) -> Mapping[str, Json]:
        """Status, headers and body."""
        shown: Mapping[str, Json] = self._all()["response"]
        return shown

    @property
    def trace(self) -> list[str]:
        """Every decision, in order, with its place in the documents."""
        return [
            decision["sentence"] + (f"    [{decision['source']}]" if decision["source"] else "")
            for decision in self._all()["trace"]
        ]

    def _all(self) -> Json:
        if self._details is None:
            self._details = self._control.call("GET", f"requests/{self.id}", query=self._query)
        return self._details

    def __repr__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.id} {self.method} {self.path} → {self.status}{reason}"


class SandboxRequests(Sequence[SeenExchange]):
    """SandboxRequests as they were when asked for, oldest first."""

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
        """Return one by its place, or several."""
        found = self._exchanges[index]
        if isinstance(found, SeenExchange):
            return found
        return SandboxRequests(self._control, self._sandbox, found)

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def last(self) -> SeenExchange:
        """The latest.

        Raises:
            LookupError: If there is none.
        """
        if not self._exchanges:
            raise LookupError("the sandbox has had no request")
        return self._exchanges[-1]

    def clear(self) -> None:
        """Have the sandbox forget its requests."""
        self._control.call("DELETE", "requests", query={"sandbox": self._sandbox})

    def assert_called(self, *, times: int | None = None, **match: Unpack[RequestMatch]) -> None:
        """Assert that a request like this came: so many times, or else at least once.

        Raises:
            AssertionError: If not, with the requests that come nearest and why they don't match.
        """
        __tracebackhide__ = True
        self._verify({"at_least": 1} if times is None else {"count": times}, match)

    def assert_not_called(self, **match: Unpack[RequestMatch]) -> None:
        """Assert that no request like this came.

        Raises:
            AssertionError: If one did.
        """
        __tracebackhide__ = True
        self._verify({"count": 0}, match)

    def _verify(self, count: Mapping[str, int], match: RequestMatch) -> None:
        __tracebackhide__ = True
        sent = {"body" if name == "json" else name: value for name, value in match.items()}
        verdict = self._control.call(
            "POST", "requests/verify", {"match": sent, **count}, {"sandbox": self._sandbox}
        )
        if not verdict["ok"]:
            raise AssertionError("\n".join(self._told(count, match, verdict)))

    def _told(self, count: Mapping[str, int], match: RequestMatch, verdict: Json) -> Iterable[str]:
        wanted = ", ".join(f"{name}={value!r}" for name, value in match.items()) or "anything"
        ((bound, number),) = count.items()
        times = f"{'at least ' if bound == 'at_least' else ''}{number}"
        matched = verdict["matched"]
        yield f"expected {times} of {wanted}; {len(matched)} came"
        yield from (f"  {self._named(name)}" for name in matched)
        if len(matched) < number:
            yield "nearest:" if verdict["nearest"] else "no other request came"
            for near in verdict["nearest"]:
                yield f"  {self._named(near['id'])}"
                yield from (f"    {_difference(item)}" for item in near["differences"])

    def _named(self, name: str) -> str:
        found = next((item for item in self if item.id == name), None)
        return repr(found) if found is not None else name

    def __repr__(self) -> str:
        return "\n".join([f"<{len(self)} requests>", *map(repr, self)])


def _difference(item: Json) -> str:
    place = f"{item['where']} {item['pointer']}".strip()
    return f"{place}: expected {_shown(item['expected'])}, found {_shown(item['found'])}"


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]}…"


def read_requests(control: ControlConnection, sandbox: str) -> SandboxRequests:
    """Read the journal of a sandbox."""
    shown = pages(control, "requests", "requests", {"sandbox": sandbox})
    return SandboxRequests(
        control, sandbox, (SeenExchange(control, sandbox, item) for item in shown)
    )
