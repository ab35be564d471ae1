"""Serve the files of the dashboard under `/_mock/`, as an ASGI application with security headers.

`control/control_app.py` wraps the control API in `Dashboard`: GET and HEAD of a file are answered
here (200, 304, or 308 from `/_mock` to `/_mock/`), all other requests go on to the control API.
`is_public` returns True for the former: the files contain no data, so that a browser needs no
token; the guard of the control API asks it. `assets` reads the files from the folder of this
module, once, when the application is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.base.asgi import CONTROL_PREFIX

_FOLDER = f"{CONTROL_PREFIX}/dashboard/"
_READING = ("GET", "HEAD")
_MEDIA_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file of the dashboard."""

    content: bytes
    media_type: str
    tag: str


def assets() -> dict[str, _Asset]:
    """Read the files of the dashboard, by name."""
    found: dict[str, _Asset] = {}
    for file in files("mockserver.dashboard").iterdir():
        media_type = _MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            content = file.read_bytes()
            tag = f'"{sha256(content).hexdigest()[:16]}"'
            found[file.name] = _Asset(content, media_type, tag)
    return found


class Dashboard:
    """ASGI application that serves the files; other requests go to the control API."""

    def __init__(self, control: ASGIApp) -> None:
        self._control = control
        found = assets()
        self._pages: Mapping[str, _Asset] = {
            f"{CONTROL_PREFIX}/": found.pop("index.html"),
            **{_FOLDER + name: asset for name, asset in found.items()},
        }

    def is_public(self, scope: Scope) -> bool:
        """Return True if a request is for a file, which is public and contains no data."""
        path: str = scope["path"]
        is_file = path == CONTROL_PREFIX or path in self._pages
        return is_file and scope["method"] in _READING

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if not self.is_public(scope):
            await self._control(scope, receive, send)
            return
        asset = self._pages.get(scope["path"])
        answer = _redirect() if asset is None else _answer(asset, Request(scope))
        await answer(scope, receive, send)


def _redirect() -> Response:
    return RedirectResponse(f"{CONTROL_PREFIX}/", 308, _HEADERS)


def _answer(asset: _Asset, request: Request) -> Response:
    headers = {**_HEADERS, "ETag": asset.tag}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, 200, headers, asset.media_type)
