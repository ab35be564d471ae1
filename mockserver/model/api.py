"""Define the compiled form of an API: `Api`, its `Operation`s, and the parts that they have.

`openapi/` (with `inference/` and `verbs/`) makes them when documents are loaded; the engine answers
requests from them, and `control/`, `contract/`, `server/` and `cli/` read them. They are frozen;
only the cache `Operation.rendered` changes. Expressions are compiled already: a `Template` is a
function of the scope. Schemas are validators, which compile themselves at the first use.
`Setting.read` returns a new value, from JSON or text, or raises ValueError. No state of a sandbox
is here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problem_switches import IgnoredProblem, ProblemSwitch
from mockserver.base.problems import SpecProblem
from mockserver.base.time import ZERO, Duration, parse_duration
from mockserver.model.contents import DocumentedResponse, Parameters, RequestBody, SampledSchema
from mockserver.model.scope import Scope, Template
from mockserver.model.steps import Otherwise, Program

PATH_PARAMETER = re.compile(r"\{([^{}/]+)\}")
"""A parameter in a path, such as `{id}`, and its name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A named number or switch of an API that every sandbox can change."""

    name: str
    type: str
    """integer, number, boolean, string or duration."""
    default: JsonValue
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def read(self, value: JsonValue) -> JsonValue:
        """Read a new value, from JSON or from the text of a command line.

        Raises:
            ValueError: If the value is invalid, with the reason.
        """
        read = _READERS[self.type](value)
        if self.choices and read not in self.choices:
            raise ValueError(f"must be one of: {', '.join(self.choices)}")
        if self.minimum is not None and read < self.minimum:
            raise ValueError(f"must be at least {self.minimum:g}")
        if self.maximum is not None and read > self.maximum:
            raise ValueError(f"must be at most {self.maximum:g}")
        return read


def _read_integer(value: JsonValue) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return value
    raise ValueError("must be a whole number")


def _read_number(value: JsonValue) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**18:
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", value, re.ASCII):
        return float(value)
    raise ValueError("must be a number")


def _read_boolean(value: JsonValue) -> bool:
    read = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    if isinstance(read, bool):
        return read
    raise ValueError("must be true or false")


def _read_string(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be text")


def _read_duration(value: JsonValue) -> int:
    return int(parse_duration(_read_string(value)))


_READERS: Mapping[str, Callable[[JsonValue], JsonValue]] = {
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "string": _read_string,
    "duration": _read_duration,
}


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """A named set of records: which field is the key, which are unique, which are indexed."""

    name: str
    key: str = "id"
    unique: tuple[str, ...] = ()
    indexed: tuple[str, ...] = ()
    description: str = ""
    schema: SampledSchema | None = None
    """The schema of its records; missing required members are sampled from it."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The answer of an API for an error kind."""

    kind: str
    status: int
    headers: tuple[tuple[str, Template], ...] = ()
    body: Template | None = None
    content_type: str = "application/json"
    description: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests a subject may make in a window of time."""

    name: str
    limit: Template
    window: Template
    algorithm: str
    per: Template | None
    headers: str
    otherwise: Otherwise
    source: Source


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a test value."""

    description: str
    error: Otherwise | None = None
    retry_after: Template | None = None
    """Duration until the same request succeeds; None for the default of the error kind."""
    delay: Duration = ZERO
    bind: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestValues:
    """Documented magic inputs: an expression, and the effect of each of its values."""

    at: Template
    shown_at: str
    """The expression as the document writes it."""
    effects: Mapping[str, Effect]
    source: Source
    each: Template | None = None
    """A list; `at` is evaluated for each `item` of it."""

    __test__ = False  # its name makes pytest look for tests in it


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition that the owner of a credential must meet."""

    that: Template
    otherwise: Otherwise
    shown: str = ""
    """The condition as the document writes it."""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Principals:
    """The collection that holds the owners of the credentials of a security scheme."""

    collection: str
    field: str
    requirements: tuple[Requirement, ...] = ()
    scopes: str = "scopes"
    """The record's field with the granted scopes: a list, or text separated by spaces."""
    label: str = "description"
    """The record's field that describes the credential to people."""
    expires: str | None = "expires_at"
    """The record's field with the instant at which the credential expires; None: it never does."""
    challenge: Template | None = None
    """Returns false if a 401 has no `WWW-Authenticate` for the scheme; None: it always has."""


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """One way to present a credential."""

    name: str
    kind: str
    """apiKey, basic, bearer, oauth2 (a bearer token with scopes), or http (any other scheme)."""
    location: str = "header"
    parameter: str = "authorization"
    """Name of the header (lower case), query parameter or cookie with the credential."""
    principals: Principals | None = None
    """None: every well-formed credential is accepted."""
    auth_scheme: str = ""
    """The name before the credential in `Authorization`, such as Bearer; empty for API keys."""


