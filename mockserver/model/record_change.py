"""Define the change: what one write did to one record of a sandbox.

`engine/records.py` logs each write and can take it back or make it again. The entry of a request
(`exchange.py`) or of a call of the control API (`control_entry.py`) keeps the writes that it made;
`control/` shows them. A change has no reference to a collection, only its `Place`, so
that it also applies to a fork of the sandbox, or to its copy in another process.
"""

from typing import NamedTuple

from mockserver.model.scope import Record

Place = tuple[str, str]
"""The name of an API and of one of its collections; the API of the sandbox's own state is empty."""
WORLD = ""
"""The name of the API in the `Place` of state that belongs to the sandbox itself."""


Write = tuple[Place, str, Record | None, Record | None, int]
"""The members of a `RecordChange` as a plain tuple, which is faster to make."""


class RecordChange(NamedTuple):
    """One record before and after a write; None where there is no record."""

    place: Place
    key: str
    before: Record | None
    after: Record | None
    serial: int
    """Position of the record in its collection; it keeps the order when the record comes back."""
