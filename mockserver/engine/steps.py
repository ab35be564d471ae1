"""What each verb does to a sandbox."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from mockserver import verbs
from mockserver.clock import format_instant
from mockserver.engine import limits, oauth
from mockserver.engine.listing import page
from mockserver.engine.outbox import DELIVERED, OUTCOMES
from mockserver.engine.records import ConflictError
from mockserver.engine.rendering import header_fields
from mockserver.engine.run import Run
from mockserver.errors import ExpressionError
from mockserver.exchange import JsonValue, Record, Refusal, Scope, Template
from mockserver.messages import place_link


def run_steps(steps: tuple[verbs.Step, ...], run: Run) -> None:
    """Apply steps in order until one answers.

    Raises:
        Refusal: From a step that does not hold.
    """
    scope, append = run.scope, run.exchange.trace.append
    for step in steps:
        run.step = step
        if step.when is not None and not step.when(scope):
            append((step, "skipped"))
        elif type(step) is verbs.Require:  # here and not in a function: they are most of all steps
            if not step.that(scope):
                raise run.refuse(step, f"{step.shown} does not hold")
            append((step, "holds"))
        else:
            APPLY[type(step)](step, run)
            if run.reply is not None:
                return


def _let(step: verbs.Let, run: Run) -> None:
    scope = run.scope
    for name, template in step.bindings:
        scope[name] = template(scope)


def _where(where: tuple[tuple[str, Template], ...], scope: Scope) -> dict[str, JsonValue]:
    return {name: template(scope) for name, template in where}


def _find(step: verbs.Find, run: Run) -> None:
    collection = run.store.collection(step.collection)
    found: Record | None
    if len(step.where) == 1 and step.matching is None and step.where[0][0] == collection.spec.key:
        found = collection.by_key(step.where[0][1](run.scope))
    elif step.matching is None:
        found = collection.find(_where(step.where, run.scope))
    else:
        wanted = _where(step.where, run.scope)
        holds = _holder(step.matching, run.scope)
        found = next(filter(holds, collection.matching(wanted)), None)
    if found is None and not step.optional:
        raise run.refuse(step, f"nothing in {step.collection} matches")
    run.scope[step.bind] = found
    run.exchange.trace.append((step, "nothing found" if found is None else "found"))


def _holder(matching: Template, scope: Scope) -> Callable[[Record], bool]:
    inner = scope.copy()

    def holds(record: Record) -> bool:
        inner["item"] = record
        return bool(matching(inner))

    return holds


def _list(step: verbs.ListRecords, run: Run) -> None:
    given = _where(step.where, run.scope)
    wanted = {name: value for name, value in given.items() if value is not None}
    records = run.store.collection(step.collection).matching(wanted)
    if step.matching is not None:
        records = list(filter(_holder(step.matching, run.scope), records))
    bound = page(records, step, run.scope)
    run.scope[step.bind] = bound
    run.note(step, "listed", bound["total"])


def _create(step: verbs.Create, run: Run) -> None:
    record = step.record(run.scope)
    if not isinstance(record, dict):
        raise ExpressionError("a record must be a map")
    try:
        key = run.create(step.collection, record)
    except ConflictError as conflict:
        raise _conflict(step, run, conflict) from None
    if step.bind is not None:
        run.scope[step.bind] = record
    run.note(step, "created", key)


def _conflict(step: verbs.Step, run: Run, conflict: ConflictError) -> Refusal:
    return run.refuse(step, f"{conflict.collection} already has one with this {conflict.field}")


def _update(step: verbs.Update, run: Run) -> None:
    collection = run.store.collection(step.collection)
    records = collection.matching(_where(step.where, run.scope))
    for record in records:
        changed = {**record, **step.fields({**run.scope, "item": record})}
        try:
            run.put(collection, str(record[collection.spec.key]), changed)
        except ConflictError as conflict:
            raise _conflict(step, run, conflict) from None
        if step.bind is not None:
            run.scope[step.bind] = changed
    run.note(step, "updated", len(records))


def _delete(step: verbs.Delete, run: Run) -> None:
    collection = run.store.collection(step.collection)
    records = collection.matching(_where(step.where, run.scope))
    for record in records:
        run.delete(step.collection, str(record[collection.spec.key]))
    run.note(step, "deleted", len(records))


def _take(step: verbs.Take, run: Run) -> None:
    scope = run.scope
    subject = str(step.subject(scope))
    key = f"{step.quota}:{subject}"
    record = run.store.quotas.rows.get(key)
    period = _period(
        None if step.period is None else step.period(scope),
        step.calendar,
        None if step.anchor is None else step.anchor(scope),
    )
    amount = step.amount(scope) if step.amount else 1
    state, quota = limits.take(
        step.limit(scope), period, record["state"] if record else None, run.now, amount
    )
    if not quota.allowed and not step.optional:
        message = f"only {quota.left} of {quota.limit} {step.quota} left"
        raise run.refuse(step, message, quota.renews)
    if quota.allowed:
        run.put(run.store.quotas, key, _kept(key, step.quota, subject, state))
    if step.bind is not None:
        scope[step.bind] = quota.as_record()
    run.note(step, "taken" if quota.allowed else "too little left", quota.left)


_period = lru_cache(4096)(limits.Period)


def _kept(key: str, name: str, subject: str, state: JsonValue) -> Record:
    return {"id": key, "name": name, "subject": subject, "state": state}


def _cooldown(step: verbs.Cooldown, run: Run) -> None:
    subject = str(step.subject(run.scope))
    key = f"{step.name}:{subject}"
    record = run.store.cooldowns.rows.get(key)
    period = step.period(run.scope)
    state, cooldown = limits.cooldown(period, record["state"] if record else None, run.now)
    bypassed = not cooldown.allowed and step.bypass is not None and step.bypass(run.scope)
    if bypassed:
        state = limits.start_cooldown(run.now)
    elif not cooldown.allowed:
        until = format_instant(cooldown.until)
        raise run.refuse(step, f"{step.name} is cooling down until {until}", cooldown.until)
    run.put(run.store.cooldowns, key, _kept(key, step.name, subject, state))
    run.note(step, "bypassed" if bypassed else "started", subject)


def _instant(value: JsonValue, default: int) -> int:
    return default if value is None else int(value)


def _send(step: verbs.Send, run: Run) -> None:
    fields = step.fields(run.scope)
    at = _instant(fields["at"], run.now)
    outcome = fields["outcome"] or DELIVERED
    if outcome not in OUTCOMES:
        raise ExpressionError(f"a message's outcome is one of {', '.join(OUTCOMES)}")
    sent_after = _instant(fields["sent_after"], 0)
    link = fields["link"]
    text = str(fields["text"])
    message: Record = {
        "id": run.uuid(),
        "api": run.api.name,
        "operation": run.operation.id,
        "request_id": run.exchange.id,
        "channel": fields["channel"],
        "to": fields["to"],
        "from": fields["from"],
        "subject": fields["subject"],
        "text": place_link(text, step.link_at, link) if step.link_at and link else text,
        "link": link,
        "created_at": run.now,
        "send_at": at,
        "sent_at": at + sent_after,
        "delivered_at": at + _instant(fields["delivered_after"], sent_after),
        "outcome": outcome,
        "data": fields["data"],
    }
    run.create("messages", message)
    if step.bind is not None:
        run.scope[step.bind] = message
    run.note(step, "queued", message["channel"], message["to"], message["id"])


def _each(step: verbs.Each, run: Run) -> None:
    items = step.of(run.scope) or []
    if not isinstance(items, list):
        raise ExpressionError("`each` goes over a list")
    run.note(step, "started", len(items))
    run.steps_left -= len(items) * len(step.steps)
    if run.steps_left < 0:
        raise run.refuse(step, "the list is longer than one request may handle")
    for index, item in enumerate(items):
        run.scope[step.bind] = item
        run.scope["index"] = index
        run_steps(step.steps, run)
        if run.reply is not None:
            return


def _respond(step: verbs.Respond, run: Run) -> None:
    scope = run.scope
    headers = header_fields(step.headers, scope)
    status = None if step.status is None else int(step.status(scope))
    if step.example is not None:
        run.answer_example(step.example, status, headers)
        return
    body = None if step.body is None else step.body(scope)
    run.answer(status or run.operation.success, headers, body, step.content_type)


Apply = Callable[[Any, Run], None]
APPLY: Mapping[type[verbs.Step], Apply] = cast(
    Mapping[type[verbs.Step], Apply],
    {
        verbs.Let: _let,
        verbs.Find: _find,
        verbs.ListRecords: _list,
        verbs.Create: _create,
        verbs.Update: _update,
        verbs.Delete: _delete,
        verbs.Take: _take,
        verbs.Cooldown: _cooldown,
        verbs.Send: _send,
        verbs.Each: _each,
        verbs.Respond: _respond,
        verbs.OauthAuthorize: oauth.apply_authorize,
        verbs.OauthToken: oauth.apply_token,
        verbs.OauthRevoke: oauth.apply_revoke,
    },
)
"""One function for every verb."""
