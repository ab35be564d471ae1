"""Bind the socket of a server, and name its address; both before a server is imported.

`bind` returns the socket, or raises `OSError`, and `origin` its URL. `cli/serve_command.py` binds
before it starts processes, which share the socket; `background_server.py` and
`cli/proxy_command.py` bind for themselves.
"""

import socket


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket to an address; port 0 takes a free port.

    Raises:
        OSError: If the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def origin(listener: socket.socket, host: str) -> str:
    """Return the URL of a bound socket, such as `http://127.0.0.1:8000`."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"
