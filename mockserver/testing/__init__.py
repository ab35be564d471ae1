"""Export the Python API for tests: a server, its sandboxes with all they hold, and its errors.

Users import these names; `pytest_plugin.py` gives each test a sandbox of its own as the fixture
`sandbox`. `Server` is imported on first use, so that a client of a running server loads no server.
"""

from typing import TYPE_CHECKING

from mockserver.testing.api_client import ApiClient as Api
from mockserver.testing.api_client import Credential
from mockserver.testing.change_client import SeenChange as Change
from mockserver.testing.control_connection import ControlCallError
from mockserver.testing.fault_client import FaultHandle as Fault
from mockserver.testing.history_client import SeenEntry as HistoryEntry
from mockserver.testing.inprocess import WaitsError
from mockserver.testing.message_client import Message
from mockserver.testing.request_client import SeenExchange as Exchange
from mockserver.testing.sandbox_client import SandboxClient as Sandbox

if TYPE_CHECKING:
    from mockserver.testing.server_thread import ServerThread as Server

__all__ = [
    "Api",
    "Change",
    "ControlCallError",
    "Credential",
    "Exchange",
    "Fault",
    "HistoryEntry",
    "Message",
    "Sandbox",
    "Server",
    "WaitsError",
]


def __getattr__(name: str) -> object:
    if name == "Server":
        from mockserver.testing.server_thread import (  # noqa: PLC0415 - a pure client needs no server
            ServerThread,
        )

        return ServerThread
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
