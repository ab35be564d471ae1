"""Verify a service: replay interactions, and compare the answers with them and with the document.

`cli/verify_command.py` calls `Verification.run` (`unreachable_run` if there is no service): a
`VerificationRun` with an `Outcome` each. One that cannot be sent has failed, one that the service
cannot or must not get is skipped; the others go on. On a mockserver each has its own sandbox, a
group one in the state of its first. A real service never gets an interaction's defaults, nor writes
unless allowed. Added headers never supply a credential that a request lacks on purpose. The first
difference of a place counts; its values are not redacted here: the reports do it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.base.json import JsonValue
from mockserver.contract.addresses import OtherServiceError
from mockserver.contract.answer_comparison import (
    ABSENT,
    Difference,
    Rules,
    as_json,
    matches,
)
from mockserver.contract.conformance import Contract, ReceivedAnswer, answer_differences
from mockserver.contract.header_fields import is_same_header
from mockserver.contract.interactions import (
    AnswerPart,
    Interaction,
    PlacedInteraction,
    ValuePattern,
)
from mockserver.contract.request_writing import fill
from mockserver.contract.secret_hiding import without_secrets
from mockserver.contract.targets import Target, TargetError
from mockserver.contract.variables import UnsetPlaceholderError, Variables
from mockserver.contract.verification_outcomes import Outcome, Verdict, VerificationRun
from mockserver.model.api import Api, Operation
from mockserver.model.refusal import Refusal

_MAX_EXCERPT = 100_000
"""Characters of an answer in a difference; reports remove secrets first, and then show fewer."""


@dataclass(slots=True)
class Verification:
    """Replays the interactions of an API against one service."""

    target: Target
    interactions: Sequence[PlacedInteraction]
    variables: Variables
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers to add to the requests; names in lower case."""
    allow_writes: bool = False
    """Send requests that may change data even if the service is not a mockserver."""
    on_outcome: Callable[[Outcome], None] = lambda _verify: None
    """Called with each outcome as soon as it is known."""
    _sandboxes: dict[str, str | None] = field(default_factory=dict)
    """Names of shared sandboxes, by group."""
    _contract: Contract = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the lookup of operations."""
        self._contract = Contract(self.target.api)

    def run(self, only: str | None = None) -> VerificationRun:
        """Replay all interactions, or those with a tag."""
        run = VerificationRun(self.target.api.name, self.target.address)
        self.variables.defaults = self.target.is_mock
        try:
            for placed in self.interactions:
                if only is None or only in placed.interaction.tags:
                    outcome = self._verify(placed, self._contract.operation_of(placed.interaction))
                    run.outcomes.append(outcome)
                    self.on_outcome(outcome)
        finally:
            self._delete_sandboxes(list(self._sandboxes.values()))
        return run

    def _verify(self, placed: PlacedInteraction, operation: Operation) -> Outcome:
        if reason := self._skip_reason(placed.interaction):
            return Outcome(placed, operation, Verdict.SKIPPED, reason=reason)
        try:
            answer = self._replay(placed)
        except (UnsetPlaceholderError, TargetError) as error:
            return Outcome(placed, operation, Verdict.FAILED, reason=str(error))
        found = tuple(_first_per_place(_differences(operation, placed.interaction.answer, answer)))
        verdict = Verdict.DRIFTED if found else Verdict.AGREES
        return Outcome(placed, operation, verdict, found, seconds=answer.seconds)

    def _skip_reason(self, interaction: Interaction) -> str:
        """Return the reason why an interaction cannot be replayed; empty if it can."""
        if self.target.is_mock:
            return ""
        needed = [interaction, *(self._named(name) for name in interaction.given.after)]
        try:
            for one in needed:
                self.target.addresses.base_of(self._contract.operation_of(one))
        except OtherServiceError as error:
            return str(error)
        if any(one.given.needs_mock for one in needed):
            return "it needs a prepared state, which only a mockserver supports"
        if not self.allow_writes and any(one.changes_data for one in needed):
            return "it may change data; send it with --allow-writes"
        return ""

    def _replay(self, placed: PlacedInteraction) -> ReceivedAnswer:
        """Prepare the state of an interaction, and send its request."""
        given = placed.interaction.given
        sandbox = self._sandbox(placed)
        try:
            if not placed.group:
                self.variables.answers = {}
            for name in given.after:
                self._send(self._named(name), sandbox)
            if given.advance is not None and sandbox is not None:
                self.target.advance(sandbox, given.advance)
            return self._send(placed.interaction, sandbox)
        finally:
            if not placed.group:
                self._delete_sandboxes([sandbox])

    def _sandbox(self, placed: PlacedInteraction) -> str | None:
        if not placed.group:
            return self.target.create_sandbox(placed.interaction.given)
        if placed.group not in self._sandboxes:
            self._sandboxes[placed.group] = self.target.create_sandbox(placed.interaction.given)
        return self._sandboxes[placed.group]

    def _send(self, interaction: Interaction, sandbox: str | None) -> ReceivedAnswer:
        request = fill(interaction.request, self.variables, self._headers(interaction))
        answer = self.target.send(request, self._contract.operation_of(interaction), sandbox)
        self.variables.answers[interaction.name] = _referenceable(answer)
        return answer

    def _headers(self, interaction: Interaction) -> dict[str, str]:
        """Return the headers to add, without credentials that the request lacks on purpose."""
        schemes = self.target.api.schemes.values()
        credentials = {scheme.parameter for scheme in schemes if scheme.location == "header"}
        own = {name.lower() for name in interaction.request.headers}
        return {k: v for k, v in self.headers.items() if k in own or k not in credentials}

    def _named(self, name: str) -> Interaction:
        return next(one.interaction for one in self.interactions if one.name == name)

    def _delete_sandboxes(self, sandboxes: Sequence[str | None]) -> None:
        for sandbox in sandboxes:
            if sandbox is not None:
                self.target.delete_sandbox(sandbox)


def unreachable_run(
    api: Api,
    address: str,
    interactions: Sequence[PlacedInteraction],
    reason: str,
    only: str | None = None,
) -> VerificationRun:
    """Return the run of a service that cannot be reached: all interactions failed."""
    contract = Contract(api)
    return VerificationRun(
        api.name,
        address,
        [
            Outcome(one, contract.operation_of(one.interaction), Verdict.FAILED, reason=reason)
            for one in interactions
            if only is None or only in one.interaction.tags
        ],
    )


def _referenceable(answer: ReceivedAnswer) -> JsonValue:
    """Return the value to which later requests can refer: the JSON body, else the headers.

    In the latter case, `location` has the query parameters of the Location header.
    """
    if answer.is_json:
        try:
            return answer.json()
        except Refusal:
            return None
    return {"headers": dict(answer.headers), "location": answer.location_parameters}


def _first_per_place(differences: Iterator[Difference]) -> Iterator[Difference]:
    """Yield only the first difference of each place."""
    seen: set[str] = set()
    for difference in differences:
        if difference.place not in seen:
            seen.add(difference.place)
            yield difference


def _differences(
    operation: Operation, expected: AnswerPart, answer: ReceivedAnswer
) -> Iterator[Difference]:
    if answer.status != expected.status:
        found = f"{answer.status} {_excerpt(answer)}".strip()
        yield Difference("status", "", str(expected.status), found, "equal")
        return
    if not expected.undocumented:
        yield from answer_differences(operation, answer)
    yield from _header_differences(expected, answer)
    yield from _body_differences(expected, answer)


def _excerpt(answer: ReceivedAnswer) -> str:
    try:
        text = as_json(without_secrets(answer.json()))
    except Refusal:
        text = answer.body.decode("utf-8", "replace")
    return text[:_MAX_EXCERPT]


def _header_differences(expected: AnswerPart, answer: ReceivedAnswer) -> Iterator[Difference]:
    for name, rule in expected.headers.items():
        value = answer.header(name.lower())
        found = ABSENT if value is None else value
        if isinstance(rule, ValuePattern):
            if value is None or not matches(rule.pattern, value):
                words = f"text matching {rule.pattern}"
                yield Difference("header", name.lower(), words, found, "pattern")
        elif value is None or not is_same_header(name.lower(), rule, value):
            yield Difference("header", name.lower(), rule, found, "equal")


def _body_differences(expected: AnswerPart, answer: ReceivedAnswer) -> Iterator[Difference]:
    if expected.text is not None:
        text = answer.body.decode("utf-8", "replace")
        if text != expected.text:
            yield Difference("body", "", as_json(expected.text), text, "equal")
    if not expected.has_json:
        return
    try:
        value = answer.json()
    except Refusal as refusal:
        yield Difference("body", "", f"JSON ({refusal.message})", _excerpt(answer), "equal")
        return
    yield from Rules(expected.compare).compare(expected.json_body, value)