@dataclass(frozen=True, slots=True)
class SchemeUse:
    """A security scheme that an operation requires, with the required scopes."""

    scheme: SecurityScheme
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and a path template of an API, with all that is the same for every request."""

    id: str
    method: str
    path: str
    """The template below the server's path, such as `/businesses/{businessId}`."""
    summary: str
    source: Source
    parameters: Parameters | None
    body: RequestBody | None
    responses: tuple[DocumentedResponse, ...]
    security: tuple[tuple[SchemeUse, ...], ...]
    """Alternatives; all schemes of one alternative are required together."""
    limits: tuple[RateLimit, ...] = ()
    errors: Mapping[str, ErrorAnswer] = field(default_factory=dict)
    test_values: tuple[TestValues, ...] = ()
    program: Program | None = None
    """Its steps; None if there are none."""
    blank: Scope = field(default_factory=dict)
    """The initial scope of a request: every name that a step binds, as null."""
    path_parameters: tuple[str, ...] = ()
    """The names in the path's braces, in order."""
    path_choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Texts that path parameters can have, for parameters that share a segment and have an enum."""
    spanning: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    """What the values of path parameters that may contain slashes have to match."""
    success: int = 200
    """The default status of its answers."""
    deprecated: bool = False
    resource: str = ""
    """The collection that it works on, if the document names it or it was inferred."""
    is_page: bool = False
    """True for a page of the mock itself, which is not an operation of the API."""
    servers: "tuple[ServerAddress, ...]" = ()
    """Its own servers; empty if it uses those of the API."""
    ignored: tuple[str, ...] = ()
    """Query parameters without effect on its inferred steps; a member is named `filter[status]`."""
    rendered: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """A cache of rendered answers; the modules that write to it limit its size."""


@dataclass(frozen=True, slots=True)
class Unserved:
    """A callback or webhook: a request that the real service sends, and the mock does not."""

    kind: str
    """callback or webhook."""
    method: str
    name: str
    """The name of a webhook; for a callback its name and the expression of its URL."""
    source: Source


@dataclass(frozen=True, slots=True)
class Fixture:
    """Records that a collection starts with."""

    collection: str
    records: Template
    """Returns the list of records, evaluated when the sandbox first uses the API."""
    source: Source


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """An address of the real service."""

    host: str
    path: str
    """Prefix of the path of every operation, without a slash at its end: `/api/v1`, or empty."""


_MOST_SHOWN = 10
"""Resources that one sentence names."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The resources that were inferred from a document."""

    resources: Mapping[str, str]
    """The path of each, by its name."""
    left: tuple[SpecProblem, ...] = ()
    """Why some possible resources are not stateful; they are served as documented."""
    overlay: Callable[[], dict[str, JsonValue]] = dict
    """Returns the inferred `x-mock` as an OpenAPI Overlay."""

    def sentence(self, api: str) -> str:
        """Return a sentence that names the resources."""
        found = [f"{name} ({path})" for name, path in self.resources.items()]
        if not found:
            return f"{api} keeps nothing: no resource was recognised in its paths"
        hidden = len(found) - _MOST_SHOWN
        more = [f"{hidden} more (mockserver routes --stateful)"] if hidden > 0 else []
        return f"{api} keeps {', '.join([*found[:_MOST_SHOWN], *more])}"


@dataclass(frozen=True, slots=True)
class Api:
    """One API, ready to be served."""

    name: str
    title: str
    version: str
    description: str
    servers: tuple[ServerAddress, ...]
    operations: tuple[Operation, ...]
    settings: Mapping[str, Setting]
    collections: Mapping[str, CollectionSpec]
    fixtures: tuple[Fixture, ...]
    errors: Mapping[str, ErrorAnswer]
    schemes: Mapping[str, SecurityScheme]
    source: Source
    recognised: Recognised | None = None
    pages: tuple[Operation, ...] = ()
    """Pages of the mock itself that messages link to, below the API's name."""
    document: Callable[[], dict[str, JsonValue]] = dict
    """Returns the whole OpenAPI document, after its overlays and without `x-mock`."""
    unserved: tuple[Unserved, ...] = ()
    problems: tuple[SpecProblem, ...] = ()
    switches: tuple[ProblemSwitch, ...] = ()
    """What `x-mock-ignore` turns off."""
    ignored: tuple[IgnoredProblem, ...] = ()
    """Problems of the parts that are not served, in no order."""
