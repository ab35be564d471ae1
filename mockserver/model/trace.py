"""Define the decisions about a request, and turn each into a sentence and into JSON.

`engine/pipeline.py`, `engine/limits.py`, `engine/fault_injection.py` and the programs of steps
append them to `Exchange.trace`; a step appends a plain tuple, which costs less. `decisions`
completes such a trace when `control/exchange_views.py` or `cli/explain_command.py` reads it: it
makes the tuples `StepTaken`, and adds `Matched` and remarks at the start. `as_json` returns one
with its sentence and place, for the control API. Nothing is decided here, no value is redacted.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

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
    """When the subject has its full limit again, if it makes no more requests."""
    passes_at: Instant
    """When the next request is allowed; the current instant if it is allowed now."""


class Matched(NamedTuple):
    """The operation that matches the request's method and path."""

    operation: Operation

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        own = self.operation
        resource = f", resource {own.resource}" if own.resource else ""
        return f"matched {own.method} {own.path} ({own.id}){resource}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.operation.source

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"operation": self.operation.id}


class Authenticated(NamedTuple):
    """The security schemes that the request satisfied."""

    alternative: tuple[SchemeUse, ...]
    principal: Record | None
    ignored: tuple[tuple[str, str], ...] = ()
    """The schemes whose credentials were ignored, and why."""

    @property
    def who(self) -> str:
        """The id or label of the credential's owner; empty if there is no owner."""
        if self.principal is None:
            return ""
        owners = self.alternative[0].scheme.principals
        name = self.principal.get("id") or self.principal.get(owners.label if owners else "")
        return str(name or "")

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        ignored = "".join(
            f"; the credential for {name} was ignored: {why}" for name, why in self.ignored
        )
        if not self.alternative:
            return f"no credential is needed{ignored}"
        schemes = " and ".join(use.scheme.name for use in self.alternative)
        return f"authenticated by {schemes} as {self.who or 'anybody'}{ignored}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        schemes = [use.scheme.name for use in self.alternative]
        ignored = [name for name, _ in self.ignored]
        return {"schemes": schemes, "principal": self.who, "ignored": ignored}


class RateLimited(NamedTuple):
    """A hit on a rate limit."""

    limit: RateLimit
    subject: str
    decision: LimitDecision

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        name, decision = self.limit.name, self.decision
        whose = f" for {self.subject}" if self.subject else ""
        if decision.allowed:
            return f"rate limit {name}{whose}: {decision.remaining} of {decision.limit} left"
        until = format_instant(decision.passes_at)
        return f"rate limit {name}{whose}: all {decision.limit} used until {until}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.limit.source

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {
            "name": self.limit.name,
            "limit": self.decision.limit,
            "remaining": self.decision.remaining,
            "resets_at": format_instant(self.decision.resets_at),
        }


class LimitNotApplied(NamedTuple):
    """A rate limit does not apply to the request, because its subject is null."""

    limit: RateLimit

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        return f"rate limit {self.limit.name} does not apply: its `per` is null for this request"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.limit.source

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"name": self.limit.name}


class FaultInjected(NamedTuple):
    """A fault of the sandbox was applied to the request."""

    fault: str
    what: str
    because: str

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        return f"fault {self.fault}: {self.what}; {self.because}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"fault": self.fault, "effect": self.what, "because": self.because}


class Validated(NamedTuple):
    """The result of the validation of the request."""

    violations: int

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        if not self.violations:
            return "parameters and body conform to the document"
        return f"{self.violations} violations of the document"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"violations": self.violations}


class Remarked(NamedTuple):
    """A remark on a request that does not affect its answer."""

    remark: str

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        return self.remark

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {}


class TestValueMet(NamedTuple):
    """A documented magic input was found in the request."""

    value: str
    effect: str
    where: Source

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        return f"test value {self.value!r}: {self.effect}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.where

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"value": self.value, "effect": self.effect}


