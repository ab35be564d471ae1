"""Recognise loopback hosts by their text: `localhost`, `127.0.0.1` and `::1`, and no other address.

`cli/serve_command.py`, `control/guard.py` and `verbs/oauth_authorize.py` call `is_loopback`, with a
host without a port. Nothing is looked up.
"""

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def is_loopback(host: str) -> bool:
    """Return True for a loopback host; an IPv6 address may be in brackets."""
    return host.strip("[]") in _LOOPBACK
