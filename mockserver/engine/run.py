"""Run the steps of one request: everything that they can read, write, call and answer.

- In: an exchange, its sandbox, API and operation. `pipeline.py` makes one `Run` for each request to
  an operation; other stages, such as `limits.py` and `security.py`, get it, too. `run_steps` runs
  the program of the operation, and raises the `Refusal` of the step that refuses.
- Out: `reply`, the answer that the steps chose (None if they chose none); writes to the records of
  the sandbox; and `delay` and `limit_headers`, which other stages add to the answer.
- Callers: compiled steps call the methods of `World` (`verbs/verb.py`), and expressions functions
  such as `uuid()`. `pipeline.py` calls `roll_back` after a refusal, and always `close`.
- It does not authenticate, count limits or validate. A message is only a record. It never waits.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from mockserver.base.json import JsonValue
from mockserver.base.time import ZERO, Duration, Instant
from mockserver.engine.documented_answers import (
    AnswerCriteria,
    documented_answer,
    status_with_example,
)
from mockserver.engine.engine_options import Options
from mockserver.engine.memory_estimates import SMALL_BODY
from mockserver.engine.records import Transaction, completed
from mockserver.engine.refusals import refusal_of
from mockserver.engine.rendering import (
    ErrorCriteria,
    Reply,
    header_fields,
    render_refusal,
    replace_headers,
    represent,
)
from mockserver.engine.sandbox import Sandbox, Store
from mockserver.model.api import Api, Operation
from mockserver.model.contents import ResponseSchema
from mockserver.model.exchange import Exchange
from mockserver.model.outbox import message_status
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record
from mockserver.model.steps import Program, RespondStep, Step

MOST_STEPS = 100_000
"""Maximum number of steps that one request may run for the items of lists."""


STEPS_REASON = "its steps say so"


class StepRefusalError(Exception):
    """A step refuses the request; `run_steps` raises the `Refusal` that the step defines."""

    def __init__(self, step: Step, message: str, passes_at: Instant | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.passes_at = passes_at


def run_steps(program: Program, run: "Run") -> None:
    """Run the steps until one of them answers, or to the end.

    Raises:
        Refusal: From a step that fails.
    """
    try:
        program.function(run, run.scope)
    except StepRefusalError as refused:
        step, passes_at = refused.step, refused.passes_at
        if passes_at is not None:
            passes_at = _longest_wait(program, run, step, passes_at)
        raise refusal_of(step.otherwise, run.scope, str(refused), step.source, passes_at) from None


def _longest_wait(program: Program, run: "Run", step: Step, passes_at: Instant) -> Instant | None:
    """Return when a request passes that the steps directly after the refusing one refuse, too."""
    later = iter(program.steps)
    for one in later:
        if one is step:
            break
    for one in later:
        found = one.waits(run)
        if found is None:
            break
        refuses, until = found
        if refuses and until is None:
            return None
        if refuses and until is not None:
            passes_at = max(passes_at, until)
    return passes_at


class Run:
    """The state that the steps of one request share, and the functions that expressions call."""

    __slots__ = (
        "_ids_before",
        "api",
        "append",
        "delay",
        "exchange",
        "insert",
        "limit_headers",
        "now",
        "operation",
        "options",
        "put",
        "records",
        "remove",
        "replace",
        "reply",
        "sandbox",
        "scope",
        "steps_left",
        "store",
        "writes",
    )

    def __init__(
        self,
        exchange: Exchange,
        sandbox: Sandbox,
        api: Api,
        operation: Operation,
        base_url: str,
        options: Options,
    ) -> None:
        self.exchange = exchange
        self.sandbox = sandbox
        self.api = api
        self.operation = operation
        self.now: Instant = exchange.at
        self.store: Store = sandbox.store(api.name)
        self.records = self.store.collection
        scope = self.scope = operation.blank.copy()
        scope["settings"] = sandbox.settings(api.name)
        scope["now"] = exchange.at
        scope["base_url"] = base_url
        scope["request_id"] = exchange.id
        scope["header"] = exchange.request.headers
        scope["_world"] = self
        self.limit_headers: list[tuple[str, str]] = []
        self.reply: Reply | None = None
        self.delay: Duration = ZERO
        self.options = options
        self.steps_left = MOST_STEPS
        self.append = exchange.trace.append
        is_large = len(exchange.request.body) > SMALL_BODY
        writes = self.writes = Transaction(sandbox.collection, is_large=is_large)
        self.insert, self.put, self.replace, self.remove = (
            writes.insert,
            writes.put,
            writes.replace,
            writes.remove,
        )
        self._ids_before = sandbox.ids.count

    # --- functions of expressions ---

    def uuid(self) -> str:
        """Return the sandbox's next UUID."""
        return self.sandbox.ids.uuid()

    def object_id(self) -> str:
        """Return the sandbox's next object id: 24 hexadecimal digits."""
        return self.sandbox.ids.object_id()

    def token(self, length: int = 32) -> str:
        """Return the sandbox's next opaque token, of 1 to 86 characters."""
        return self.sandbox.ids.token(length)

    def sequence(self, name: str) -> int:
        """Return the next number of a sequence, from 1."""
        collection = self.records("sequences")
        last = collection.get(name)
        value: int = last["value"] + 1 if last else 1
        self.put(collection, name, {"id": name, "value": value})
        return value

    def next_key(self, collection: str) -> int:
        """Return the next free whole number as a key of a collection.

        The first call begins after the highest numeric key of the collection.
        """
        records = self.records(collection)
        name = f"{collection}:key"
        if self.records("sequences").get(name) is None:
            numbers = (int(key) for key in records.rows if key.isascii() and key.isdigit())
            last = max(numbers, default=0)
            self.put(self.records("sequences"), name, {"id": name, "value": last})
        while str(key := self.sequence(name)) in records.rows:
            pass
        return key

    def request_url(self, name: str | None = None, value: JsonValue = None) -> str:
        """Return the request's URL; if a name is given, with the query and this parameter set."""
        request = self.exchange.request
        host = request.headers.get("host", "localhost")
        address = f"{request.scheme}://{host}{request.path.rstrip('/')}"
        if name is None:
            return address
        from urllib.parse import parse_qsl, urlencode  # noqa: PLC0415 - few answers need them

        kept = [pair for pair in parse_qsl(request.query) if pair[0] != name]
        return f"{address}?{urlencode([*kept, (name, str(value))])}"

    def count(self, collection: str) -> int:
        """Return the number of records of a collection."""
        return len(self.records(collection))

    def message_status(self, message_id: JsonValue) -> str | None:
        """Return the status of a message, or None if there is none with this id."""
        message = self.records("messages").get(message_id)
        return None if message is None else message_status(message, self.now)

    # --- methods for steps ---

    def complete(self, collection: str, record: Record) -> Record:
        """Return a record completed with the properties that its collection's schema requires."""
        return completed(self.records(collection).spec, record, self.sandbox.seed)

    def take_steps(self, count: int) -> bool:
        """Count steps that run for items of lists; return False if the maximum is exceeded."""
        self.steps_left -= count
        return self.steps_left >= 0

    def refuse(self, step: Step, message: str, passes_at: Instant | None = None) -> NoReturn:
        """Refuse the request with the error kind of the step's `otherwise`."""
        raise StepRefusalError(step, message, passes_at)

    def answer(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: JsonValue,
        content_type: str = "application/json",
        because: str = STEPS_REASON,
    ) -> None:
        """Set the answer; the calling step is the last one that runs."""
        self.reply = Reply(status, list(headers), body, content_type, because)

    def answer_example(
        self, name: str, status: int | None, headers: Sequence[tuple[str, str]]
    ) -> None:
        """Set a documented example as the answer; the loader has checked that it exists."""
        own = status_with_example(self.operation, name)
        assert own is not None
        accept = self.exchange.request.accept
        found = documented_answer(
            self.operation,
            own,
            AnswerCriteria(
                accept,
                example=name,
                must_fit=False,
                style=self.options.conventions.answer_style,
            ),
        )
        assert found is not None
        sent = found.headers.copy()
        replace_headers(sent, headers)
        self.reply = Reply(
            status or own,
            sent,
            found.content,
            found.content_type,
            found.because,
            found.example,
            source=found.source,
        )

    def answer_error(self, kind: str, message: str) -> None:
        """Answer with an error kind, but keep the writes of the steps."""
        refusal = Refusal(kind, message)
        self.exchange.refusal, self.exchange.reason = refusal, kind
        accept = self.exchange.request.accept
        answer = render_refusal(
            refusal,
            self.api,
            self.operation,
            self.scope,
            self.now,
            ErrorCriteria(accept, self.options.conventions),
        )
        because = f"error kind {kind}"
        reply = Reply(answer.status, answer.headers, answer.body, "", because, answer.example)
        self.reply = reply

    def respond(
        self,
        step: RespondStep,
        status: int | None,
        headers: Mapping[str, JsonValue],
        body: JsonValue,
    ) -> None:
        """Set the answer; `rendering.header_fields` defines what headers can be."""
        fields = header_fields(headers.items())
        if step.example is not None:
            self.answer_example(step.example, status, fields)
            return
        code = status or self.operation.success
        found = represent(self.operation, code, body, step.content_type, self.exchange.request)
        if found.varies and not any(name.lower() == "vary" for name, _ in fields):
            fields.append(("Vary", "Accept"))
        if step.conform and found.media is not None and found.media.schema is not None:
            body = self._conformed(body, found.media.schema)
        self.reply = Reply(
            code,
            fields,
            body,
            found.content_type,
            STEPS_REASON,
            media=found.media,
            source=step.source,
        )

    def _conformed(self, body: JsonValue, schema: ResponseSchema) -> JsonValue:
        from mockserver.schemas.schema_conformer import conformer_of  # noqa: PLC0415 - costs start time

        return conformer_of(schema).conform(body, str(self.sandbox.seed))

    def note(self, step: Step, outcome: str, *details: JsonValue) -> None:
        """Add the outcome of a step to the trace; `Step.details` has the names of these values."""
        self.append((step, outcome, details))

    def roll_back(self) -> None:
        """Undo the writes of the steps; the ids that they used are used again."""
        self.writes.roll_back()
        self.sandbox.ids.count = self._ids_before

    def close(self) -> None:
        """Give the changes to the exchange, and remove the reference cycle to free memory early."""
        exchange, writes = self.exchange, self.writes
        exchange.writes, exchange.removed_size = writes.log, writes.removed_size
        del self.scope["_world"]
