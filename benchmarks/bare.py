"""The ceiling: an ASGI application that reads the body and sends fixed bytes."""

import socket
from typing import Any

import uvicorn

BODY = b'{"invitation_id":"88ff78bd-4b99-4da5-8a1e-d6ad01870fd7","status":"success"}'
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(BODY)).encode()),
]


async def app(_scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own shapes
    """Answer every request alike."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


def serve(application: Any) -> None:  # noqa: ANN401 - any ASGI application
    """Serve an application as mockserver serves its own, and print the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        application, lifespan="off", access_log=False, log_level="warning", proxy_headers=False
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(app)
