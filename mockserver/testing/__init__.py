"""What tests use: a sandbox to look into, a server to have one of, and what they can raise.

With pytest, the fixture `sandbox` gives each test its own.
"""

from typing import TYPE_CHECKING

from mockserver.testing.api import Api, Credential
from mockserver.testing.connection import ControlCallError
from mockserver.testing.faults import Fault
from mockserver.testing.inprocess import WaitsError
from mockserver.testing.messages import Message
from mockserver.testing.requests import Exchange
from mockserver.testing.sandbox import Sandbox

if TYPE_CHECKING:
    from mockserver.testing.server import Server

__all__ = [
    "Api",
    "ControlCallError",
    "Credential",
    "Exchange",
    "Fault",
    "Message",
    "Sandbox",
    "Server",
    "WaitsError",
]


def __getattr__(name: str) -> object:
    if name == "Server":
        from mockserver.testing.server import Server  # noqa: PLC0415 - who only calls needs none

        return Server
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
