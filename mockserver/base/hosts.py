"""Names of hosts."""

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def is_loopback(host: str) -> bool:
    """Tell whether a host, which may stand in brackets, is this machine for itself alone."""
    return host.strip("[]") in _LOOPBACK
