"""Compiles the steps of an operation; every name they bind is known to the steps after them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from mockserver import verbs
from mockserver.errors import Source, near
from mockserver.exchange import JsonValue, Kind
from mockserver.spec import behaviour
from mockserver.spec.contexts import StepContext

DEFAULT_REFUSALS: Mapping[str, str] = {
    "find": Kind.NOT_FOUND,
    "create": Kind.CONFLICT,
    "update": Kind.CONFLICT,
    "take": Kind.QUOTA_EXHAUSTED,
    "cooldown": Kind.COOLDOWN,
}
"""Error kind of a verb that refuses and has no `otherwise`; for all others it is `invalid`."""


def compile_steps(
    models: Iterable[behaviour.Step], source: Source, context: StepContext
) -> tuple[verbs.Step, ...]:
    """Compile steps in order."""
    return tuple(
        _compile_step(model, source.child(index), context) for index, model in enumerate(models)
    )


def _compile_step(model: behaviour.Step, source: Source, context: StepContext) -> verbs.Step:
    verb = model.verb
    default = DEFAULT_REFUSALS.get(verb, Kind.INVALID)
    common = {
        "source": source,
        "when": context.condition(model.when, source.child("when")),
        "otherwise": context.otherwise(model.otherwise, default, source.child("otherwise")),
    }
    content = getattr(model, _ATTRIBUTES[verb])
    return COMPILERS[verb](content, source.child(verb), context, common)


_ATTRIBUTES = {verb: attribute for attribute, verb in behaviour.VERBS.items()}
Common = dict[str, Any]


def _require(content: str, source: Source, context: StepContext, common: Common) -> verbs.Step:
    return verbs.Require(**common, that=context.expression(content, source), shown=content)


def _let(
    content: Mapping[str, JsonValue], source: Source, context: StepContext, common: Common
) -> verbs.Step:
    bindings = []
    for name, value in content.items():
        bindings.append((name, context.template(value, source.child(name))))
        context.bind(name, source.child(name), is_map=False)
    return verbs.Let(**common, bindings=tuple(bindings))


def _find(
    content: behaviour.Find, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    inner = context.item("item")
    inner.known.maps.add("item")
    step = verbs.Find(
        **common,
        collection=context.collection(content.in_, source.child("in")),
        where=context.templates(content.where, source.child("where")),
        matching=inner.condition(content.matching, source.child("matching")),
        bind=content.as_,
        optional=content.optional,
    )
    context.bind(content.as_, source.child("as"))
    return step


def _list(
    content: behaviour.ListRecords, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    inner = context.item("item")
    inner.known.maps.add("item")
    step = verbs.ListRecords(
        **common,
        collection=context.collection(content.in_, source.child("in")),
        where=context.templates(content.where, source.child("where")),
        matching=inner.condition(content.matching, source.child("matching")),
        sort=context.optional(content.sort, source.child("sort")),
        offset=context.optional(content.offset, source.child("offset")),
        limit=context.optional(content.limit, source.child("limit")),
        select=inner.optional(content.select, source.child("select")),
        bind=content.as_,
    )
    context.bind(content.as_, source.child("as"))
    return step


def _create(
    content: behaviour.Create, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    step = verbs.Create(
        **common,
        collection=context.collection(content.in_, source.child("in")),
        record=context.template(content.record, source.child("record")),
        bind=content.as_,
    )
    context.bind(content.as_, source.child("as"))
    return step


def _update(
    content: behaviour.Update, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    inner = context.item("item")
    inner.known.maps.add("item")
    step = verbs.Update(
        **common,
        collection=context.collection(content.in_, source.child("in")),
        where=context.templates(content.where, source.child("where")),
        fields=inner.template(content.set, source.child("set")),
        bind=content.as_,
    )
    context.bind(content.as_, source.child("as"))
    return step


def _delete(
    content: behaviour.Delete, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    return verbs.Delete(
        **common,
        collection=context.collection(content.in_, source.child("in")),
        where=context.templates(content.where, source.child("where")),
    )


def _take(
    content: behaviour.Take, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    step = verbs.Take(
        **common,
        quota=content.quota,
        subject=context.template(content.subject, source.child("subject")),
        limit=context.template(content.limit, source.child("limit")),
        period=context.duration(content.period, source.child("period")),
        calendar=content.calendar,
        anchor=context.optional(content.anchor, source.child("anchor")),
        amount=None
        if content.amount == 1
        else context.template(content.amount, source.child("amount")),
        bind=content.as_,
        optional=content.optional,
    )
    context.bind(content.as_, source.child("as"))
    return step


def _cooldown(
    content: behaviour.Cooldown, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    period = context.duration(content.period, source.child("period"))
    return verbs.Cooldown(
        **common,
        name=content.name,
        subject=context.template(content.subject, source.child("subject")),
        period=period or (lambda _scope: 0),
        bypass=context.condition(content.bypass, source.child("bypass")),
    )


def _send(
    content: behaviour.Send, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    fields = {
        "channel": content.channel,
        "to": content.to,
        "from": content.from_,
        "subject": content.subject,
        "text": content.text,
        "link": content.link,
        "at": content.at,
        "outcome": content.outcome,
        "data": content.data,
        "sent_after": context.span(content.sent_after, source.child("sent_after")),
        "delivered_after": context.span(content.delivered_after, source.child("delivered_after")),
    }
    step = verbs.Send(
        **common,
        fields=context.template(fields, source),
        link_at=content.link_at,
        bind=content.as_,
    )
    context.bind(content.as_, source.child("as"))
    return step


def _each(
    content: behaviour.Each, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    of = context.expression(content.of, source.child("of"))
    context.bind(content.as_, source.child("as"), is_map=False)
    context.known.names.add("index")
    context.bound.add("index")
    steps = compile_steps(content.steps, source.child("steps"), context)
    return verbs.Each(**common, of=of, bind=content.as_, steps=steps)


def _respond(
    content: behaviour.Respond, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    if content.example is not None and content.example not in context.examples:
        hint = near(content.example, context.examples)
        context.problem(source.child("example"), f"no example {content.example!r}", hint)
    return verbs.Respond(
        **common,
        status=context.optional(content.status, source.child("status")),
        headers=context.templates(content.headers, source.child("headers")),
        body=context.optional(content.body, source.child("body")),
        example=content.example,
        content_type=content.content_type or "application/json",
    )


def _oauth_authorize(
    content: behaviour.OauthAuthorize, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    lifetime = context.duration(content.code_lifetime, source.child("code_lifetime"))
    return verbs.OauthAuthorize(
        **common,
        clients=context.collection(content.clients, source.child("clients")),
        users=context.collection(content.users, source.child("users")),
        scopes=tuple(content.scopes),
        default_scope=content.default_scope,
        consent=context.template(content.consent, source.child("consent")),
        code_lifetime=lifetime or (lambda _scope: 0),
        pkce_required=content.pkce == "required",
        title=content.title,
    )


def _oauth_token(
    content: behaviour.OauthToken, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    lifetime = context.duration(content.access_lifetime, source.child("access_lifetime"))
    return verbs.OauthToken(
        **common,
        clients=context.collection(content.clients, source.child("clients")),
        tokens=context.collection(content.tokens, source.child("tokens")),
        access_lifetime=lifetime or (lambda _scope: 0),
        refresh_lifetime=context.duration(
            content.refresh_lifetime, source.child("refresh_lifetime")
        ),
        rotate=context.template(content.rotate, source.child("rotate")),
    )


def _oauth_revoke(
    content: behaviour.OauthRevoke, source: Source, context: StepContext, common: Common
) -> verbs.Step:
    step = verbs.OauthRevoke(
        **common,
        tokens=context.collection(content.tokens, source.child("tokens")),
        token=context.optional(content.token, source.child("token")),
        user=context.template(content.user, source.child("user")),
        bind=content.as_,
    )
    context.bind(content.as_, source.child("as"), is_map=False)
    return step


Compiler = Callable[[Any, Source, StepContext, Common], verbs.Step]
COMPILERS: Mapping[str, Compiler] = cast(
    Mapping[str, Compiler],
    {
        "require": _require,
        "let": _let,
        "find": _find,
        "list": _list,
        "create": _create,
        "update": _update,
        "delete": _delete,
        "take": _take,
        "cooldown": _cooldown,
        "send": _send,
        "each": _each,
        "respond": _respond,
        "oauth_authorize": _oauth_authorize,
        "oauth_token": _oauth_token,
        "oauth_revoke": _oauth_revoke,
    },
)
"""One compiler for every verb."""
