"""The steps of an operation, compiled: every name they bind is known to the steps after them."""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import near
from mockserver.language.programs import Part, assemble, code, local, variable, write_back
from mockserver.model import steps
from mockserver.model.refusal import Kind
from mockserver.openapi import x_mock
from mockserver.verbs.step_context import StepContext

DEFAULT_REFUSALS: Mapping[str, str] = {
    "find": Kind.NOT_FOUND,
    "create": Kind.CONFLICT,
    "update": Kind.CONFLICT,
    "take": Kind.QUOTA_EXHAUSTED,
    "cooldown": Kind.COOLDOWN,
}
"""Error kind of a verb that refuses and has no `otherwise`; for all others it is `invalid`."""

AnyStep = TypeVar("AnyStep", bound=steps.Step)


def compile_steps(
    models: Iterable[x_mock.StepFields], source: Source, context: StepContext
) -> steps.Program | None:
    """Compile the steps of an operation into its program; None if there are no steps."""
    return program(statements(models, source, context), context)


def program(body: list[ast.stmt], context: StepContext) -> steps.Program | None:
    """Make the program of what was compiled in a context."""
    return assemble(tuple(context.steps), body, context.bound, context.constants)


def statements(
    models: Iterable[x_mock.StepFields], source: Source, context: StepContext
) -> list[ast.stmt]:
    """Compile steps into the code that takes them."""
    return [
        statement
        for index, model in enumerate(models)
        for statement in _step(model, source.child(index), context)
    ]


def _step(model: x_mock.StepFields, source: Source, context: StepContext) -> list[ast.stmt]:
    default = DEFAULT_REFUSALS.get(model.verb, Kind.INVALID)
    otherwise = context.otherwise(model.otherwise, default, source.child("otherwise"))
    site = Site.next(context, source, otherwise)
    when = None if model.when is None else context.test(model.when, source.child("when"))
    content = getattr(model, _ATTRIBUTES[model.verb])
    body = COMPILERS[model.verb](content, source.child(model.verb), context, site)
    if when is None:
        return body
    skipped = context.name((context.steps[site.line - 1], "skipped"))
    source_text = "if when:\n    body\nelse:\n    append(skipped)"
    return code(source_text, site.line, when=when, body=body, skipped=skipped)


@dataclass(slots=True)
class Site:
    """Where a step stands."""

    context: StepContext
    source: Source
    otherwise: steps.Otherwise
    line: int
    step: ast.expr | None = None
    """The step itself, once it is made, for its code."""

    @classmethod
    def next(cls, context: StepContext, source: Source, otherwise: steps.Otherwise) -> "Site":
        """Give a step the line after the last one's."""
        context.steps.append(steps.Step(source=source, otherwise=otherwise))
        return cls(context, source, otherwise, len(context.steps))

    def make(self, verb: type[AnyStep], **content: object) -> AnyStep:
        """Make the step and keep it under its line."""
        step = verb(source=self.source, otherwise=self.otherwise, **content)
        self.context.steps[self.line - 1] = step
        self.step = self.context.name(step)
        return step

    def code(self, source: str, **parts: Part) -> list[ast.stmt]:
        """Write the step's code, in which `step` is the step itself."""
        assert self.step is not None
        return code(source, self.line, step=self.step, **parts)

    def call(self, call: str, bind: str | None, **parts: Part) -> list[ast.stmt]:
        """Call a method of the run, and bind what it returns if the document has a name for it."""
        if bind is None:
            return self.code(call, **parts)
        return self.code(f"name = {call}", name=local(bind), **parts)

    def scoped(self) -> list[ast.stmt]:
        """Make the scope say what the variables do, for a template that is evaluated later."""
        return write_back(self.context.bound, self.line)


_ATTRIBUTES = {verb: attribute for attribute, verb in x_mock.VERBS.items()}


def _require(content: str, source: Source, context: StepContext, site: Site) -> list[ast.stmt]:
    step = site.make(steps.RequireStep, shown=content)
    return site.code(
        "if not that:\n    run.unmet_requirement(step)\nappend(holds)",
        that=context.test(content, source),
        holds=context.name((step, "holds")),
    )


