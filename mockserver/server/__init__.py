"""Sockets and people: the engine over HTTP, and the control API."""
