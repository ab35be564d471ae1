"""Answer for a failure of the mock or of a document: a 500 with a problem type of its own.

`pipeline.py` calls `answer` for exceptions that are not refusals; it returns an `Answer`, and logs
the error (an expression of the document that failed as a warning, without a traceback). The body
names the expression that failed with its message, or only the class of another error, and the place
of the failed step. The problem type `FAILURE` shows clients that the answer is not one of the API;
`control/adapter.py` uses it, too.
"""

import logging

import orjson

from mockserver.base.errors import ExpressionError
from mockserver.engine.rendering import PROBLEM
from mockserver.engine.run import Run
from mockserver.model.exchange import Exchange
from mockserver.model.failed_expressions import failed_expression
from mockserver.model.messages import Answer

_LOG = logging.getLogger("mockserver")
FAILURE = "urn:mockserver:failure"
"""The problem type (RFC 9457) of a 500 for a failure of the mock."""

_LONGEST_QUOTED = 200


def answer(exchange: Exchange, run: Run | None, error: Exception) -> Answer:
    """Return a 500 with the error, the place of the failed step and the request's id."""
    program = None if run is None else run.operation.program
    step = None if program is None else program.step_of(error)
    place = f" at {step.source}" if step is not None else ""
    if isinstance(error, ExpressionError):
        failed = failed_expression(error)
        what = "an expression"
        if failed is not None:
            text = failed.text[:_LONGEST_QUOTED]
            what, place = f"the expression {text!r} of the document", f" at {failed.source}"
        title, detail = "A document of the mock failed", f"{what} failed{place}: {error}"
        _LOG.warning("%s: %s", exchange.id, detail)
    else:
        title, detail = "The mock failed", f"{type(error).__name__}{place}; this is not the API's"
        _LOG.error("request %s failed", exchange.id, exc_info=error)
    body = {
        "type": FAILURE,
        "title": title,
        "status": 500,
        "detail": detail,
        "request_id": exchange.id,
        "sandbox": exchange.sandbox,
    }
    return Answer(500, [("Content-Type", PROBLEM)], orjson.dumps(body))
