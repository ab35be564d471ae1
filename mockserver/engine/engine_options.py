"""Define the options of an engine, which are set at start and apply to all requests.

`pipeline.py` and `run.py` read them. `cli/document_options.py` and `cli/serve_command.py` set them
from the command line, and `server/factory.py` from the arguments of `create_app`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Echo = Literal["none", "samples", "all"]
"""Documented answers that get values of the request: none, sampled ones, or also examples."""
ECHOES: tuple[Echo, ...] = get_args(Echo)


@dataclass(frozen=True, slots=True)
class Options:
    """Options for making answers and adding headers."""

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
    echo: Echo = "samples"
    """Which documented answers get values of the request."""


DEFAULT_OPTIONS = Options()
