"""Define `Call`, the declaration of a call, the types of queries and bodies, and what handlers get.

The modules `*_calls.py` declare a `Call` for each handler; `adapter.py` routes by it and makes the
`ControlRequest` that the handler gets, and `openapi_document.py` documents it. `ControlRequest`
finds sandbox, API and collection of a request, or raises `ControlError`: 404 with known names
(`raise_not_found`), 400 for the name of a sandbox, 503 for one too many. Handlers return JSON,
`Created` (201), `RawContent`, an event stream, or None (204). A call that only reads creates no
sandbox, except `default`. A list has at most `MAX_ITEMS` items.
"""

from collections.abc import Callable, Iterable, Mapping, Reversible
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any, Generic, Literal, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from mockserver.base.asgi import CONTROL_PREFIX
from mockserver.base.errors import SandboxFullError
from mockserver.base.json import JsonValue
from mockserver.base.problems import near
from mockserver.base.time import Instant
from mockserver.control.listeners import Listeners
from mockserver.control.problem_responses import JSON, ControlError
from mockserver.engine.memory_estimates import SMALL_BODY
from mockserver.engine.pipeline import Engine
from mockserver.engine.records import Collection, Transaction
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.engine.sandboxes import BAD_SANDBOX_NAME, SANDBOX_NAME
from mockserver.model.api import Api
from mockserver.model.control_entry import NOT_SENT, SentCall

MAX_ITEMS = 1_000
"""Items of a list in one answer."""
_MAX_NUMBER = 999_999_999
SANDBOX_SCHEMA: JsonValue = {"type": "string", "pattern": f"^{SANDBOX_NAME.pattern}$"}


