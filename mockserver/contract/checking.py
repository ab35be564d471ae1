"""Checks documents and interactions without a server: everything that is wrong, with its place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import Severity, SpecProblem, in_reading_order
from mockserver.contract.conformance import Contract
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.interactions import PlacedInteraction
from mockserver.contract.request_writing import fill
from mockserver.contract.variables import UnsetPlaceholderError, Variables
from mockserver.engine.answer_check import examine
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import Api, Operation
from mockserver.model.contents import Validator
from mockserver.model.refusal import Violation

DOCUMENT = "document"
INTERACTION = "interaction"
_FIRST_ERROR_STATUS = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, and the rule that it breaks."""

    rule: str
    """document or interaction."""
    problem: SpecProblem

    @property
    def source(self) -> Source:
        """Where it is."""
        return self.problem.source

    @property
    def is_error(self) -> bool:
        """It is more than a part that is left out."""
        return self.problem.severity is Severity.ERROR


@dataclass(slots=True)
class CheckResult:
    """What was read, and everything that is wrong with it."""

    apis: list[Api] = field(default_factory=list)
    interactions: dict[str, int] = field(default_factory=dict)
    """How many an API has."""
    findings: list[Finding] = field(default_factory=list)
    problems: dict[str, list[SpecProblem]] = field(default_factory=dict)
    """What an API's document has wrong and is served without."""
    skipped: Sequence[str] = ()
    """Files that are no documents."""

    @property
    def has_errors(self) -> bool:
        """Something is wrong that the rest cannot do without."""
        return any(finding.is_error for finding in self.findings)

    @property
    def is_refused(self) -> bool:
        """The documents cannot be served."""
        return any(one.is_error and one.rule == DOCUMENT for one in self.findings)


def check(load: Callable[[], Sequence[Api]], *, strict: bool = False) -> CheckResult:
    """Load documents with what belongs to them, and the interactions of their APIs.

    Args:
        load: Loads the documents.
        strict: What is found in documents that were loaded is an error, too.
    """
    checked = CheckResult()
    try:
        checked.apis = list(load())
    except SpecError as error:
        checked.findings = [Finding(DOCUMENT, problem) for problem in error.problems]
    for api in checked.apis:
        checked.problems[api.name] = [*api.problems, *dict.fromkeys(examine(api))]
    left_out = in_reading_order(one for problems in checked.problems.values() for one in problems)
    severity = Severity.ERROR if strict else Severity.WARNING
    checked.findings += [Finding(DOCUMENT, replace(one, severity=severity)) for one in left_out]
    for api in checked.apis:
        try:
            found = load_interactions(api)
        except SpecError as error:
            checked.findings += [Finding(INTERACTION, problem) for problem in error.problems]
            continue
        checked.interactions[api.name] = len(found)
        problems = interaction_problems(api, found)
        checked.findings += [Finding(INTERACTION, problem) for problem in problems]
    return checked


def interaction_problems(api: Api, found: Sequence[PlacedInteraction]) -> Iterator[SpecProblem]:
    """Yield where interactions contradict the schemas of their document."""
    contract, answers = Contract(api), expected_answers(found)
    for placed in found:
        yield from contradictions(contract, placed, answers)


def expected_answers(found: Sequence[PlacedInteraction]) -> dict[str, JsonValue]:
    """Return the bodies that interactions expect, by name: what references lead into."""
    return {one.name: one.interaction.answer.json_body for one in found}


def contradictions(
    contract: Contract, placed: PlacedInteraction, answers: Mapping[str, JsonValue]
) -> Iterator[SpecProblem]:
    """Yield where one interaction contradicts the schemas of its document."""
    operation = contract.operation_of(placed.interaction)
    if placed.interaction.answer.status < _FIRST_ERROR_STATUS:
        yield from _request_problems(contract, placed, answers)
    yield from _answer_problems(operation, placed)


def _request_problems(
    contract: Contract, placed: PlacedInteraction, answers: Mapping[str, JsonValue]
) -> Iterator[SpecProblem]:
    """Check a request that is expected to be granted."""
    try:
        request = fill(placed.interaction.request, Variables({}, answers=dict(answers)))
    except UnsetPlaceholderError:
        return  # what only the environment or an answer can say is known when it is sent
    for violation in contract.request_violations(request.as_request()):
        part = "json" if violation.where == "body" else violation.where
        source = placed.source.child("request", part)
        yield SpecProblem(_descend(source, violation.pointer), _message(violation), "as documented")


def _answer_problems(operation: Operation, placed: PlacedInteraction) -> Iterator[SpecProblem]:
    """Check the answer to expect; it may leave members out."""
    answer, source = placed.interaction.answer, placed.source.child("answer")
    documented = response_for(operation, answer.status)
    if documented is None:
        if not answer.undocumented:
            known = ", ".join(response.status for response in operation.responses)
            message = f"{operation.id} documents no status {answer.status}"
            hint = f"it has: {known}; or say `undocumented: true`"
            yield SpecProblem(source.child("status"), message, hint)
        return
    schemas = [
        media.schema
        for media in documented.media
        if media.schema is not None and not media.is_stream
    ]
    if answer.has_json and schemas:
        for violation in _fewest_violations(schemas, answer.json_body):
            place = _descend(source.child("json"), violation.pointer)
            yield SpecProblem(place, _message(violation), "as documented")


def _fewest_violations(validators: Sequence[Validator], value: JsonValue) -> list[Violation]:
    """Return what the most lenient schema finds wrong with a value that may be incomplete."""
    each = [
        [one for one in validator.violations(value) if one.keyword != "required"]
        for validator in validators
    ]
    return min(each, key=len)


def _message(violation: Violation) -> str:
    return f"{violation.field} {violation.message}"


def _descend(source: Source, pointer: str) -> Source:
    return Source(source.file, source.pointer + pointer, source.locate)
