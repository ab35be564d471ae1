"""Host names."""

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def is_loopback(host: str) -> bool:
    """Return True for a loopback host; an IPv6 address may be in brackets."""
    return host.strip("[]") in _LOOPBACK
