"""A sandbox that emulates web APIs from their OpenAPI documents."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.server.factory import create_app
    from mockserver.testing.httpx_transport import Transport

__all__ = ["Transport", "__version__", "create_app"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what is seldom needed when it is first used."""
    if name == "create_app":
        from mockserver.server.factory import create_app  # noqa: PLC0415

        return create_app
    if name == "Transport":
        from mockserver.testing.httpx_transport import Transport  # noqa: PLC0415 - it needs httpx

        return Transport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
