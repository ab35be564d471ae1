"""`send`: put a simulated message in the outbox.

The outbox is the built-in collection `messages`. `step_compiler.py` calls `compile_send` when a
document is loaded; the call that it writes runs `run_send` for every request, which returns the
stored record, and raises `ExpressionError` for an unknown `outcome`, for an `at` that is null or no
instant, for invalid durations, and for a `link` that is no text if there is `link_at`. Its times of
sending and delivery can lie in the future of the sandbox's clock; nothing changes the record when
they come, as its status is computed when it is read. No real message is sent.
"""

from dataclasses import dataclass

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.base.time import EARLIEST, LAST, Instant
from mockserver.language.programs import Block
from mockserver.model.outbox import DELIVERED, OUTCOMES
from mockserver.model.scope import Record
from mockserver.model.steps import Step
from mockserver.verbs.fields import Moment, Name, Span, StrictFields, Value
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class SendFields(StrictFields):
    """Put a simulated message in the outbox."""

    channel: Value = Field(description="sms or email")
    to: Value = Field(description="phone number or address")
    from_: Value = Field(None, alias="from", description="sender")
    subject: Value = Field(None, description="subject of an e-mail")
    text: Value = Field(description="text of the message")
    link: Value = Field(None, description="URL in the message")
    link_at: str | None = Field(
        None, description="marker in the text, which is replaced by the link"
    )
    at: Moment = Field(None, description="instant at which it is sent; default: now")
    sent_after: Span = Field(None, description="duration from `at` until it is sent")
    delivered_after: Span = Field(None, description="duration from `at` until it arrives or fails")
    outcome: Value = Field(
        None, description="`delivered`, `failed` or `failed_send`; default: `delivered`"
    )
    data: Value = Field(None, description="any value, stored with the message")
    as_: Name | None = Field(None, alias="as", description="name of the message in later steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStep(Step):
    """A `send` step; puts a simulated message in the outbox."""

    link_at: str | None
    has_time: bool
    """True if the document has `at`; then null is a failure, and never means now."""


def compile_send(fields: SendFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_send` with a new map, which becomes the record of the message."""
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
    writer.set_step(SendStep, link_at=fields.link_at, has_time=fields.at is not None)
    message = context.members_code(members, writer.source)
    context.bind(fields.as_, writer.source_of("as"))
    return writer.write_call(fields.as_, message)


def run_send(world: World, step: SendStep, message: Record) -> Record:
    """Complete a message, put it in the outbox and return it.

    Args:
        world: The request and its sandbox.
        step: The step.
        message: The map that becomes the record. In it, `send_at` is an instant; `sent_at` and
            `delivered_at` are durations after it, and are replaced by instants.
    """
    now, at = world.now, message["send_at"]
    if at is None:
        if step.has_time:
            raise ExpressionError("`at` is null; leave it out to send the message at once")
        at = now
    at = _instant_after(at, 0)
    sent_at = _instant_after(at, message["sent_at"] or 0)
    delivered = message["delivered_at"]
    outcome = message["outcome"] or DELIVERED
    if outcome not in OUTCOMES:
        raise ExpressionError(f"the outcome of a message must be one of {', '.join(OUTCOMES)}")
    link, text = message["link"], str(message["text"])
    if step.link_at and link:
        if not isinstance(link, str):
            raise ExpressionError("link must be text, because it replaces `link_at` in the text")
        text = text.replace(step.link_at, link)
    message["id"] = message_id = world.uuid()
    message["api"] = world.api.name
    message["operation"] = world.operation.id
    message["request_id"] = world.exchange.id
    message["text"] = text
    message["created_at"] = now
    message["send_at"] = at
    message["sent_at"] = sent_at
    message["delivered_at"] = sent_at if delivered is None else _instant_after(at, delivered)
    message["outcome"] = outcome
    world.insert(world.records("messages"), message)
    world.note(step, "queued", message["channel"], message["to"], message_id)
    return message


def _instant_after(start: JsonValue, span: JsonValue) -> Instant:
    """Return the instant after a duration, or the last one of the calendar if it is later."""
    if type(start) is not int or type(span) is not int:
        raise ExpressionError(
            "`at` must be an instant, and `sent_after` and `delivered_after` durations"
        )
    at = start + span
    if EARLIEST <= at <= LAST:
        return Instant(at)
    return LAST if at > LAST else EARLIEST


VERB = Verb(
    name="send",
    fields=SendFields,
    run=run_send,
    compile=compile_send,
    details=("channel", "to", "id"),
)
