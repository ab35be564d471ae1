"""What a call of the control API is: declared once, then routed, checked and documented from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from mockserver.base.errors import SandboxFullError
from mockserver.base.json import JsonValue
from mockserver.base.problems import near
from mockserver.base.time import Instant
from mockserver.control.listeners import Listeners
from mockserver.control.problem_responses import JSON, ControlError
from mockserver.engine.pipeline import Engine
from mockserver.engine.records import Collection
from mockserver.engine.sandbox import BAD_SANDBOX_NAME, DEFAULT_SANDBOX, SANDBOX_NAME, Sandbox
from mockserver.model.api import Api

MOST_SHOWN = 1_000
"""Items of a list that one answer shows."""
_LARGEST_NUMBER = 999_999_999
SANDBOX_SCHEMA: JsonValue = {"type": "string", "pattern": f"^{SANDBOX_NAME.pattern}$"}


class Body(BaseModel):
    """The base of what calls read: nothing is converted, and nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """The base of query parameters; their texts are converted."""

    model_config = ConfigDict(extra="forbid")


class InSandbox(Query):
    """A call about one sandbox."""

    sandbox: Annotated[str, WithJsonSchema(SANDBOX_SCHEMA)] | None = Field(
        None, description="The sandbox; else that of the header `Mock-Sandbox`, else `default`."
    )


def _whole(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_NUMBER)):
        return int(text)
    raise ValueError("must be a whole number, not below 0")


Whole = Annotated[
    int,
    BeforeValidator(_whole),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _LARGEST_NUMBER}),
]


class Paged(InSandbox):
    """A call that lists things."""

    limit: Whole = Field(MOST_SHOWN, description=f"Most items to show; {MOST_SHOWN:,} at most are.")
    offset: Whole = Field(0, description="Items to leave out before the first that is shown.")

    def page(self, items: list[Any]) -> list[Any]:
        """Return the items that were asked for."""
        return items[self.offset : self.offset + min(self.limit, MOST_SHOWN)]


class Ordered(Paged):
    """A call that lists things in the order in which they came."""

    order: Literal["oldest", "newest"] = Field("oldest", description="Which come first.")

    def page(self, items: list[Any]) -> list[Any]:
        """Return the items that were asked for, in the order that was asked for."""
        return super().page(items if self.order == "oldest" else items[::-1])


_EXACT = 2**53
"""From here on not every whole number is one that JSON's readers agree on."""


def _without_fraction(number: JsonValue) -> JsonValue:
    is_whole = isinstance(number, float) and number.is_integer() and abs(number) < _EXACT
    return int(number) if is_whole else number


Integer = Annotated[int, BeforeValidator(_without_fraction)]
"""A whole number of a body, which JSON may also write as 1.0 or 1e3."""

Q = TypeVar("Q", bound=Query)
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Serving:
    """What all calls share."""

    engine: Engine
    calls: tuple["Call", ...]
    asks_token: bool = False
    listeners: Listeners = field(default_factory=Listeners)


@dataclass(frozen=True, slots=True)
class Ask(Generic[Q, B]):
    """One call that came in, read and checked."""

    serving: Serving
    system: Instant
    """What the system's clock shows."""
    origin: str
    """Where this server is reached, such as `http://127.0.0.1:8000`."""
    headers: Mapping[str, str]
    path: Mapping[str, str]
    query: Q
    body: B

    @property
    def engine(self) -> Engine:
        """The APIs and sandboxes."""
        return self.serving.engine

    @property
    def listeners(self) -> Listeners:
        """Those who are told what happens."""
        return self.serving.listeners

    def sandbox(self) -> Sandbox:
        """Return the sandbox that is asked about, made if it is new.

        Raises:
            ControlError: If there are as many as there may be.
        """
        return self.sandbox_named(self.sandbox_name())

    def sandbox_name(self) -> str:
        """Name the sandbox that is asked about; ControlError if what is given is no name."""
        query = self.query.sandbox if isinstance(self.query, InSandbox) else None
        given = [name for name in (query, self.headers.get("mock-sandbox")) if name is not None]
        for name in given:
            if not SANDBOX_NAME.fullmatch(name):
                raise ControlError(400, BAD_SANDBOX_NAME)
        return given[0] if given else DEFAULT_SANDBOX

    def sandbox_named(self, name: str) -> Sandbox:
        """Return a sandbox by its name; raises as `sandbox` does."""
        try:
            return self.engine.sandboxes.get(name)
        except ValueError as error:
            raise ControlError(400, str(error)) from None
        except SandboxFullError as error:
            raise ControlError(503, str(error)) from None

    def api(self) -> Api:
        """Return the API that the path names; ControlError if it is not served."""
        name = self.path["api"]
        if name not in self.engine.apis:
            missing(f"there is no API {name[:100]!r}", name, self.engine.apis)
        return self.engine.apis[name]

    def now(self, sandbox: Sandbox) -> Instant:
        """Tell what a sandbox's clock shows."""
        return sandbox.clock.now(self.system)

    def collection(self) -> Collection:
        """Return the collection that the path names; ControlError if there is none."""
        api, sandbox = self.api(), self.sandbox()
        store, name = sandbox.store(api.name, self.now(sandbox)), self.path["collection"]
        if name not in store:
            known = {collection.spec.name: None for collection in store}
            missing(f"{api.name} has no collection {name[:100]!r}", name, known)
        return store.collection(name)


def missing(sentence: str, name: str, known: Mapping[str, object]) -> NoReturn:
    """Say that there is no such thing, which one was meant, and which there are."""
    advice = near(name[:100], known)
    listed = f"there are: {', '.join(known)}" if known else "there is none"
    raise ControlError(404, f"{sentence}; {advice + ' ' if advice else ''}{listed}")


@dataclass(frozen=True, slots=True)
class Created:
    """A result that is answered with 201."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class RawContent:
    """A result that is not JSON."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the control API."""

    method: str
    path: str
    """Below `/_mock`, as Starlette writes paths: `/records/{api}/{key:path}`."""
    id: str
    tag: str
    summary: str
    do: Callable[[Ask[Any, Any]], Any]
    """Returns the result: JSON, `Created`, `Content`, or None for an answer without a body."""
    query: type[Query] = InSandbox
    body: Any = None
    """The type of the JSON that is read; None if none is."""
    body_example: JsonValue = None
    reads_own: bool = False
    """Whether the body is what this server wrote: larger, and with whatever its records hold."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that it reads, and what each means."""
    result: Any = None
    """The type of the JSON that is answered; None if the answer has no body."""
    result_example: JsonValue = None
    statuses: tuple[int, ...] = (200,)
    problems: tuple[int, ...] = ()
    """Statuses of problems, beside those that its query and body bring with them."""
    media_type: str = JSON
    tells: str = ""
    """What of the sandbox it changes, as those who listen are told."""
    description: str = ""

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return self.path.replace(":path}", "}")
