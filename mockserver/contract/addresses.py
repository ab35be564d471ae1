"""Where the operations of an API are, seen from one base URL of a service."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockserver.base.errors import MockserverError
from mockserver.model.api import Api, Operation, ServerAddress

SANDBOX_PREFIX = "/~"
"""Begins the path of a sandbox of a mockserver."""
_ROOT = (ServerAddress("", ""),)


class OtherServiceError(MockserverError):
    """An operation that the document puts on another service."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base URL of a service, and those of the operations that have servers of their own."""

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
        """Return the path that stands before an operation's own.

        Raises:
            ElsewhereError: If the document has it on another host, or the base URL does not tell.
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
            message = f"the document has it at {where}; name that URL as the service to reach it"
            raise OtherServiceError(message)
        return self._prefix(base_servers, server) + server.path

    def operations_at(self, path: str) -> Iterator[tuple[Operation, str]]:
        """Yield the operations whose own base a path leads into, and the path below that."""
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
        """The beginning of the base that names a sandbox; empty if it names none."""
        if not self.base.startswith(SANDBOX_PREFIX):
            return ""
        return "/" + self.base[1:].partition("/")[0]

    def _base_servers(self) -> Sequence[ServerAddress]:
        """Return the servers that the base URL stands for: those on its host, else the API's."""
        shared = self.api.servers or _ROOT
        lists = (shared, *(operation.servers for operation in self.api.operations))
        on_it = (one for one in lists if any(server.host == self._host for server in one))
        return next(on_it, shared)

    def _prefix(self, base_servers: Sequence[ServerAddress], server: ServerAddress) -> str:
        """Return what stands in the base URL before the path of one of its servers."""
        paths = sorted((server.path for server in base_servers), key=len, reverse=True)
        found = next((path for path in paths if self.base.endswith(path)), None)
        if found is None:
            message = f"the document has it below {server.path or '/'}, not {base_servers[0].path}"
            raise OtherServiceError(
                f"{message}; end the URL with {base_servers[0].path} to reach it"
            )
        return self.base.removesuffix(found)