class StepTaken(NamedTuple):
    """The outcome of a step; `details` are the values for the names in the step's `details`."""

    step: Step
    outcome: str
    details: tuple[JsonValue, ...] = ()

    def named(self) -> dict[str, JsonValue]:
        """Return the details by name, after the collection if there is one."""
        collection = self.step.collection
        own = {} if collection is None else {"collection": collection}
        return {**own, **dict(zip(self.step.details, self.details, strict=False))}

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        details = ", ".join(f"{name} {value}" for name, value in self.named().items())
        verb = self.step.verb
        return f"{verb}: {self.outcome}" + (f" ({details})" if details else "")

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.step.source

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"verb": self.step.verb, "outcome": self.outcome, **self.named()}


class Refused(NamedTuple):
    """The request was refused, and its changes were rolled back."""

    kind: str
    message: str
    where: Source | None
    passes_at: int | None
    advice: str = ""

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        later = f"; passes at {format_instant(self.passes_at)}" if self.passes_at else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"refused as {self.kind}: {self.message}{later}{advice}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.where

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        passes = format_instant(self.passes_at) if self.passes_at else None
        return {"kind": self.kind, "message": self.message, "passes_at": passes}


class BrokenSchema(NamedTuple):
    """A documented answer does not conform to its own schema."""

    violations: tuple[Violation, ...]

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        listed = "; ".join(f"{item.field} {item.message}" for item in self.violations[:3])
        more = f" (and {len(self.violations) - 3} more)" if len(self.violations) > 3 else ""  # noqa: PLR2004 - the number listed
        return f"the answer breaks its own schema: {listed}{more}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return None

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {
            "violations": [
                {"pointer": item.pointer, "keyword": item.keyword, "message": item.message}
                for item in self.violations
            ]
        }


class Answered(NamedTuple):
    """The chosen answer, and the reason."""

    status: int
    because: str
    place: Source | None = None

    def sentence(self) -> str:
        """Return the decision as a sentence."""
        return f"answered {self.status}: {self.because}"

    def source(self) -> Source | None:
        """Return the place in the document that caused the decision, or None."""
        return self.place

    def data(self) -> Mapping[str, Any]:
        """Return the decision's own members for JSON."""
        return {"status": self.status, "because": self.because}


Decision = (
    Matched
    | Remarked
    | Authenticated
    | RateLimited
    | LimitNotApplied
    | FaultInjected
    | Validated
    | TestValueMet
    | StepTaken
    | Refused
    | BrokenSchema
    | Answered
)


Entry = Decision | tuple[Any, ...]
"""An entry of a trace; a `StepTaken` is kept as a plain tuple until it is read."""


def decisions(
    operation: Operation | None, trace: Iterable[Entry], request: Request | None = None
) -> list[Decision]:
    """Return the decisions about a request in order, starting with the matched operation."""
    first: list[Decision] = [] if operation is None else [Matched(operation)]
    if operation is not None and request is not None:
        first += map(Remarked, _remarks(operation, request))
    return first + [
        StepTaken(*entry) if type(entry) is tuple else entry  # type: ignore[misc] # the fields of a StepTaken
        for entry in trace
    ]


def _remarks(operation: Operation, request: Request) -> Iterator[str]:
    """Yield remarks on deprecated and undeclared parts of a request."""
    if operation.deprecated:
        yield f"{operation.method} {operation.path} is deprecated"
    uses = [use for alternative in operation.security for use in alternative]
    keys = {use.scheme.parameter for use in uses if use.scheme.location == "query"}
    if operation.parameters is not None:
        if operation.ignored and request.query:
            yield from _ignored(operation, request)
        yield from operation.parameters.remarks(request.query, request.headers, keys)
    elif request.query and not keys:
        yield "the query is not declared; it is accepted"


def _ignored(operation: Operation, request: Request) -> Iterator[str]:
    """Yield a remark for each parameter of a request that the inferred steps ignore."""
    sent = {unquote_plus(part.partition("=")[0]) for part in request.query.split("&", 1_000)}
    for name in operation.ignored:
        if name in sent or f"{name}[]" in sent:
            yield f"query parameter {name} has no effect on the records"


def as_json(decision: Decision) -> dict[str, Any]:
    """Return a decision for JSON, with its sentence and its place in the document."""
    source = decision.source()
    return {
        "what": type(decision).__name__,
        "sentence": decision.sentence(),
        "source": str(source) if source else None,
        "pointer": source.pointer if source else None,
        **decision.data(),
    }
