"""Compile review pages (`x-mock.pages`) to operations that answer with HTML.

`compiler.py` calls `compile_pages`, which yields two operations for each page: GET for the page,
which runs its `steps`, and POST for its form, which runs `steps` and then those of `submit`. They
become `Api.pages`, are not operations of the API, and need no credential. The HTML is written in
`verbs/review_page.py`, when a page is requested.
"""

import re
from collections.abc import Iterator

from mockserver.base.http import FORM
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.model.api import Operation
from mockserver.model.contents import RequestBody
from mockserver.model.refusal import Kind
from mockserver.model.scope import SCOPE_NAMES, Scope
from mockserver.model.steps import Otherwise
from mockserver.openapi import x_mock
from mockserver.openapi.operations import DocumentContext
from mockserver.verbs.review import VERB, ReviewFields
from mockserver.verbs.step_compiler import build_program, call_code, steps_code
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.wire.parameter_styles import undeclared_path_parameter
from mockserver.wire.parameters import ParameterSet

_PARAMETER = re.compile(r"\{(\w+)\}")
_FORM = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "required": ["rating"],
                "properties": {
                    "rating": {"type": "integer", "minimum": 1, "maximum": 5},
                    "text": {"type": "string", "maxLength": 10_000},
                    "name": {"type": "string", "maxLength": 200},
                },
            }
        }
    },
}


def compile_pages(context: DocumentContext) -> Iterator[Operation]:
    """Yield two operations for every page of a document: GET for the page, POST for its form."""
    form = context.bodies.request(Place(Document("review form", None, _FORM, dict), "", _FORM))
    for index, page in enumerate(context.behaviour.pages):
        place = context.place.descend("pages", index)
        yield _operation(page, place, context, None)
        yield _operation(page, place, context, form)


def _operation(
    page: x_mock.Page, place: Place, context: DocumentContext, form: RequestBody | None
) -> Operation:
    parameters = _PARAMETER.findall(page.path)
    steps = context.steps(context.kinds, {"path": parameters, "query": [], "cookie": []})
    if form is not None:
        steps.known.maps.add("body")
    body = steps_code(page.steps, place.child("steps").source, steps)
    if form is not None:
        body += steps_code(page.submit, place.child("submit").source, steps)
    name = "leaveReview" if form else "openReviewPage"
    fields = ReviewFields(title=page.title, is_sent=form is not None)
    writer = StepCodeWriter.add_step(
        steps, VERB, (place.source, place.source), Otherwise(Kind.INVALID)
    )
    body += call_code(fields, writer)
    blank: Scope = dict.fromkeys((*SCOPE_NAMES, *sorted(steps.bound)))
    return Operation(
        id=name,
        method="POST" if form else "GET",
        path=page.path,
        summary="The page that a message links to",
        source=place.source,
        parameters=ParameterSet([undeclared_path_parameter(name) for name in parameters]),
        body=form,
        responses=(),
        security=(),
        program=build_program(body, steps, f"{context.name}/{name}"),
        blank={**blank, "test": {}},
        path_parameters=tuple(parameters),
        is_page=True,
    )
