"""Say what an engine does where mock servers differ, by name; and what Prism does (`--like prism`).

- In: the name of another mock server, or None; `ValueError` if it is unknown.
- Out: its `Conventions`, or those of mockserver for None. Each field is one difference, which
  `pipeline.py`, `rendering.py` and other stages read by its name for each request; no stage asks
  for the name of the server.
- Caller of `conventions_of`: `engine_options.py`, once at start.
The conventions of Prism are those of version 5.14; its recorded answers are in tests/conformance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from mockserver.model.refusal import Kind

Like = Literal["prism"]
"""Mock servers whose behaviour can be asked for."""
LIKES: tuple[Like, ...] = get_args(Like)


@dataclass(frozen=True, slots=True)
class ErrorStatuses:
    """The status codes of an error kind that fits more than one."""

    documented: tuple[int, ...]
    """The first of these that the operation documents is used."""
    otherwise: int
    """The status code if it documents none of them."""


class AnswerStyle(NamedTuple):
    """How documented answers are written."""

    xml_root: str = ""
    """Name of the outermost element of XML; empty to write XML by the `xml` objects of schemas."""
    all_headers: bool = False
    """True to sample documented headers that are neither required nor have an example."""


DEFAULT_STYLE = AnswerStyle()


@dataclass(frozen=True, slots=True)
class Conventions:
    """Behaviours in which mock servers differ; the defaults are those of mockserver."""

    error_statuses: Mapping[str, ErrorStatuses] = field(
        default_factory=lambda: {Kind.INVALID: ErrorStatuses((422, 400), 400)}
    )
    """Error kinds whose status depends on what the operation documents."""
    problem_types: Mapping[str, str] = field(default_factory=dict)
    """The member `type` of problems, by error kind."""
    validation_member: bool = False
    """Problems list their violations in the member `validation` as well."""
    bodiless_errors: bool = False
    """An error that is documented by its description alone is sent without a body."""
    errors_ignore_accept: bool = False
    """Documented errors have their first media type, whatever the client accepts."""
    default_accept: str = ""
    """The value of `Accept` for requests without this header; empty for the first media type."""
    refuse_undescribed_bodies: bool = False
    """A body is refused where the operation describes none."""
    query_preferences: bool = False
    """`__code`, `__example`, `__dynamic` and `__seed` in the query do what `Prefer` does."""
    validate_preferred: bool = False
    """A request with a preference is authenticated and validated like any other."""
    refuse_unmet_preferences: bool = False
    """Status 404 for a status or an example that is not documented, 422 for an invalid value."""
    exact_methods: bool = False
    """HEAD and OPTIONS are answered only where the document has them."""
    preflights_first: bool = False
    """A preflight is answered before anything else, under every path."""
    open_cors: bool = False
    """Requests without `Origin` get the CORS headers as well, with `*`."""
    deprecation_header: bool = False
    """Answers of deprecated operations have the header `Deprecation`."""
    answer_style: AnswerStyle = DEFAULT_STYLE
    """How documented answers are written."""
    echo: Literal["none", "samples"] = "samples"
    """The default of the option `echo`."""


DEFAULT_CONVENTIONS = Conventions()
_PRISM_ERRORS = "https://stoplight.io/prism/errors#"
NO_SUCH_EXAMPLE = "no_such_example"
"""Key of `problem_types` for a status or an example that is not documented."""
PRISM = Conventions(
    error_statuses={
        Kind.INVALID: ErrorStatuses((422, 400), 422),
        Kind.UNSUPPORTED_MEDIA_TYPE: ErrorStatuses((415, 422, 400), 415),
    },
    problem_types={
        Kind.INVALID: f"{_PRISM_ERRORS}UNPROCESSABLE_ENTITY",
        Kind.UNAUTHENTICATED: f"{_PRISM_ERRORS}UNAUTHORIZED",
        Kind.UNSUPPORTED_MEDIA_TYPE: f"{_PRISM_ERRORS}INVALID_CONTENT_TYPE",
        Kind.NOT_ACCEPTABLE: f"{_PRISM_ERRORS}NOT_ACCEPTABLE",
        Kind.NOT_FOUND: f"{_PRISM_ERRORS}NO_PATH_MATCHED_ERROR",
        Kind.METHOD_NOT_ALLOWED: f"{_PRISM_ERRORS}NO_METHOD_MATCHED_ERROR",
        Kind.BROKEN_ANSWER: f"{_PRISM_ERRORS}VIOLATIONS",
        NO_SUCH_EXAMPLE: f"{_PRISM_ERRORS}NOT_FOUND",
    },
    validation_member=True,
    bodiless_errors=True,
    errors_ignore_accept=True,
    default_accept="application/json, */*",
    refuse_undescribed_bodies=True,
    query_preferences=True,
    validate_preferred=True,
    refuse_unmet_preferences=True,
    exact_methods=True,
    preflights_first=True,
    open_cors=True,
    deprecation_header=True,
    answer_style=AnswerStyle(xml_root="xml", all_headers=True),
    echo="none",
)
_CONVENTIONS: Mapping[Like | None, Conventions] = {None: DEFAULT_CONVENTIONS, "prism": PRISM}


def conventions_of(like: Like | None) -> Conventions:
    """Return the conventions of a mock server; those of mockserver for None.

    Raises:
        ValueError: If nothing is known of a server of this name.
    """
    if like not in _CONVENTIONS:
        raise ValueError(f"like={like!r} is not known; known are: {', '.join(LIKES)}")
    return _CONVENTIONS[like]
