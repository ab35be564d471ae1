"""Select entries of a history by a text, or by the recipient of a message that they added.

- In: entries in order. Out: those in which the text occurs, in any case; `TextSearch.unsearched`
  counts those for which there was no more time: one search reads `MOST_BYTES` at most.
- Caller: `history_calls.py`.
- Searched are method and target, headers, bodies as they came, the reason, the name of a call with
  its detail, and recipients. Credentials in headers and queries are not found, as they are hidden.
"""

from collections.abc import Iterable, Iterator

from mockserver.control.known_names import same_address
from mockserver.control.redaction import redacted_headers, redacted_query, secret_parameters
from mockserver.engine.builtin_collections import MESSAGES
from mockserver.engine.history import HistoryEntry
from mockserver.model.control_entry import SentCall
from mockserver.model.exchange import Exchange

MOST_BYTES = 32_000_000
"""Bytes that one search reads."""
_ENTRY_BYTES = 500
"""What an entry costs beside its bodies."""


def recipients(entry: HistoryEntry) -> Iterator[str]:
    """Yield the recipients of the messages that an entry added."""
    for (_, collection), _, before, after, _ in entry.writes:
        if collection == MESSAGES.name and before is None and after is not None:
            yield str(after.get("to"))


def adds_message_to(entry: HistoryEntry, address: str) -> bool:
    """Return True if an entry added a message to an address."""
    return any(same_address(address, one) for one in recipients(entry))


def sent_target(sent: SentCall) -> str:
    """Return the target of a control call without secrets in its query."""
    path, mark, query = sent.target.partition("?")
    return f"{path}{mark}{redacted_query(query, frozenset())}"


class TextSearch:
    """A search for a text in entries, with bounded work."""

    def __init__(self, text: str, most: int = MOST_BYTES) -> None:
        self._text = text.lower()
        self._left = most
        self.unsearched = 0
        """Number of entries that were not searched."""

    def found(self, entries: Iterable[HistoryEntry]) -> Iterator[HistoryEntry]:
        """Yield the entries in which the text occurs, as long as there are bytes left to read."""
        for entry in entries:
            if self._left <= 0:
                self.unsearched += 1
            elif self._matches(entry):
                yield entry

    def _matches(self, entry: HistoryEntry) -> bool:
        bodies, heads = _bodies(entry), _heads(entry)
        self._left -= _ENTRY_BYTES + sum(map(len, heads))
        # What is hidden is looked at only where the text occurs, as that costs most.
        if any(map(self._occurs, heads)) and any(map(self._occurs, _shown_heads(entry))):
            return True
        return any(map(self._occurs, recipients(entry))) or any(map(self._reads, bodies))

    def _occurs(self, text: str) -> bool:
        return self._text in text.lower()

    def _reads(self, body: bytes) -> bool:
        self._left -= len(body)
        if self._text.isascii():
            return self._text.encode() in body.lower()
        return self._occurs(body.decode("utf-8", "replace"))


def _bodies(entry: HistoryEntry) -> tuple[bytes, ...]:
    if isinstance(entry, Exchange):
        return entry.request.body, entry.answer.body
    return (entry.sent.body,)


def _heads(entry: HistoryEntry) -> list[str]:
    """Return the texts of an entry beside its bodies, with secrets."""
    if not isinstance(entry, Exchange):
        return [entry.call, entry.detail, f"{entry.sent.method} {entry.sent.target}"]
    request = entry.request
    return _exchange_heads(entry, request.query, [*request.headers.items(), *entry.answer.headers])


def _shown_heads(entry: HistoryEntry) -> list[str]:
    """Return the texts of an entry beside its bodies, without secrets."""
    if not isinstance(entry, Exchange):
        return [entry.call, entry.detail, f"{entry.sent.method} {sent_target(entry.sent)}"]
    request, secrets = entry.request, secret_parameters(entry)
    headers = redacted_headers([*request.headers.items(), *entry.answer.headers], secrets)
    return _exchange_heads(entry, redacted_query(request.query, secrets), headers)


def _exchange_heads(entry: Exchange, query: str, headers: list[tuple[str, str]]) -> list[str]:
    target = f"{entry.request.method} {entry.request.path}{query and '?'}{query}"
    return [target, entry.reason, *(f"{name}: {value}" for name, value in headers)]
