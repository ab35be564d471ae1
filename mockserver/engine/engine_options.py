"""Options of an engine. They are set at start and apply to all requests."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from mockserver.engine.conventions import Conventions, Like, conventions_of

Echo = Literal["none", "samples", "all"]
"""Documented answers that get values of the request: none, sampled ones, or also examples."""
ECHOES: tuple[Echo, ...] = get_args(Echo)


@dataclass(frozen=True, slots=True)
class Options:
    """Options for making answers and adding headers.

    Raises:
        ValueError: If `like` names a server that is not known.
    """

    announce: bool = True
    """Add `Mock-Request-Id` and `Mock-Reason`."""
    cors: bool = True
    """Add headers that allow cross-origin requests."""
    dynamic: bool = False
    """Sample a new value for each request, even if there are examples."""
    errors: bool = False
    """Answer with an error if an answer violates its own schema."""
    echo: Echo | None = None
    """Which documented answers get values of the request; None for the default of `like`."""
    like: Like | None = None
    """The mock server that is imitated where this one differs; None for none."""
    conventions: Conventions = field(init=False, repr=False)
    """What `like` stands for."""
    echoes: Echo = field(init=False, repr=False)
    """What `echo` stands for."""

    def __post_init__(self) -> None:
        """Read `like` and `echo` once, so that no request has to."""
        conventions = conventions_of(self.like)
        object.__setattr__(self, "conventions", conventions)
        object.__setattr__(self, "echoes", self.echo or conventions.echo)


DEFAULT_OPTIONS = Options()
