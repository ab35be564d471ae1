"""What each verb does to a sandbox: the methods that an operation's program calls.

They get the values of a step's expressions, and return what the document binds.
"""

from collections.abc import Callable, Iterable, Mapping

from mockserver.base.errors import ExpressionError
from mockserver.base.html import CONTENT_TYPE, HEADERS
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, format_instant
from mockserver.engine import limits, oauth
from mockserver.engine.listing import page, whole
from mockserver.engine.listing import sort as sort_records
from mockserver.engine.records import ConflictError, completed, key_text
from mockserver.engine.refusals import refusal_of
from mockserver.engine.rendering import Reply
from mockserver.engine.representations import represent
from mockserver.engine.run import BECAUSE, Run
from mockserver.model import steps
from mockserver.model.contents import ResponseSchema
from mockserver.model.outbox import DELIVERED, OUTCOMES
from mockserver.model.scope import Record, Scope, Template
from mockserver.model.steps import Program
from mockserver.verbs.review_page import form_page, thanks_page

Where = Mapping[str, JsonValue]


class UnmetError(Exception):
    """A step does not hold; the refusal is worded once the scope is complete."""

    def __init__(self, step: steps.Step, message: str, passes_at: Instant | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.passes_at = passes_at


def run_steps(program: Program, run: "Steps") -> None:
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


class Steps(Run):
    """A run whose steps can be taken."""

    __slots__ = ()

    def unmet_requirement(self, step: steps.RequireStep) -> None:
        """Refuse, because an expression does not hold."""
        raise UnmetError(step, f"{step.shown} does not hold")

    def find_by_key(self, step: steps.FindStep, key: JsonValue) -> Record | None:
        """Return the record with a key."""
        return self._found(step, self.store.collection(step.collection).by_key(key))

    def find(self, step: steps.FindStep, where: Where) -> Record | None:
        """Return the first record that matches."""
        collection = self.store.collection(step.collection)
        if step.matching is None:
            return self._found(step, collection.find(where))
        holds = _holder(step.matching, self.scope)
        return self._found(step, next(filter(holds, collection.matching(where)), None))

    def _found(self, step: steps.FindStep, record: Record | None) -> Record | None:
        if record is None and not step.optional:
            raise UnmetError(step, f"nothing in {step.collection} matches")
        self.append((step, "nothing found" if record is None else "found"))
        return record

    def list(
        self,
        step: steps.ListRecordsStep,
        where: Where,
        sort: JsonValue,
        cut: tuple[JsonValue, JsonValue, JsonValue],
    ) -> Record:
        """Return a page of the records that match; `cut` is its offset, limit and `after`."""
        wanted = {name: value for name, value in where.items() if value is not None}
        records = self.store.collection(step.collection).matching(wanted)
        if step.matching is not None:
            records = [*filter(_holder(step.matching, self.scope), records)]
        offset, limit, after = cut
        records = sort_records(records, sort)
        start = whole(offset) or 0
        if after is not None:
            key = self.store.collection(step.collection).spec.key
            start += _behind(step, records, key, key_text(after))
        bound = page(records, start, whole(limit))
        if step.select is not None:
            bound["items"] = _selected(bound["items"], step.select, self.scope)
        self.append((step, "listed", (bound["total"],)))
        return bound

    def create(self, step: steps.CreateStep, record: JsonValue) -> Record:
        """Store a new record."""
        if type(record) is not dict:
            raise ExpressionError("a record must be a map")
        collection = self.store.collection(step.collection)
        made = completed(collection.spec, record, self.sandbox.seed)
        if made.get(collection.spec.key) is None:
            spec = collection.spec
            raise ExpressionError(f"a record of {spec.name} needs its key {spec.key!r}")
        try:
            key = self.insert(collection, made)
        except ConflictError as conflict:
            raise _conflict(step, conflict) from None
        self.append((step, "created", (key,)))
        return made

    def update(self, step: steps.UpdateStep, where: Where) -> Record | None:
        """Replace fields of all records that match; return the last one."""
        collection = self.store.collection(step.collection)
        records = collection.matching(where)
        changed: Record | None = None
        for record in records:
            fields = step.fields({**self.scope, "item": record})
            key = record[collection.spec.key]
            kept = {collection.spec.key: key} if step.is_whole else record
            changed = completed(collection.spec, {**kept, **fields}, self.sandbox.seed)
            try:
                self._transaction.replace(collection, key_text(key), changed)
            except ConflictError as conflict:
                raise _conflict(step, conflict) from None
        self.append((step, "updated", (len(records),)))
        return changed

    def delete_all(self, step: steps.DeleteStep, where: Where) -> None:
        """Remove all records that match."""
        collection = self.store.collection(step.collection)
        records = collection.matching(where)
        for record in records:
            self.remove(collection, str(record[collection.spec.key]))
        self.append((step, "deleted", (len(records),)))

    def take(
        self,
        step: steps.TakeStep,
        subject: JsonValue,
        limit: JsonValue,
        period: JsonValue,
        anchor: JsonValue,
        amount: JsonValue,
    ) -> Record:
        """Take from a quota of a subject."""
        subject = str(subject)
        key = f"{step.quota}:{subject}"
        quotas = self.store.quotas
        record = quotas.rows.get(key)
        state, quota = limits.take(
            limit,
            limits.Period(period, step.calendar, anchor),
            record["state"] if record else None,
            self.now,
            amount,
        )
        if quota.allowed:
            self.put(quotas, key, _kept(key, step.quota, subject, state))
        elif not step.optional:
            self.append((step, "refused", _told(step, subject, quota)))
            message = f"only {quota.left} of {quota.limit} {step.quota} left"
            raise UnmetError(step, message, quota.renews)
        outcome = "taken" if quota.allowed else "too little left"
        self.append((step, outcome, (step.quota, subject, quota.left, quota.limit)))
        return quota.as_record() if step.is_bound else {}

    def cooldown(
        self, step: steps.CooldownStep, subject: JsonValue, period: JsonValue, bypass: JsonValue
    ) -> None:
        """Start a subject's rest, unless it rests already."""
        subject = str(subject)
        key = f"{step.name}:{subject}"
        cooldowns = self.store.cooldowns
        record = cooldowns.rows.get(key)
        state, rest = limits.cooldown(period, record["state"] if record else None, self.now)
        if not rest.allowed:
            if not bypass:
                since, until = format_instant(state[0]), format_instant(rest.until)
                self.append((step, "refused", (step.name, subject, since, until)))
                message = f"{step.name} is cooling down until {format_instant(rest.until)}"
                raise UnmetError(step, message, rest.until)
            state = limits.start_cooldown(self.now)
        self.put(cooldowns, key, _kept(key, step.name, subject, state))
        self.append((step, "started" if rest.allowed else "bypassed", (step.name, subject)))

    def send(self, step: steps.SendStep, message: Record) -> Record:
        """Put a message in the outbox: the given map becomes its record.

        `send_at` is an instant, `sent_at` and `delivered_at` are still spans of time from it.
        """
        now, at = self.now, message["send_at"]
        at = now if at is None else int(at)
        sent_at = at + int(message["sent_at"] or 0)
        delivered = message["delivered_at"]
        outcome = message["outcome"] or DELIVERED
        if outcome not in OUTCOMES:
            raise ExpressionError(f"a message's outcome is one of {', '.join(OUTCOMES)}")
        link, text = message["link"], str(message["text"])
        if step.link_at and link:
            text = text.replace(step.link_at, link)
        message["id"] = message_id = self.uuid()
        message["api"] = self.api.name
        message["operation"] = self.operation.id
        message["request_id"] = self.exchange.id
        message["text"] = text
        message["created_at"] = now
        message["send_at"] = at
        message["sent_at"] = sent_at
        message["delivered_at"] = sent_at if delivered is None else at + int(delivered)
        message["outcome"] = outcome
        self.insert(self.store.messages, message)
        self.append((step, "queued", (message["channel"], message["to"], message_id)))
        return message

    def items(self, step: steps.EachStep, of: JsonValue) -> Iterable[tuple[int, JsonValue]]:
        """Return the items of a list, numbered, if one request may handle as many."""
        items = of or []
        if not isinstance(items, list):
            raise ExpressionError("`each` goes over a list")
        self.append((step, "started", (len(items),)))
        self.steps_left -= len(items) * step.steps
        if self.steps_left < 0:
            raise UnmetError(step, "the list is longer than one request may handle")
        return enumerate(items)

    def respond(
        self,
        step: steps.RespondStep,
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
        accept = self.exchange.request.accept
        found = represent(self.operation, sent, body, step.content_type, accept)
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

    def review_page(self, step: steps.ReviewPageStep, title: JsonValue, sent: JsonValue) -> None:
        """Show the page on which a review is left, or thank for the one that was sent."""
        page = thanks_page(title, self.scope["body"]) if sent else form_page(title)
        if sent:
            self._keep_review(title)
        self.append((step, "thanked" if sent else "shown"))
        self.answer(200, HEADERS, page, CONTENT_TYPE, "it is the mock's own page")

    def _keep_review(self, title: JsonValue) -> None:
        """Remember which message led to a review; the document keeps the review as it likes."""
        segments = self.exchange.request.path.split("/")[-self.operation.path.count("/") :]
        page = "/" + "/".join(segments)
        messages = reversed(self.store.messages.rows.values())
        asked = next((row for row in messages if str(row["link"]).endswith(page)), None)
        review: Record = {"id": self.exchange.id, "page": page, "about": title, "at": self.now}
        review["message_id"] = None if asked is None else asked["id"]
        review |= {name: self.scope["body"].get(name) for name in ("rating", "text", "name")}
        self.insert(self.store.collection("left_reviews"), review)

    def authorize(self, step: steps.OauthAuthorizeStep) -> None:
        """Be the authorization endpoint of an OAuth server."""
        oauth.authorize(step, self)

    def issue_token(self, step: steps.OauthTokenStep) -> None:
        """Be the token endpoint of an OAuth server."""
        oauth.issue_token(step, self)

    def revoke(self, step: steps.OauthRevokeStep, user: JsonValue, token: JsonValue) -> int:
        """Revoke one token of a user, or all; return how many there were."""
        return oauth.revoke(step, self, user, token)


def _behind(step: steps.ListRecordsStep, records: Iterable[Record], field: str, key: str) -> int:
    """Return how many records there are up to one."""
    for number, record in enumerate(records, 1):
        if key_text(record[field]) == key:
            return number
    raise UnmetError(step, f"nothing in the list has the key {key[:100]!r} to go on from")


def _told(step: steps.TakeStep, subject: str, quota: limits.Quota) -> tuple[JsonValue, ...]:
    renews = None if quota.renews is None else format_instant(quota.renews)
    return step.quota, subject, quota.left, quota.limit, renews


def _holder(matching: Template, scope: Scope) -> Callable[[Record], bool]:
    inner = scope.copy()

    def holds(record: Record) -> bool:
        inner["item"] = record
        return bool(matching(inner))

    return holds


def _selected(items: Iterable[Record], select: Template, scope: Scope) -> list[JsonValue]:
    return [select({**scope, "item": item}) for item in items]


def _conflict(step: steps.Step, conflict: ConflictError) -> UnmetError:
    return UnmetError(step, f"{conflict.collection} already has one with this {conflict.field}")


def _kept(key: str, name: str, subject: str, state: JsonValue) -> Record:
    return {"id": key, "name": name, "subject": subject, "state": state}
