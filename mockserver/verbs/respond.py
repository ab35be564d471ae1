"""`respond`: choose the answer, and end the steps."""

from pydantic import Field

from mockserver.base.problems import near
from mockserver.language.programs import Block
from mockserver.model.steps import RespondStep
from mockserver.verbs.fields import Members, StrictFields, Value
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb


class RespondFields(StrictFields):
    """Choose the answer, and end the steps."""

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


def compile_respond(fields: RespondFields, site: Site) -> Block:
    """Write the call of `World.respond`, and the end of the program."""
    context = site.context
    if fields.example is not None and fields.example not in context.examples:
        hint = near(fields.example, context.examples)
        context.problem("MS511", site.at("example"), f"no example {fields.example!r}", hint)
    site.make(
        RespondStep,
        example=fields.example,
        content_type=fields.content_type or "",
        conform=fields.conform,
    )
    return site.write(
        "run.respond({step}, {status}, {headers}, {body})\nreturn",
        status=context.code(fields.status, site.at("status")),
        headers=context.members_code(fields.headers, site.at("headers")),
        body=context.code(fields.body, site.at("body")),
    )


VERB = Verb(name="respond", fields=RespondFields, compile=compile_respond)
