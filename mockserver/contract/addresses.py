"""Compute the URLs of an API's operations from the one base URL of a service that the user gives.

`Target.addresses` in `targets.py` makes `Addresses`; it, `verification.py` and `proxy.py` ask
`base_of` for the base path before they send, as an operation may have `servers` of its own. One on
another host, or below a path that the base URL lacks, is an `OtherServiceError`, so nothing leaves
the user's origin. A prefix (`/stage` in `/stage/v2`, if the document says `/v2`) applies to all
servers. A mockserver has all operations below `/<api>`, whatever their host. `operations_at` finds
the operations of a path (`proxy.py`). Nothing is sent here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockserver.base.errors import MockserverError
from mockserver.model.api import Api, Operation, ServerAddress

SANDBOX_PREFIX = "/~"
"""Beginning of a path that names a sandbox of a mockserver."""
_ROOT = (ServerAddress("", ""),)


class OtherServiceError(MockserverError):
    """An operation that the document places on another service."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base URL of a service, and the base paths of its operations."""

    api: Api
    origin: str
    """Scheme, host and port."""
    base: str
    """Path of the API's base URL, without a slash at its end."""
    is_mock: bool = False

    @property
    def url(self) -> str:
        """The base URL."""
        return self.origin + self.base

    def base_of(self, operation: Operation) -> str:
        """Return the base path of an operation, to which its path template is appended.

        Raises:
            OtherServiceError: If the document places the operation on another host, or if the
                base URL does not end with the path of the document's own server.
        """
        if self.is_mock:
            own = operation.servers
            return f"{self._sandbox}/{self.api.name}{own[0].path}" if own else self.base
        base_servers, servers = self._base_servers(), operation.servers or self.api.servers or _ROOT
        if servers == base_servers:
            return self.base
        near = {"", self._host, *(server.host for server in base_servers)}
        server = next((server for server in servers if server.host in near), None)
        if server is None:
            where = servers[0].host + servers[0].path
            message = f"the document places this operation at {where}; use that URL to reach it"
            raise OtherServiceError(message)
        return self._prefix(base_servers, server) + server.path

    def operations_at(self, path: str) -> Iterator[tuple[Operation, str]]:
        """Yield the operations whose own base path begins a path, and the rest of that path."""
        whole = self.base + path
        for operation in self.api.operations:
            try:
                base = self.base_of(operation)
            except OtherServiceError:
                continue
            if base != self.base and whole.startswith(f"{base}/"):
                yield operation, whole[len(base) :]

    @property
    def _host(self) -> str:
        return urlsplit(self.origin).netloc.lower()

    @property
    def _sandbox(self) -> str:
        """The first segment of the base path if it names a sandbox, else an empty string."""
        if not self.base.startswith(SANDBOX_PREFIX):
            return ""
        return "/" + self.base[1:].partition("/")[0]

    def _base_servers(self) -> Sequence[ServerAddress]:
        """Return the first list of servers that has the host of the base URL, else the API's."""
        shared = self.api.servers or _ROOT
        lists = (shared, *(operation.servers for operation in self.api.operations))
        on_it = (one for one in lists if any(server.host == self._host for server in one))
        return next(on_it, shared)

    def _prefix(self, base_servers: Sequence[ServerAddress], server: ServerAddress) -> str:
        """Return the part of the base path that precedes the path of one of its servers."""
        paths = sorted((server.path for server in base_servers), key=len, reverse=True)
        found = next((path for path in paths if self.base.endswith(path)), None)
        if found is None:
            own, shared = server.path or "/", base_servers[0].path
            message = f"the document places this operation below {own}, not {shared}"
            raise OtherServiceError(f"{message}; end the URL with {shared} to reach it")
        return self.base.removesuffix(found)
