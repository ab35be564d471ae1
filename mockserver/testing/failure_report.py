"""Report on the sandbox of a test: its journal, and the requests that must fail the test.

`pytest_plugin.py` makes a `SandboxMonitor` for each test that uses the fixture `sandbox`.
`problems` returns a line for each request that matched no operation (unless allowed) or at which
the mock failed, or an empty text; `journal` returns the text for a failed test, with what each
request changed. Both include the forks of the sandbox, and the default sandbox, where a path
without a sandbox's name goes; requests that a test has undone are in neither. `end` deletes the
sandbox with its forks and clears the default journal. The numbers of requests and changes are
bounded, and long lines of the journal are cut off.
"""

from collections.abc import Iterator, Sequence

from mockserver.testing.control_connection import ControlCallError
from mockserver.testing.request_client import SeenExchange
from mockserver.testing.sandbox_client import SandboxClient

_MOST_REQUESTS = 30
_MOST_EXPLAINED = 5
_MOST_DECISIONS = 40
_MOST_CHANGES = 6
_NOT_FOUND = 404
_LONGEST_LINE = 240


class SandboxMonitor:
    """Reports on the sandbox of one test, and on the default sandbox.

    Requests whose path names no sandbox go to the default one.
    """

    def __init__(self, sandbox: SandboxClient, *, allow_unmatched: bool) -> None:
        self._sandbox = sandbox
        self._default = sandbox.sibling("default")
        self._allow_unmatched = allow_unmatched

    def problems(self) -> str:
        """Describe the requests that fail a test, one on each line; empty if there are none."""
        inside, outside = self._sandbox.requests, self._default.requests
        lines = list(_problems(inside, "", allow_unmatched=self._allow_unmatched))
        for fork, own in self._forks(inside):
            where = f", in the fork {fork.name!r}"
            lines += _problems(own, where, allow_unmatched=self._allow_unmatched)
        elsewhere = f", outside the sandbox: its path lacks /~{self._sandbox.name}"
        lines += _problems(outside, elsewhere, allow_unmatched=self._allow_unmatched)
        return "\n".join(lines[:_MOST_REQUESTS])

    def journal(self) -> str:
        """Describe all requests with their changes, and the trace of the last refused ones."""
        inside, outside = self._sandbox.requests, self._default.requests
        lines = [f"sandbox {self._sandbox.name!r}, {self._sandbox.clock.now.isoformat()}"]
        lines += self._list(inside)
        for fork, own in self._forks(inside):
            lines += [f"fork {fork.name!r}, {fork.clock.now.isoformat()}", *self._list(own)]
        if outside:
            lines += ["outside the sandbox:", *self._list(outside)]
        return "\n".join(map(_cut, lines))

    def end(self) -> None:
        """Delete the sandbox with its forks, and clear the journal of the default sandbox."""
        if self._default.requests:
            self._default.requests.clear()
        for fork in _all_forks(self._sandbox):
            fork.delete()
        self._sandbox.delete()

    def _forks(
        self, inside: Sequence[SeenExchange]
    ) -> Iterator[tuple[SandboxClient, list[SeenExchange]]]:
        """Yield the forks, each with the requests that no other one has."""
        known = set(map(repr, inside))
        for fork in _all_forks(self._sandbox):
            own = [item for item in fork.requests if repr(item) not in known]
            known |= set(map(repr, own))
            yield fork, own

    def _list(self, exchanges: Sequence[SeenExchange]) -> Iterator[str]:
        if not exchanges:
            yield "no requests"
        hidden = len(exchanges) - _MOST_REQUESTS
        if hidden > 0:
            yield f"… {hidden} earlier requests"
        refused = [item.id for item in exchanges if item.reason is not None]
        explained = set(refused[-_MOST_EXPLAINED:])
        for item in exchanges[max(hidden, 0) :]:
            yield repr(item).replace(f"/~{self._sandbox.name}/", "/", 1)
            yield from (f"    {line}" for line in _changes(item))
            if item.id in explained:
                yield from (f"    {line}" for line in _explanation(item))


def _all_forks(sandbox: SandboxClient) -> list[SandboxClient]:
    """Return the forks of a sandbox, and those of its forks."""
    return [one for fork in sandbox.forks for one in (fork, *_all_forks(fork))]


def _problems(
    exchanges: Sequence[SeenExchange], where: str, *, allow_unmatched: bool
) -> Iterator[str]:
    for item in exchanges:
        if item.is_failure:
            body = item.response["body"]
            detail = body.get("detail", "") if isinstance(body, dict) else body
            yield f"the mock itself failed at {item!r}{where}: {detail}"
        elif item.is_unmatched and not allow_unmatched:
            yield f"no operation matches {item!r}{where}"


def _changes(exchange: SeenExchange) -> list[str]:
    try:
        return exchange.change_lines(_MOST_CHANGES)
    except ControlCallError as error:
        if error.status != _NOT_FOUND:  # dropped meanwhile, or a server of an earlier version
            raise
        return []


def _explanation(exchange: SeenExchange) -> Iterator[str]:
    trace = exchange.trace
    yield from trace[-_MOST_DECISIONS:]
    yield f"answer: {exchange.response['body']}"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
