"""Define the options of an engine, which are set at start and apply to all requests.

`pipeline.py`, `run.py`, `cors.py` and `unmatched_requests.py` read them. `cli/document_options.py`,
`cli/serve_command.py`, `cli/run_command.py` and `cli/explain_command.py` set them from the command
line, and `server/factory.py` from the arguments of `create_app`. `Options` reads `like` and `echo`
once, into `conventions` and `echoes`, and raises `ValueError` for an unknown `like`.
"""

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
    """Add `Mock-Request-Id`, `Mock-Reason` and `Mock-Why`."""
    control: bool = True
    """Mention calls of the control API in advice."""
    cors: bool = True
    """Add headers that allow cross-origin requests."""
    dynamic: bool = False
    """Sample a new value for each request, even if there are examples."""
    errors: bool = False
    """Answer with an error if an answer violates its own schema."""
    strict_requests: bool = False
    """Refuse requests with values that are otherwise tolerated, such as `True` for `true`."""
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
