"""`respond`: say what to answer, and end the steps."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from mockserver.base.json import JsonValue
from mockserver.base.problems import near
from mockserver.language.programs import Block
from mockserver.model.steps import Step
from mockserver.verbs.fields import Members, StrictFields, Value
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb, World


class RespondFields(StrictFields):
    """Say what to answer, and end the steps."""

    status: Value = Field(None, description="else the documented success")
    headers: Members = Field({}, description="name → value")
    body: Value = Field(None, description="any JSON value; null: no body")
    conform: bool = Field(
        default=False,
        description="leave out what the answer's schema doesn't know, add what it requires",
    )
    example: str | None = Field(None, description="name of a documented example")
    content_type: str | None = Field(
        None, description="else the documented one that the client takes, or application/json"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondStep(Step):
    """Chooses the answer, and ends the steps."""

    example: str | None
    content_type: str
    """Empty: one that the document has, as the client takes it."""
    conform: bool


def compile_respond(fields: RespondFields, site: Site) -> Block:
    """Write a call, and the end of the program."""
    context = site.context
    if fields.example is not None and fields.example not in context.examples:
        hint = near(fields.example, context.examples)
        context.problem(site.at("example"), f"no example {fields.example!r}", hint)
    site.make(
        RespondStep,
        example=fields.example,
        content_type=fields.content_type or "",
        conform=fields.conform,
    )
    status = context.code(fields.status, site.at("status"))
    headers = context.members_code(fields.headers, site.at("headers"))
    body = context.code(fields.body, site.at("body"))
    return [*site.call(None, status, headers, body), *site.write("return")]


def run_respond(
    world: World,
    step: RespondStep,
    status: JsonValue,
    headers: Mapping[str, JsonValue],
    body: JsonValue,
) -> None:
    """Answer, without headers that are null; a line break in one's value becomes a space."""
    # RFC 9110, section 5.5
    fields = [
        (name, " ".join(str(value).splitlines()))
        for name, value in headers.items()
        if value is not None
    ]
    given = None if status is None else int(status)
    if step.example is not None:
        world.answer_example(step.example, given, fields)
    else:
        sent = given or world.operation.success
        world.represent(step, sent, fields, body, step.content_type, conform=step.conform)


VERB = Verb(name="respond", fields=RespondFields, run=run_respond, compile=compile_respond)
