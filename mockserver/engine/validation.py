"""Reading a request's parameters and body, and naming everything that is wrong with them."""

from mockserver.engine.bodies_tmp import read_body
from mockserver.engine.routing import Match
from mockserver.engine.run import Run
from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal, Violation

MOST_VIOLATIONS = 100
"""Violations that are told of one request."""


def validate(run: Run, request: Request, match: Match) -> None:
    """Put the typed parameters and the body into the scope.

    Raises:
        Refusal: `invalid` with all violations of parameters and body at once; or `too_large`,
            `unsupported_media_type`, `malformed` when the body cannot be read at all.
    """
    scope = run.scope
    violations: list[Violation] = []
    operation = run.operation
    if operation.parameters is None:
        scope["path"], scope["query"], scope["cookie"] = {}, {}, {}
    else:
        path = match.parameters(operation)
        values, violations = operation.parameters.decode(path, request.query, request.headers)
        scope["path"], scope["query"], scope["cookie"], declared = (
            values["path"],
            values["query"],
            values["cookie"],
            values["header"],
        )
        if declared:
            scope["header"] = {**request.headers, **declared}
    if request.too_large:
        raise Refusal(Kind.TOO_LARGE, "the request body is too large")
    if operation.body is not None:
        scope["body"], found = read_body(operation.body, request)
        violations = [*violations, *found]
    if violations:
        raise Refusal(Kind.INVALID, _summary(violations), tuple(violations[:MOST_VIOLATIONS]))


def _summary(violations: list[Violation]) -> str:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{first.field} {first.message}{more}"
