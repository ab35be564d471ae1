"""Warn when the process can open no more files, and so accepts no more connections.

`serving.py` calls `FileLimitWatch.check` once a second, which tries to open a file and logs at most
one warning a minute. It also sets `report_other_errors` as the handler for errors of the event
loop, which drops the messages of asyncio about the same. No connection is closed, and no limit is
raised.
"""

import asyncio
import errno
import logging
import os
import sys
from typing import Any

if sys.platform != "win32":
    import resource  # when no file can be opened, it is too late to import

_LOG = logging.getLogger("mockserver")
_PAUSE = 60.0
"""Seconds between two warnings."""
_OUT_OF_FILES = "socket.accept() out of system resource"
"""What asyncio logs, once a second and with a traceback; uvloop logs nothing."""


class FileLimitWatch:
    """Looks for free file descriptors, and warns at most once a minute if there are none."""

    def __init__(self) -> None:
        self._next_warning = 0.0

    def check(self, now: float) -> None:
        """Warn if no file can be opened; `now` is a time in seconds that never goes back."""
        if _can_open() or now < self._next_warning:
            return
        self._next_warning = now + _PAUSE
        _LOG.warning(
            "connections are refused: the process has as many open files as it may have%s; "
            "close connections, or raise the limit with `ulimit -n`",
            _limit(),
        )


def _can_open() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True


def _limit() -> str:
    if sys.platform == "win32":
        return ""
    return f" ({resource.getrlimit(resource.RLIMIT_NOFILE)[0]})"


def report_other_errors(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle an error of the event loop as usual, unless `FileLimitWatch` reports it."""
    if context.get("message") != _OUT_OF_FILES:
        loop.default_exception_handler(context)
