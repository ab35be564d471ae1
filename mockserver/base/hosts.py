"""Recognise loopback hosts by their text: `localhost`, `127.0.0.1` and `::1`, and no other address.

`cli/serve_command.py` and `control/guard.py` call `is_loopback`, with a host in lower case and
without a port: the control API without a token is for loopback hosts only. Nothing is looked up.
`verbs/oauth_authorize.py` recognises loopback redirect URIs by itself.
"""

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def is_loopback(host: str) -> bool:
    """Return True for a loopback host; an IPv6 address may be in brackets."""
    return host.strip("[]") in _LOOPBACK
