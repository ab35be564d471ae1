"""Define injected faults: what a user asks for, and the checked fault that can match requests.

`control/fault_calls.py` reads a `FaultDefinition`; `engine/faults.py` checks it, makes the `Fault`,
calls `Fault.fits` and counts hits; `engine/fault_injection.py` applies it. `fits` returns whether
operation, method and path of a request match; it ignores `times`, `after` and `probability`.
`answers` is True if the fault replaces the answer, so that the request has no effect. Query,
headers and bodies select nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mockserver.base.time import ZERO, Duration
from mockserver.base.wildcards import ANY
from mockserver.model.api import Api, Operation
from mockserver.model.request_paths import PARAMETER, addresses, fits_one


@dataclass(frozen=True, slots=True)
class FaultDefinition:
    """The requests that a fault matches, how often it is applied, and its effects."""

    api: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    """A pattern for the request's path, as `request_paths.fits` reads it."""
    times: int | None = None
    """Maximum number of hits; None for no maximum."""
    probability: float = 1.0
    after: int = 0
    """Number of matching requests before the first hit."""
    error: str | None = None
    retry_after: int | None = None
    """Seconds."""
    status: int | None = None
    example: str | None = None
    delay: str | None = None
    """ISO 8601 duration, at most one minute."""
    truncate: int | None = None
    """Number of bytes of the body after which the connection is closed."""
    disconnect: str | None = None
    """`before` or `after` the request takes effect."""

    @property
    def answers(self) -> bool:
        """True if it replaces the API's answer and prevents all effects of the request."""
        forced = (self.error, self.status, self.example)
        return self.disconnect == "before" or any(value is not None for value in forced)


@dataclass(frozen=True, slots=True)
class Fault:
    """A definition that has been checked."""

    definition: FaultDefinition
    targets: frozenset[tuple[str, str]]
    """API name and operation id of all operations it can match."""
    delay: Duration = ZERO

    def fits(self, api: Api, operation: Operation, method: str, values: Sequence[str]) -> bool:
        """Return True if the fault matches a request.

        Args:
            api: The API of the request.
            operation: The operation of the request.
            method: The request's own method, which may be HEAD for an operation of GET.
            values: The values of the path parameters, as they were sent.
        """
        if (api.name, operation.id) not in self.targets:
            return False
        wanted = self.definition
        if wanted.method not in (None, ANY, method):
            return False
        if wanted.path is None:
            return True
        parts = iter(values)
        filled = PARAMETER.sub(lambda _found: next(parts), operation.path)
        return fits_one(wanted.path, addresses(api, operation, filled))
