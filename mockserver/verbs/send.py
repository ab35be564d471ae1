"""`send`: put a simulated message in the outbox."""

from dataclasses import dataclass

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.language.programs import Block
from mockserver.model.outbox import DELIVERED, OUTCOMES
from mockserver.model.scope import Record
from mockserver.model.steps import Step
from mockserver.verbs.fields import Name, Span, StrictFields, Value
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class SendFields(StrictFields):
    """Put a simulated message in the outbox."""

    channel: Value = Field(description="sms or email")
    to: Value = Field(description="phone number or address")
    from_: Value = Field(None, alias="from", description="whom it seems to come from")
    subject: Value = Field(None, description="of an e-mail")
    text: Value = Field(description="what it says")
    link: Value = Field(None, description="address in the message")
    link_at: str | None = Field(None, description="marker in the text that the link replaces")
    at: Value = Field(None, description="instant to send; else at once")
    sent_after: Span = Field(None, description="duration from `at` until it is sent")
    delivered_after: Span = Field(None, description="duration from `at` until it arrives or fails")
    outcome: Value = Field(None, description="delivered, failed or failed_send")
    data: Value = Field(None, description="anything to keep with it, shown in the outbox")
    as_: Name | None = Field(None, alias="as", description="name of the message in later steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStep(Step):
    """Puts a simulated message in the outbox."""

    link_at: str | None


def compile_send(fields: SendFields, writer: StepCodeWriter) -> Block:
    """Write a call with a new map, which becomes the message's record."""
    context = writer.context
    members = {
        "channel": fields.channel,
        "to": fields.to,
        "from": fields.from_,
        "subject": fields.subject,
        "text": fields.text,
        "link": fields.link,
        "send_at": fields.at,
        "sent_at": context.span(fields.sent_after, writer.source_of("sent_after")),
        "delivered_at": context.span(fields.delivered_after, writer.source_of("delivered_after")),
        "outcome": fields.outcome,
        "data": fields.data,
    }
    writer.set_step(SendStep, link_at=fields.link_at)
    message = context.members_code(members, writer.source)
    context.bind(fields.as_, writer.source_of("as"))
    return writer.write_call(fields.as_, message)


def run_send(world: World, step: SendStep, message: Record) -> Record:
    """Put a message in the outbox: the given map becomes its record.

    `send_at` is an instant, `sent_at` and `delivered_at` are still spans of time from it.
    """
    now, at = world.now, message["send_at"]
    at = now if at is None else int(at)
    sent_at = at + int(message["sent_at"] or 0)
    delivered = message["delivered_at"]
    outcome = message["outcome"] or DELIVERED
    if outcome not in OUTCOMES:
        raise ExpressionError(f"a message's outcome is one of {', '.join(OUTCOMES)}")
    link, text = message["link"], str(message["text"])
    if step.link_at and link:
        text = text.replace(step.link_at, link)
    message["id"] = message_id = world.uuid()
    message["api"] = world.api.name
    message["operation"] = world.operation.id
    message["request_id"] = world.exchange.id
    message["text"] = text
    message["created_at"] = now
    message["send_at"] = at
    message["sent_at"] = sent_at
    message["delivered_at"] = sent_at if delivered is None else at + int(delivered)
    message["outcome"] = outcome
    world.insert(world.records("messages"), message)
    world.note(step, "queued", message["channel"], message["to"], message_id)
    return message


VERB = Verb(
    name="send",
    fields=SendFields,
    run=run_send,
    compile=compile_send,
    details=("channel", "to", "id"),
)
