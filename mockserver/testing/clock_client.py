"""A sandbox's clock, as a test moves it."""

from datetime import datetime, timedelta

from mockserver.testing.control_connection import ControlConnection, Json
from mockserver.testing.time_text import duration_text, instant_of, instant_text


class SandboxClock:
    """The virtual clock of one sandbox; everything that expires in it goes by it."""

    def __init__(self, control: ControlConnection, sandbox: str) -> None:
        self._control = control
        self._query = {"sandbox": sandbox}

    @property
    def now(self) -> datetime:
        """What it shows, with the time zone UTC."""
        return instant_of(self._control.call("GET", "clock", query=self._query)["now"])

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return bool(self._control.call("GET", "clock", query=self._query)["frozen"])

    def advance(self, by: timedelta | str | None = None, **parts: float) -> datetime:
        """Move forwards by a span of time, and return what it shows then.

        Args:
            by: A timedelta, or ISO 8601 text such as `P10D` or `PT1H30M`.
            parts: Instead of it, what `timedelta` takes: `days=10`, `hours=1, minutes=30`.

        Raises:
            ControlCallError: If the span is not greater than zero.
        """
        if (by is None) == (not parts):
            raise TypeError("advance() takes one span of time: 'P10D', a timedelta, or days=10")
        return self._change(advance=duration_text(timedelta(**parts) if by is None else by))

    def set(self, instant: datetime | str) -> datetime:
        """Show an instant: an aware datetime, or RFC 3339 text.

        Raises:
            ControlCallError: If it is in the past and the sandbox has had requests.
        """
        return self._change(set=instant_text(instant))

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stand still, at an instant if one is given."""
        frozen = self._change(frozen=True)
        return frozen if at is None else self.set(at)

    def thaw(self) -> datetime:
        """Run again from what it shows."""
        return self._change(frozen=False)

    def _change(self, **change: Json) -> datetime:
        return instant_of(self._control.call("POST", "clock", change, self._query)["now"])

    def __repr__(self) -> str:
        return f"<clock of {self._query['sandbox']!r}: {self.now.isoformat()}>"
