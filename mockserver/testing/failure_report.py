"""What a test run tells about a sandbox: its journal, and what must not have happened in it."""

from collections.abc import Iterator, Sequence

from mockserver.testing.request_client import SeenExchange
from mockserver.testing.sandbox_client import SandboxClient

_MOST_REQUESTS = 30
_MOST_EXPLAINED = 5
_MOST_DECISIONS = 40
_LONGEST_LINE = 240


class Witness:
    """Watches the sandbox of one test, and the one that requests without a name end up in."""

    def __init__(self, sandbox: SandboxClient, *, allow_unmatched: bool) -> None:
        self._sandbox = sandbox
        self._outside = sandbox.sibling("default")
        self._allow_unmatched = allow_unmatched

    def complaints(self) -> str:
        """Say what fails a test that passed otherwise; empty if nothing does."""
        inside, outside = self._sandbox.requests, self._outside.requests
        wrong = list(_wrong(inside, "", allow_unmatched=self._allow_unmatched))
        elsewhere = f", outside the sandbox: its path lacks /~{self._sandbox.name}"
        wrong += _wrong(outside, elsewhere, allow_unmatched=self._allow_unmatched)
        return "\n".join(wrong[:_MOST_REQUESTS])

    def journal(self) -> str:
        """Show the requests, and for those that were refused why."""
        inside, outside = self._sandbox.requests, self._outside.requests
        lines = [f"sandbox {self._sandbox.name!r}, {self._sandbox.clock.now.isoformat()}"]
        lines += self._list(inside)
        if outside:
            lines += ["outside the sandbox:", *self._list(outside)]
        return "\n".join(map(_cut, lines))

    def end(self) -> None:
        """Forget the sandbox, and what came without a name."""
        if self._outside.requests:
            self._outside.requests.clear()
        self._sandbox.delete()

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
            if item.id in explained:
                yield from (f"    {line}" for line in _explanation(item))


def _wrong(
    exchanges: Sequence[SeenExchange], where: str, *, allow_unmatched: bool
) -> Iterator[str]:
    for item in exchanges:
        if item.is_failure:
            detail = item.response["body"]
            told = detail.get("detail", "") if isinstance(detail, dict) else detail
            yield f"the mock itself failed at {item!r}{where}: {told}"
        elif item.is_unmatched and not allow_unmatched:
            yield f"no operation matches {item!r}{where}"


def _explanation(exchange: SeenExchange) -> Iterator[str]:
    trace = exchange.trace
    yield from trace[-_MOST_DECISIONS:]
    yield f"answer: {exchange.response['body']}"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
