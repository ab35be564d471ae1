"""Give a test what a request or a control call changed in its sandbox, by the control API.

`request_client.py` and `history_client.py` call `read_changes`, which asks the server; it returns a
`SeenChange` for each change, in the order in which they were made. `read_lines` returns only the
lines of the first ones, for the report on a failed test. The server hides credentials.
"""

from dataclasses import dataclass

from mockserver.testing.control_connection import ControlConnection, Json, pages


@dataclass(frozen=True, slots=True, repr=False)
class SeenChange:
    """One record before and after a write."""

    api: str | None
    """None for the sandbox's own: clock, settings, faults, counters."""
    collection: str
    key: str
    before: Json
    """The record before; None if it was added."""
    after: Json
    """The record after; None if it was removed."""
    text: str
    """The change in one line, for people: `quota sms of demo-org 499 → 498`."""

    def __repr__(self) -> str:
        return self.text


def read_changes(control: ControlConnection, sandbox: str, entry: str) -> list[SeenChange]:
    """Return what an entry of a sandbox's history changed."""
    found = pages(control, f"requests/{entry}/changes", "changes", {"sandbox": sandbox})
    return [
        SeenChange(
            api=given["api"],
            collection=given["collection"],
            key=given["key"],
            before=given["before"],
            after=given["after"],
            text=given["text"],
        )
        for given in found
    ]


def read_lines(
    control: ControlConnection, sandbox: str, entry: str, most: int
) -> tuple[list[str], int]:
    """Return the lines of the first changes of an entry, and the number of all of them."""
    query = {"sandbox": sandbox, "limit": str(most)}
    given = control.call("GET", f"requests/{entry}/changes", query=query)
    return [change["text"] for change in given["changes"]], given["total"]