def _let(
    content: Mapping[str, JsonValue], source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    site.make(steps.LetStep)
    bindings: list[ast.stmt] = []
    for name, value in content.items():
        tree = context.tree(value, source.child(name))
        context.bind(name, source.child(name), is_map=False)
        bindings += site.code("name = value", name=local(name), value=tree)
    return bindings


def _find(
    content: x_mock.FindFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    collection = context.collection(content.in_, source.child("in"))
    inner = context.item("item")
    inner.known.maps.add("item")
    matching = inner.condition(content.matching, source.child("matching"))
    site.make(steps.FindStep, collection=collection, matching=matching, optional=content.optional)
    where = context.trees(content.where, source.child("where"))
    before = [] if matching is None else site.scoped()
    call = "run.find(step, where)"
    if matching is None and list(content.where) == [context.key(collection)]:
        call, where = "run.find_by_key(step, where)", cast(ast.Dict, where).values[0]
    context.bind(content.as_, source.child("as"))
    return before + site.call(call, content.as_, where=where)


def _list(
    content: x_mock.ListRecordsFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    inner = context.item("item")
    inner.known.maps.add("item")
    matching = inner.condition(content.matching, source.child("matching"))
    select = inner.optional(content.select, source.child("select"))
    collection = context.collection(content.in_, source.child("in"))
    site.make(steps.ListRecordsStep, collection=collection, matching=matching, select=select)
    before = site.scoped()
    parts = {
        "where": context.trees(content.where, source.child("where")),
        "sort": context.tree(content.sort, source.child("sort")),
        "offset": context.tree(content.offset, source.child("offset")),
        "limit": context.tree(content.limit, source.child("limit")),
        "after": context.tree(content.after, source.child("after")),
    }
    context.bind(content.as_, source.child("as"))
    call = "run.list(step, where, sort, (offset, limit, after))"
    return before + site.call(call, content.as_, **parts)


def _create(
    content: x_mock.CreateFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    site.make(steps.CreateStep, collection=context.collection(content.in_, source.child("in")))
    context.check_key(content.in_, content.record, source.child("record"))
    record = context.tree(content.record, source.child("record"))
    context.bind(content.as_, source.child("as"))
    return site.call("run.create(step, record)", content.as_, record=record)


def _update(
    content: x_mock.UpdateFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    inner = context.item("item")
    inner.known.maps.add("item")
    collection = context.collection(content.in_, source.child("in"))
    is_whole = content.set is None
    key, value = ("record", content.record) if is_whole else ("set", content.set)
    fields = inner.template(value, source.child(key))
    site.make(steps.UpdateStep, collection=collection, fields=fields, is_whole=is_whole)
    where = context.trees(content.where, source.child("where"))
    before = site.scoped()
    if content.as_ is None:
        return before + site.code("run.update(step, where)", where=where)
    context.bind(content.as_, source.child("as"))
    name, old = local(content.as_), variable(content.as_)
    call = "name = run.update(step, where) or old"
    return before + site.code(call, name=name, old=old, where=where)


def _delete(
    content: x_mock.DeleteFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    site.make(steps.DeleteStep, collection=context.collection(content.in_, source.child("in")))
    where = context.trees(content.where, source.child("where"))
    return site.call("run.delete_all(step, where)", None, where=where)


def _take(
    content: x_mock.TakeFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    shown = context.apart()
    site.make(
        steps.TakeStep,
        quota=content.quota,
        subject=shown.template(content.subject, source),
        limit=shown.template(content.limit, source),
        period=shown.template(shown.span(content.period, source), source),
        anchor=shown.template(content.anchor, source),
        calendar=content.calendar,
        is_bound=content.as_ is not None,
        optional=content.optional,
    )
    parts = {
        "subject": context.tree(content.subject, source.child("subject")),
        "limit": context.tree(content.limit, source.child("limit")),
        "period": context.span_tree(content.period, source.child("period")),
        "anchor": context.tree(content.anchor, source.child("anchor")),
        "amount": context.tree(content.amount, source.child("amount")),
    }
    context.bind(content.as_, source.child("as"))
    call = "run.take(step, subject, limit, period, anchor, amount)"
    return site.call(call, content.as_, **parts)


def _cooldown(
    content: x_mock.CooldownFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    shown = context.apart()
    period = shown.template(shown.span(content.period, source), source)
    site.make(steps.CooldownStep, name=content.name, period=period)
    return site.call(
        "run.cooldown(step, subject, period, bypass)",
        None,
        subject=context.tree(content.subject, source.child("subject")),
        period=context.span_tree(content.period, source.child("period")),
        bypass=context.test(content.bypass, source.child("bypass")),
    )


def _send(
    content: x_mock.SendFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    fields = {
        "channel": content.channel,
        "to": content.to,
        "from": content.from_,
        "subject": content.subject,
        "text": content.text,
        "link": content.link,
        "send_at": content.at,
        "sent_at": context.span(content.sent_after, source.child("sent_after")),
        "delivered_at": context.span(content.delivered_after, source.child("delivered_after")),
        "outcome": content.outcome,
        "data": content.data,
    }
    site.make(steps.SendStep, link_at=content.link_at)
    message = context.trees(fields, source)
    context.bind(content.as_, source.child("as"))
    return site.call("run.send(step, message)", content.as_, message=message)


def _each(
    content: x_mock.EachFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    of = context.test(content.of, source.child("of"))
    context.bind(content.as_, source.child("as"), is_map=False)
    context.known.names.add("index")
    context.bound.add("index")
    body = statements(content.steps, source.child("steps"), context)
    site.make(steps.EachStep, steps=len(content.steps))
    return site.code(
        "for index, item in run.items(step, of):\n    body",
        index=local("index"),
        item=local(content.as_),
        of=of,
        body=body or code("pass", site.line),
    )


def _respond(
    content: x_mock.RespondFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    if content.example is not None and content.example not in context.examples:
        hint = near(content.example, context.examples)
        context.problem(source.child("example"), f"no example {content.example!r}", hint)
    site.make(
        steps.RespondStep,
        example=content.example,
        content_type=content.content_type or "",
        conform=content.conform,
    )
    return site.code(
        "run.respond(step, status, headers, body)\nreturn",
        status=context.tree(content.status, source.child("status")),
        headers=context.trees(content.headers, source.child("headers")),
        body=context.tree(content.body, source.child("body")),
    )


def _oauth_authorize(
    content: x_mock.OauthAuthorizeFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    lifetime = context.duration(content.code_lifetime, source.child("code_lifetime"))
    site.make(
        steps.OauthAuthorizeStep,
        clients=context.collection(content.clients, source.child("clients")),
        users=context.collection(content.users, source.child("users")),
        scopes=tuple(content.scopes),
        default_scope=content.default_scope,
        consent=context.template(content.consent, source.child("consent")),
        code_lifetime=lifetime or (lambda _scope: 0),
        pkce_required=content.pkce == "required",
        title=content.title,
    )
    return site.scoped() + site.code("run.authorize(step)\nreturn")


def _oauth_token(
    content: x_mock.OauthTokenFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    lifetime = context.duration(content.access_lifetime, source.child("access_lifetime"))
    site.make(
        steps.OauthTokenStep,
        clients=context.collection(content.clients, source.child("clients")),
        tokens=context.collection(content.tokens, source.child("tokens")),
        access_lifetime=lifetime or (lambda _scope: 0),
        refresh_lifetime=context.duration(
            content.refresh_lifetime, source.child("refresh_lifetime")
        ),
        rotate=context.template(content.rotate, source.child("rotate")),
    )
    return site.scoped() + site.code("run.issue_token(step)\nreturn")


def _oauth_revoke(
    content: x_mock.OauthRevokeFields, source: Source, context: StepContext, site: Site
) -> list[ast.stmt]:
    site.make(
        steps.OauthRevokeStep, tokens=context.collection(content.tokens, source.child("tokens"))
    )
    parts = {
        "token": context.tree(content.token, source.child("token")),
        "user": context.tree(content.user, source.child("user")),
    }
    context.bind(content.as_, source.child("as"), is_map=False)
    return site.call("run.revoke(step, user, token)", content.as_, **parts)


Compiler = Callable[[Any, Source, StepContext, Site], list[ast.stmt]]
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
