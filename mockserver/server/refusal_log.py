"""Print lines about refused requests to the terminal of `mockserver serve`, with a bounded rate.

`cli/serve_command.py` makes a `RefusalLog` (unless all requests or none are printed), with a
function that prints a line and one that calls another after a second; `App.on_exchange` calls its
`add` for every request. A request with a status of 400 or more, refused by the API, the mock or a
fault, is a line of `request_log.py`. Beyond `MOST_LINES` in a second, the rest is only counted;
`flush` prints the count. It writes nothing to a file, and never refuses anything itself.
"""

from collections.abc import Callable

from mockserver.engine.refusal_line import refusal_line
from mockserver.model.exchange import Exchange
from mockserver.server.request_log import log_line

MOST_LINES = 20
"""Maximum number of lines in one second."""
_FIRST_ERROR = 400

Later = Callable[[Callable[[], None]], object]
"""Function that calls another function after one second."""


class RefusalLog:
    """Prints a line for each refused request, and counts those beyond the rate.

    After the first line it asks to be called in one second. Then it prints how many refusals it
    left out, and starts again. So a flood of requests costs little time and few lines.
    """

    def __init__(self, write: Callable[[str], None], later: Later) -> None:
        """Make a log.

        Args:
            write: Prints one line.
            later: Calls a function after one second.
        """
        self._write = write
        self._later = later
        self._lines = 0
        self._left_out = 0

    def add(self, exchange: Exchange) -> None:
        """Print a line if the request was refused."""
        if not exchange.reason or exchange.answer.status < _FIRST_ERROR:
            return
        if self._lines >= MOST_LINES:
            self._left_out += 1
            return
        line = _refusal_text(exchange)
        if line:
            if self._lines == 0:
                self._later(self.flush)
            self._lines += 1
            self._write(line)

    def flush(self) -> None:
        """Print the number of refusals that were left out; allow lines again."""
        count, self._left_out, self._lines = self._left_out, 0, 0
        if count:
            self._write(f"... and {count:,} more refused in this second (--log prints all)")


def _refusal_text(exchange: Exchange) -> str:
    """Return time, status, target and cause of a refusal; an empty text if it is none."""
    return log_line(exchange) if refusal_line(exchange) else ""
