"""The decisions made about a request, as data: why it got its answer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.time import Instant, format_instant
from mockserver.model.api import Operation, RateLimit, SchemeUse
from mockserver.model.messages import Request
from mockserver.model.refusal import Violation
from mockserver.model.scope import Record
from mockserver.model.steps import Step


class LimitDecision(NamedTuple):
    """The outcome of a hit on a rate limit."""

    allowed: bool
    limit: int
    remaining: int
    resets_at: Instant
    """When the subject has its whole allowance again, if it makes no more requests."""
    passes_at: Instant
    """When the next request would be allowed; now, if it would be at once."""


class Matched(NamedTuple):
    """The operation that the request's method and path lead to."""

    operation: Operation

    def sentence(self) -> str:
        """Say it in words."""
        own = self.operation
        resource = f", resource {own.resource}" if own.resource else ""
        return f"matched {own.method} {own.path} ({own.id}){resource}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return self.operation.source

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {"operation": self.operation.id}


class Authenticated(NamedTuple):
    """The security schemes that the request satisfied."""

    alternative: tuple[SchemeUse, ...]
    principal: Record | None

    @property
    def who(self) -> str:
        """Who the credential belongs to, in few words; empty for anybody."""
        if self.principal is None:
            return ""
        owners = self.alternative[0].scheme.principals
        name = self.principal.get("id") or self.principal.get(owners.label if owners else "")
        return str(name or "")

    def sentence(self) -> str:
        """Say it in words."""
        if not self.alternative:
            return "no credential is needed"
        schemes = " and ".join(use.scheme.name for use in self.alternative)
        return f"authenticated by {schemes} as {self.who or 'anybody'}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        schemes = [use.scheme.name for use in self.alternative]
        return {"schemes": schemes, "principal": self.who}


class RateLimited(NamedTuple):
    """A hit on a rate limit."""

    limit: RateLimit
    subject: str
    decision: LimitDecision

    def sentence(self) -> str:
        """Say it in words."""
        name, decision = self.limit.name, self.decision
        whose = f" for {self.subject}" if self.subject else ""
        if decision.allowed:
            return f"rate limit {name}{whose}: {decision.remaining} of {decision.limit} left"
        until = format_instant(decision.passes_at)
        return f"rate limit {name}{whose}: all {decision.limit} used until {until}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return self.limit.source

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {
            "name": self.limit.name,
            "limit": self.decision.limit,
            "remaining": self.decision.remaining,
            "resets_at": format_instant(self.decision.resets_at),
        }


class FaultInjected(NamedTuple):
    """A fault of the sandbox hit the request."""

    fault: str
    what: str
    because: str

    def sentence(self) -> str:
        """Say it in words."""
        return f"fault {self.fault}: {self.what}; {self.because}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {"fault": self.fault, "effect": self.what, "because": self.because}


class Validated(NamedTuple):
    """The outcome of comparing the request with the operation's description."""

    violations: int

    def sentence(self) -> str:
        """Say it in words."""
        if not self.violations:
            return "parameters and body conform to the document"
        return f"{self.violations} violations of the document"

    def source(self) -> Source | None:
        """Where the document says so."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {"violations": self.violations}


class Remarked(NamedTuple):
    """Something about a request that does not change its answer."""

    remark: str

    def sentence(self) -> str:
        """Say it in words."""
        return self.remark

    def source(self) -> Source | None:
        """Where the document says so."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {}


class TestValueMet(NamedTuple):
    """A documented magic input was recognised."""

    value: str
    effect: str
    where: Source

    def sentence(self) -> str:
        """Say it in words."""
        return f"test value {self.value!r}: {self.effect}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return self.where

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {"value": self.value, "effect": self.effect}


