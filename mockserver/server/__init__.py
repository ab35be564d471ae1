"""The HTTP server: the engine and the control API as an ASGI application, on a socket."""
