"""Show and move the virtual clock of a sandbox.

`sandbox_client.py` makes a `SandboxClock` as `sandbox.clock`. `now` and `frozen` show it;
`advance`, `set`, `freeze` and `thaw` change it and return its new time, a datetime in UTC. Each is
one call of the control API. A change that the server refuses is a `ControlCallError`, a datetime
without a time zone or a negative timedelta a `ValueError`, `advance` without exactly one duration a
`TypeError`. The system's clock is never moved.
"""

from datetime import datetime, timedelta

from mockserver.testing.control_connection import ControlConnection, Json
from mockserver.testing.time_text import duration_text, instant_of, instant_text


class SandboxClock:
    """The virtual clock of one sandbox; everything that expires there uses it."""

    def __init__(self, control: ControlConnection, sandbox: str) -> None:
        self._control = control
        self._query = {"sandbox": sandbox}

    @property
    def now(self) -> datetime:
        """The current time of the clock, in UTC."""
        return instant_of(self._control.call("GET", "clock", query=self._query)["now"])

    @property
    def frozen(self) -> bool:
        """True if the clock is stopped."""
        return bool(self._control.call("GET", "clock", query=self._query)["frozen"])

    def advance(self, by: timedelta | str | None = None, **parts: float) -> datetime:
        """Move the clock forward by a duration, and return its new time.

        Args:
            by: A timedelta, or ISO 8601 text such as `P10D` or `PT1H30M`.
            parts: Arguments of `timedelta` instead: `days=10`, `hours=1, minutes=30`.

        Raises:
            ControlCallError: If the duration is not greater than zero.
            TypeError: If not exactly one duration is given.
        """
        if (by is None) == (not parts):
            raise TypeError("advance() takes one duration: 'P10D', a timedelta, or days=10")
        return self._change(advance=duration_text(timedelta(**parts) if by is None else by))

    def set(self, instant: datetime | str) -> datetime:
        """Set the clock to an instant: an aware datetime, or RFC 3339 text.

        Raises:
            ControlCallError: If the instant is in the past and the sandbox has had requests.
        """
        return self._change(set=instant_text(instant))

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stop the clock, optionally at an instant."""
        target = {} if at is None else {"set": instant_text(at)}
        return self._change(**target, frozen=True)

    def thaw(self) -> datetime:
        """Let the clock run again from its current time."""
        return self._change(frozen=False)

    def _change(self, **change: Json) -> datetime:
        return instant_of(self._control.call("POST", "clock", change, self._query)["now"])

    def __repr__(self) -> str:
        return f"<clock of {self._query['sandbox']!r}: {self.now.isoformat()}>"
