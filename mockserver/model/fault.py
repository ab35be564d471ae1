"""Faults as values: what a test forces, and on which requests."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mockserver.base.time import ZERO, Duration
from mockserver.base.wildcards import ANY, like
from mockserver.model.api import Api, Operation

_LONGEST_PATH = 2_000


PARAMETER = re.compile(r"\{[^{}/]+\}")


@dataclass(frozen=True, slots=True)
class FaultDefinition:
    """What a fault hits, how often, and what happens then; what is None is left out."""

    api: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    """Of the request, in which `*` stands for any characters."""
    times: int | None = None
    """Hits at most; always if None."""
    probability: float = 1.0
    after: int = 0
    """Requests that are let through first."""
    error: str | None = None
    retry_after: int | None = None
    """Seconds."""
    status: int | None = None
    example: str | None = None
    delay: str | None = None
    """ISO 8601 duration, a minute at most."""
    truncate: int | None = None
    """Bytes of the body after which the connection is cut."""
    disconnect: str | None = None
    """`before` or `after` the request takes effect."""

    @property
    def answers(self) -> bool:
        """Whether it takes the place of the API's answer, and of all that the request would do."""
        forced = (self.error, self.status, self.example)
        return self.disconnect == "before" or any(value is not None for value in forced)


@dataclass(frozen=True, slots=True)
class Fault:
    """A definition that has been checked."""

    definition: FaultDefinition
    targets: frozenset[tuple[str, str]]
    """API and operation of everything it can hit."""
    delay: Duration = ZERO

    def fits(self, api: Api, operation: Operation, method: str, values: Sequence[str]) -> bool:
        """Tell whether a request to an operation is one that it is meant for."""
        if (api.name, operation.id) not in self.targets:
            return False
        wanted = self.definition
        if wanted.method not in (None, ANY, method):
            return False
        if wanted.path is None:
            return True
        parts = iter(values)
        filled = PARAMETER.sub(lambda _found: next(parts), operation.path)
        return any(like(wanted.path, address) for address in addresses(api, filled))


def addresses(api: Api, path: str) -> Iterator[str]:
    """Yield all the ways to write a path of an API."""
    for prefix in dict.fromkeys(("", *(server.path for server in api.servers))):
        yield prefix + path
        yield f"/{api.name}{prefix}{path}"
