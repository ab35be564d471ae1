"""Report how often each operation, status, example and parameter of a document was used.

- In: an API, and the counts that histories keep (`AnswerCounts`, `ParameterCounts`).
- Out: one `OperationCoverage` for each operation; `shares` adds them up by kind, as pairs of the
  used and the documented number.
- Caller: `control/coverage_calls.py`.
- It reads no exchanges: `history.py` and `parameter_counts.py` count them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mockserver.engine.documented_answers import response_for
from mockserver.engine.history import AnswerCounts
from mockserver.engine.parameter_counts import ParameterCounts
from mockserver.model.api import Api, Operation
from mockserver.model.contents import DocumentedResponse


@dataclass(slots=True)
class ExampleCoverage:
    """A documented example, and the number of answers with it."""

    name: str
    media_type: str
    seen: int = 0


@dataclass(slots=True)
class ResponseCoverage:
    """A documented status (also `4XX` or `default`), and the number of answers with it."""

    status: str
    examples: list[ExampleCoverage]
    seen: int = 0


@dataclass(slots=True)
class ParameterCoverage:
    """A documented parameter, and the number of requests with it."""

    where: str
    name: str
    seen: int = 0


@dataclass(slots=True)
class OperationCoverage:
    """The coverage of one operation."""

    operation: Operation
    responses: list[ResponseCoverage]
    parameters: list[ParameterCoverage] = field(default_factory=list)
    requests: int = 0
    undocumented: dict[int, int] = field(default_factory=dict)
    """Number of answers by status codes that are not documented."""
    failures: int = 0
    """Number of answers for a failure of the mock."""

    def examples(self) -> Iterator[ExampleCoverage]:
        """Yield the examples of all responses."""
        for response in self.responses:
            yield from response.examples


def coverage(
    api: Api, answers: AnswerCounts, parameters: ParameterCounts | None = None
) -> list[OperationCoverage]:
    """Return the coverage of every operation of an API, from the given counts."""
    found = {operation.id: _empty_coverage(operation) for operation in api.operations}
    for (name, key, status, example), count in answers.items():
        if name == api.name and key in found:
            _add(found[key], status, example, count)
    counts = {} if parameters is None else parameters.counts()
    for item in found.values():
        for one in item.parameters:
            known = (item.operation.parameters, one.where, one.name)
            one.seen = item.requests if one.where == "path" else counts.get(known, 0)
    return list(found.values())


def _empty_coverage(operation: Operation) -> OperationCoverage:
    responses = [_empty_response(response) for response in operation.responses]
    return OperationCoverage(operation, responses, list(_parameters(operation)))


def _parameters(operation: Operation) -> Iterator[ParameterCoverage]:
    if operation.parameters is not None:
        for where in ("path", "query", "header", "cookie"):
            for name in sorted(operation.parameters.names(where)):
                yield ParameterCoverage(where, name)


def _empty_response(response: DocumentedResponse) -> ResponseCoverage:
    examples = [
        ExampleCoverage(example.name, media.media_type)
        for media in response.media
        for example in media.examples
    ]
    return ResponseCoverage(response.status, examples)


def _add(found: OperationCoverage, status: int, example: str | None, count: int) -> None:
    found.requests += count
    if not status:
        found.failures += count
        return
    documented = response_for(found.operation, status)
    if documented is None:
        found.undocumented[status] = found.undocumented.get(status, 0) + count
        return
    response = next(one for one in found.responses if one.status == documented.status)
    response.seen += count
    chosen = next((one for one in response.examples if one.name == example), None)
    if chosen is not None:
        chosen.seen += count


def shares(covered: Iterable[OperationCoverage]) -> Mapping[str, tuple[int, int]]:
    """Return the numbers of used and of documented parts, by kind, such as `operations`."""
    operations = list(covered)
    responses = [response for item in operations for response in item.responses]
    parameters = [parameter for item in operations for parameter in item.parameters]
    examples = [example for item in operations for example in item.examples()]
    return {
        "operations": (sum(item.requests > 0 for item in operations), len(operations)),
        "responses": (sum(item.seen > 0 for item in responses), len(responses)),
        "parameters": (sum(item.seen > 0 for item in parameters), len(parameters)),
        "examples": (sum(item.seen > 0 for item in examples), len(examples)),
    }