class StepTaken(NamedTuple):
    """What a step did; `details` are the values that the step's `details` name."""

    step: Step
    outcome: str
    details: tuple[JsonValue, ...] = ()

    def named(self) -> dict[str, JsonValue]:
        """Return the details under their names, beginning with the collection if there is one."""
        collection = self.step.collection
        own = {} if collection is None else {"collection": collection}
        return {**own, **dict(zip(self.step.details, self.details, strict=False))}

    def sentence(self) -> str:
        """Say it in words."""
        told = ", ".join(f"{name} {value}" for name, value in self.named().items())
        verb = self.step.verb
        return f"{verb}: {self.outcome}" + (f" ({told})" if told else "")

    def source(self) -> Source | None:
        """Where the document says so."""
        return self.step.source

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {"verb": self.step.verb, "outcome": self.outcome, **self.named()}


class Refused(NamedTuple):
    """The request was not granted, and nothing it did was kept."""

    kind: str
    message: str
    where: Source | None
    passes_at: int | None

    def sentence(self) -> str:
        """Say it in words."""
        later = f"; passes at {format_instant(self.passes_at)}" if self.passes_at else ""
        return f"refused as {self.kind}: {self.message}{later}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return self.where

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        passes = format_instant(self.passes_at) if self.passes_at else None
        return {"kind": self.kind, "message": self.message, "passes_at": passes}


class BrokenSchema(NamedTuple):
    """A documented answer does not conform to its own schema."""

    violations: tuple[Violation, ...]

    def sentence(self) -> str:
        """Say it in words."""
        told = "; ".join(f"{item.field} {item.message}" for item in self.violations[:3])
        more = f" (and {len(self.violations) - 3} more)" if len(self.violations) > 3 else ""  # noqa: PLR2004 - those shown
        return f"the answer breaks its own schema: {told}{more}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {
            "violations": [
                {"pointer": item.pointer, "keyword": item.keyword, "message": item.message}
                for item in self.violations
            ]
        }


class Answered(NamedTuple):
    """Which answer was chosen, and why."""

    status: int
    because: str
    place: Source | None = None

    def sentence(self) -> str:
        """Say it in words."""
        return f"answered {self.status}: {self.because}"

    def source(self) -> Source | None:
        """Where the document says so."""
        return self.place

    def data(self) -> Mapping[str, Any]:
        """Say it as JSON."""
        return {"status": self.status, "because": self.because}


Decision = (
    Matched
    | Remarked
    | Authenticated
    | RateLimited
    | FaultInjected
    | Validated
    | TestValueMet
    | StepTaken
    | Refused
    | BrokenSchema
    | Answered
)


Entry = Decision | tuple[Any, ...]
"""What a trace holds: the fields of a `StepTaken` stay a plain tuple until they are read."""


def decisions(
    operation: Operation | None, trace: Iterable[Entry], request: Request | None = None
) -> list[Decision]:
    """Return what was decided about a request, in order, from the match of its operation on."""
    first: list[Decision] = [] if operation is None else [Matched(operation)]
    if operation is not None and request is not None:
        first += map(Remarked, _remarks(operation, request))
    return first + [
        StepTaken(*entry) if type(entry) is tuple else entry  # type: ignore[misc] # a step's
        for entry in trace
    ]


def _remarks(operation: Operation, request: Request) -> Iterator[str]:
    """Say what a request uses that is deprecated or not declared; found out when it is read."""
    if operation.deprecated:
        yield f"{operation.method} {operation.path} is deprecated"
    uses = [use for alternative in operation.security for use in alternative]
    keys = {use.scheme.parameter for use in uses if use.scheme.location == "query"}
    if operation.parameters is not None:
        yield from operation.parameters.remarks(request.query, request.headers, keys)
    elif request.query and not keys:
        yield "the query is not declared; it is accepted"


def as_json(decision: Decision) -> dict[str, Any]:
    """Write a decision as JSON, with its sentence and its place in the document."""
    source = decision.source()
    return {
        "what": type(decision).__name__,
        "sentence": decision.sentence(),
        "source": str(source) if source else None,
        "pointer": source.pointer if source else None,
        **decision.data(),
    }
