"""One request on its way through the steps of its operation: what they read, write and answer.

`Run` is the `World` of verbs (`verbs/verb.py`), and the sandbox whose functions expressions call.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from mockserver.base.json import JsonValue
from mockserver.base.time import ZERO, Duration, Instant
from mockserver.engine.answer_headers import replace_headers
from mockserver.engine.documented_answers import Wish, documented, status_with_example
from mockserver.engine.engine_options import Options
from mockserver.engine.records import Transaction, completed
from mockserver.engine.refusals import refusal_of
from mockserver.engine.rendering import Reply, render_refusal, represent
from mockserver.engine.sandbox import Sandbox, Store
from mockserver.model.api import Api, Operation
from mockserver.model.contents import ResponseSchema
from mockserver.model.exchange import Exchange
from mockserver.model.outbox import message_status
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record
from mockserver.model.steps import Program, RespondStep, Step

MOST_STEPS = 100_000
"""Steps that one request may take for the items of lists."""


BECAUSE = "its steps say so"


class UnmetError(Exception):
    """A step does not hold; the refusal is worded once the scope is complete."""

    def __init__(self, step: Step, message: str, passes_at: Instant | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.passes_at = passes_at


def run_steps(program: Program, run: "Run") -> None:
    """Run a program until a step answers or there are no more.

    Raises:
        Refusal: From a step that does not hold.
    """
    try:
        program.function(run, run.scope)
    except UnmetError as unmet:
        step = unmet.step
        raise refusal_of(
            step.otherwise, run.scope, str(unmet), step.source, unmet.passes_at
        ) from None


class Run:
    """Everything the steps of one request share; also the sandbox functions of expressions."""

    __slots__ = (
        "_ids",
        "_transaction",
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
        self.store: Store = sandbox.store(api.name, exchange.at)
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
        transaction = self._transaction = Transaction()
        self.insert, self.put, self.replace, self.remove = (
            transaction.insert,
            transaction.put,
            transaction.replace,
            transaction.remove,
        )
        self._ids = sandbox.ids.count

    # --- what the expressions can call ---

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
        """Return 1, 2, 3 … by name."""
        collection = self.records("sequences")
        last = collection.get(name)
        value: int = last["value"] + 1 if last else 1
        self._transaction.put(collection, name, {"id": name, "value": value})
        return value

    def next_key(self, collection: str) -> int:
        """Return a whole number above all keys that a collection had when it was first asked."""
        records = self.records(collection)
        name = f"{collection}:key"
        if self.records("sequences").get(name) is None:
            numbers = (int(key) for key in records.rows if key.isascii() and key.isdigit())
            last = max(numbers, default=0)
            self._transaction.put(self.records("sequences"), name, {"id": name, "value": last})
        while str(key := self.sequence(name)) in records.rows:
            pass
        return key

    def request_url(self, name: str | None = None, value: JsonValue = None) -> str:
        """Return the request's address; with a name, its query with this parameter set."""
        request = self.exchange.request
        host = request.headers.get("host", "localhost")
        address = f"{request.scheme}://{host}{request.path.rstrip('/')}"
        if name is None:
            return address
        from urllib.parse import parse_qsl, urlencode  # noqa: PLC0415 - few answers need them

        kept = [pair for pair in parse_qsl(request.query) if pair[0] != name]
        return f"{address}?{urlencode([*kept, (name, str(value))])}"

    def count(self, collection: str) -> int:
        """Return how many records a collection holds."""
        return len(self.records(collection))

    def message_status(self, message_id: JsonValue) -> str | None:
        """Return the status of a message, or None if there is none with this id."""
        message = self.records("messages").get(message_id)
        return None if message is None else message_status(message, self.now)

    # --- what the steps can do ---

    def complete(self, collection: str, record: Record) -> Record:
        """Return a record with what the schema of its collection requires."""
        return completed(self.records(collection).spec, record, self.sandbox.seed)

    def take_steps(self, count: int) -> bool:
        """Count steps that are repeated; return False if one request may not take so many."""
        self.steps_left -= count
        return self.steps_left >= 0

    def refuse(self, step: Step, message: str, passes_at: Instant | None = None) -> NoReturn:
        """Refuse the request as the step's `otherwise` says."""
        raise UnmetError(step, message, passes_at)

    def answer(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: JsonValue,
        content_type: str = "application/json",
        because: str = BECAUSE,
    ) -> None:
        """Choose the answer; no step runs after this one."""
        self.reply = Reply(status, list(headers), body, content_type, because)

    def answer_example(
        self, name: str, status: int | None, headers: Sequence[tuple[str, str]]
    ) -> None:
        """Choose a documented example as the answer; the loader has seen that it exists."""
        own = status_with_example(self.operation, name)
        assert own is not None
        accept = self.exchange.request.accept
        found = documented(self.operation, own, Wish(accept, example=name, must_fit=False))
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
        """Answer as an error kind, but keep what was written so far."""
        refusal = Refusal(kind, message)
        self.exchange.refusal, self.exchange.reason = refusal, kind
        accept = self.exchange.request.accept
        answer = render_refusal(refusal, self.api, self.operation, self.scope, self.now, accept)
        because = f"error kind {kind}"
        reply = Reply(answer.status, answer.headers, answer.body, "", because, answer.example)
        self.reply = reply

    def respond(
        self,
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
            self.answer_example(step.example, given, fields)
            return
        sent = given or self.operation.success
        found = represent(self.operation, sent, body, step.content_type, self.exchange.request)
        if found.varies and not any(name.lower() == "vary" for name, _ in fields):
            fields.append(("Vary", "Accept"))
        if step.conform and found.media is not None and found.media.schema is not None:
            body = self._conformed(body, found.media.schema)
        self.reply = Reply(
            sent, fields, body, found.content_type, BECAUSE, media=found.media, source=step.source
        )

    def _conformed(self, body: JsonValue, schema: ResponseSchema) -> JsonValue:
        from mockserver.schemas.schema_conformer import conformer_of  # noqa: PLC0415 - costs start time

        return conformer_of(schema).conform(body, str(self.sandbox.seed))

    def note(self, step: Step, outcome: str, *details: JsonValue) -> None:
        """Add what a step did to the trace; the verb's `details` are the names of the values."""
        self.append((step, outcome, details))

    def commit(self) -> None:
        """Keep what the steps wrote."""
        self._transaction.commit()

    def roll_back(self) -> None:
        """Take back what the steps wrote, and the ids they used."""
        self._transaction.roll_back()
        self.sandbox.ids.count = self._ids

    def close(self) -> None:
        """Let go of what refers back to this run, so that it is freed without the collector."""
        del self.scope["_world"]