class Body(BaseModel):
    """Base of JSON bodies: no value is converted, unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """Base of query parameters: texts are converted, unknown parameters are errors."""

    model_config = ConfigDict(extra="forbid")


class SandboxQuery(Query):
    """Query of a call about one sandbox."""

    sandbox: Annotated[str, WithJsonSchema(SANDBOX_SCHEMA)] | None = Field(
        None,
        description="Name of the sandbox; else that of the header `Mock-Sandbox`, else `default`.",
    )


def _non_negative(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_NUMBER)):
        return int(text)
    raise ValueError("must be a whole number, 0 or more")


NonNegativeInteger = Annotated[
    int,
    BeforeValidator(_non_negative),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _MAX_NUMBER}),
]


class PageQuery(SandboxQuery):
    """Query of a call that returns a list."""

    limit: NonNegativeInteger = Field(
        MAX_ITEMS, description=f"Largest number of items to return; at most {MAX_ITEMS:,}."
    )
    offset: NonNegativeInteger = Field(0, description="Number of items to skip.")

    def window(self) -> tuple[int, int]:
        """Return the positions of the first item, and of the one after the last."""
        return self.offset, self.offset + min(self.limit, MAX_ITEMS)

    def page(self, items: Iterable[Any]) -> list[Any]:
        """Return the requested part of a list, or of another source, which is not read further."""
        return list(islice(items, *self.window()))


class OrderedPageQuery(PageQuery):
    """Query of a call that returns a list in order of time."""

    order: Literal["oldest", "newest"] = Field("oldest", description="Which items come first.")

    def page(self, items: Reversible[Any]) -> list[Any]:  # type: ignore[override] # it needs both ends
        """Return the requested part of a list, in the requested order."""
        return super().page(items if self.order == "oldest" else reversed(items))


_MAX_EXACT_INTEGER = 2**53
"""Above it, JSON readers disagree about whole numbers (RFC 8259, section 6)."""


def _without_fraction(number: JsonValue) -> JsonValue:
    is_whole = (
        isinstance(number, float) and number.is_integer() and abs(number) < _MAX_EXACT_INTEGER
    )
    return int(number) if is_whole else number


WITHOUT_FRACTION = BeforeValidator(_without_fraction)
"""Reads a whole number that JSON writes as 1.0 or 1e3. Bounds go before it: `Annotated[int,
Field(ge=0), WITHOUT_FRACTION]`; after it, the OpenAPI document would not show them."""
Integer = Annotated[int, WITHOUT_FRACTION]
"""Whole number of a body."""
Count = Annotated[int, Field(ge=0), WITHOUT_FRACTION]
"""Whole number of a body, 0 or more."""

Q = TypeVar("Q", bound=Query)
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class ControlContext:
    """What all calls of a control API share."""

    engine: Engine
    calls: tuple["Call", ...]
    requires_token: bool = False
    listeners: Listeners = field(init=False)

    def __post_init__(self) -> None:
        """Let readers of events know calls of other processes by what they change."""
        listeners = Listeners({call.id: call.changes for call in self.calls})
        object.__setattr__(self, "listeners", listeners)


@dataclass(frozen=True, slots=True)
class ControlRequest(Generic[Q, B]):
    """A request to the control API, read and checked."""

    context: ControlContext
    system: Instant
    """The current time, not that of a sandbox."""
    origin: str
    """URL of this server as the client addresses it, such as `http://127.0.0.1:8000`."""
    headers: Mapping[str, str]
    path: Mapping[str, str]
    query: Q
    body: B
    sent: SentCall = NOT_SENT
    may_create: bool = True
    """True if a sandbox that does not exist is created."""
    writes: Transaction = field(init=False)
    """What the call changes in its sandbox; all of it is undone if the call fails."""

    def __post_init__(self) -> None:
        """Begin a transaction."""
        writes = Transaction(
            lambda place: self.sandbox().collection(place),
            is_large=len(self.sent.body) > SMALL_BODY,
        )
        object.__setattr__(self, "writes", writes)

    @property
    def engine(self) -> Engine:
        """The engine, with its APIs and sandboxes."""
        return self.context.engine

    @property
    def listeners(self) -> Listeners:
        """The readers of event streams."""
        return self.context.listeners

    def sandbox(self) -> Sandbox:
        """Return the sandbox of the request.

        If it does not exist, a call that changes something creates it.

        Raises:
            ControlError: If its name is invalid, if a call that reads names a sandbox that does not
                exist, or if there are too many sandboxes.
        """
        return self.sandbox_named(self.sandbox_name())

    def sandbox_name(self) -> str:
        """Return the name of the sandbox of the request; ControlError if it is invalid."""
        query = self.query.sandbox if isinstance(self.query, SandboxQuery) else None
        given = [name for name in (query, self.headers.get("mock-sandbox")) if name is not None]
        for name in given:
            if not SANDBOX_NAME.fullmatch(name):
                raise ControlError(400, BAD_SANDBOX_NAME)
        return given[0] if given else DEFAULT_SANDBOX

    def sandbox_named(self, name: str) -> Sandbox:
        """Return a sandbox by name; creates and raises as `sandbox`."""
        known = self.engine.sandboxes
        if not self.may_create and name != DEFAULT_SANDBOX and name not in known:
            existing = dict.fromkeys([DEFAULT_SANDBOX, *known.names()])
            raise_not_found(_no_sandbox(name), name, existing)
        try:
            return known.get(name, self.system)
        except ValueError as error:
            raise ControlError(400, str(error)) from None
        except SandboxFullError as error:
            raise ControlError(503, str(error)) from None

    def api(self) -> Api:
        """Return the API in the path; ControlError if there is none."""
        name = self.path["api"]
        if name not in self.engine.apis:
            raise_not_found(f"there is no API {name[:100]!r}", name, self.engine.apis)
        return self.engine.apis[name]

    def now(self, sandbox: Sandbox) -> Instant:
        """Return the time of a sandbox."""
        return sandbox.now(self.system)

    def collection(self) -> Collection:
        """Return the collection in the path; ControlError if there is none."""
        api, sandbox = self.api(), self.sandbox()
        store, name = sandbox.store(api.name), self.path["collection"]
        if name not in store:
            known = {collection.spec.name: None for collection in store}
            raise_not_found(f"{api.name} has no collection {name[:100]!r}", name, known)
        return store.collection(name)


def _no_sandbox(name: str) -> str:
    return (
        f"there is no sandbox {name!r}; a request to an API in it creates it, "
        f"as does PUT {CONTROL_PREFIX}/sandboxes/{name}"
    )


_MOST_NAMES = 30
"""Known names that a 404 lists."""


def raise_not_found(sentence: str, name: str, known: Mapping[str, object]) -> NoReturn:
    """Raise a 404 with a similar name, if there is one, and all known names.

    Args:
        sentence: What does not exist.
        name: The name in the request.
        known: The existing names, as keys.

    Raises:
        ControlError: Always.
    """
    advice = near(name[:100], known)
    names = list(known)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = f"there are: {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none"
    raise ControlError(404, f"{sentence}; {advice + ' ' if advice else ''}{listed}")


@dataclass(frozen=True, slots=True)
class Created:
    """Result that is answered with 201."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class RawContent:
    """Result that is not JSON."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """Declaration of a call of the control API."""

    method: str
    path: str
    """Path below `/_mock` in the notation of Starlette: `/records/{api}/{key:path}`."""
    id: str
    tag: str
    summary: str
    handler: Callable[[ControlRequest[Any, Any]], Any]
    """Function with the result: JSON, `Created`, `RawContent`, `EventStream`, or None (no body)."""
    query: type[Query] = SandboxQuery
    body: Any = None
    """Type of the JSON body; None if the call has none."""
    body_example: JsonValue = None
    body_optional: bool = False
    """True if the call may come without its body, which then is None."""
    reads: bool = False
    """True if a call by another method than GET creates no sandbox: it changes nothing, or only
    what the sandbox has."""
    reads_snapshot: bool = False
    """True if the body is a snapshot, which may be larger and nested deeper than other bodies."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of the request headers that the call reads, by name."""
    result: Any = None
    """Type of the result; None if the answer has no body."""
    result_example: JsonValue = None
    statuses: tuple[int, ...] = (200,)
    problems: tuple[int, ...] = ()
    """Statuses of problems, other than those that follow from its query and body."""
    media_type: str = JSON
    changes: str = ""
    """What the call changes in its sandbox, as event streams name it; empty if nothing."""
    description: str = ""

    @property
    def may_create(self) -> bool:
        """True if the call creates the sandbox that it names, if there is none."""
        return self.method != "GET" and not self.reads

    @property
    def template(self) -> str:
        """The path template, as OpenAPI writes it."""
        return self.path.replace(":path}", "}")
