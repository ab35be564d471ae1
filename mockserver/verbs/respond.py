"""`respond`: choose the answer, and end the steps.

`step_compiler.py` calls `compile_respond` when a document is loaded: it checks that a named example
exists and that a constant status is valid, and writes the call of `World.respond` (in
`engine/run.py`) and the end of the program. There is no run function. Status, headers, body,
`conform`, example and media type go to the engine, which renders the answer: this module never
builds one itself.
"""

from typing import Annotated

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.base.problems import near
from mockserver.language.expressions import constants_of_value
from mockserver.language.kinds import NULL, NUMBER, TEXT
from mockserver.language.operators import check_status
from mockserver.language.programs import Block
from mockserver.model.steps import RespondStep
from mockserver.verbs.fields import CheckHeaders, Headers, StrictFields, Value
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb


class RespondFields(StrictFields):
    """Choose the answer, and end the steps."""

    status: Value = Field(None, description="default: the documented success")
    headers: Annotated[Headers, CheckHeaders] = Field(
        {}, description="name → value; a list is sent as several lines, null is not sent"
    )
    body: Value = Field(None, description="any JSON value; null: no body")
    conform: bool = Field(
        default=False,
        description="remove members that the answer's schema does not have; add those it requires",
    )
    example: str | None = Field(
        None, description="name of a documented example, which becomes the answer"
    )
    content_type: str | None = Field(
        None, description="default: a documented one that the client accepts, or application/json"
    )


def compile_respond(fields: RespondFields, writer: StepCodeWriter) -> Block:
    """Write the call of `World.respond`, and the end of the program."""
    context = writer.context
    if fields.example is not None and fields.example not in context.examples:
        hint = near(fields.example, context.examples)
        context.problem(
            "MS511", writer.source_of("example"), f"no example {fields.example!r}", hint
        )
    writer.set_step(
        RespondStep,
        example=fields.example,
        content_type=fields.content_type or "",
        conform=fields.conform,
    )
    return writer.write(
        "run.respond({step}, {status}, {headers}, {body})\nreturn",
        status=_status_code(fields.status, writer),
        headers=context.members_code(fields.headers, writer.source_of("headers")),
        body=context.value_code(fields.body, writer.source_of("body")),
    )


def _status_code(status: JsonValue, writer: StepCodeWriter) -> str:
    """Return the code of the status; add a problem for each constant that is not one."""
    source = writer.source_of("status")
    for one in constants_of_value(status):
        try:
            check_status(one)
        except ExpressionError as error:
            writer.context.problem("MS501", source, str(error))
            return "None"
    writer.context.check_kinds(status, NUMBER | TEXT | NULL, source)
    code = writer.context.value_code(status, source)
    return f"_status({code})" if status is not None else code


VERB = Verb(name="respond", fields=RespondFields, compile=compile_respond)
