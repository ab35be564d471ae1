"""What the expressions and steps of an operation may refer to, and where a step is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.base.time import parse_duration
from mockserver.language.expressions import (
    Known,
    TemplateWriter,
    check_expression,
    compile_expression,
    compile_template,
    has_expressions,
)
from mockserver.language.programs import Block, Line, block, local, write_back
from mockserver.model.api import CollectionSpec
from mockserver.model.scope import SCOPE_NAMES, Template
from mockserver.model.steps import Otherwise, Step
from mockserver.verbs.registry import Verbs
from mockserver.verbs.verb import Verb

if TYPE_CHECKING:
    from mockserver.verbs.fields import OtherwiseFields
    from mockserver.verbs.step_compiler import ReadStep


@dataclass(slots=True)
class StepContext:
    """What the steps of one operation may refer to, and where their problems are collected."""

    known: Known
    collections: Mapping[str, CollectionSpec]
    kinds: set[str]
    examples: set[str]
    problems: list[SpecProblem]
    verbs: Verbs
    bound: set[str] = field(default_factory=set)
    """Names that steps bind."""
    used: set[str] = field(default_factory=set)
    """Names that the code of the steps reads."""
    constants: dict[str, Any] = field(default_factory=dict)
    """What the code of the steps refers to by name."""
    steps: list[Step] = field(default_factory=list)
    """The steps so far, in the order of their numbers."""

    def code(self, value: JsonValue, source: Source) -> str:
        """Write a value, whose texts may hold expressions, for the program of the steps."""
        return self._writer().write(value, source)

    def expression_code(self, value: str | None, source: Source) -> str:
        """Write a text that must be one expression; null stays null."""
        if value is not None:
            check_expression(value, source, self.problems)
        return self.code(value, source)

    def span_code(self, value: JsonValue, source: Source) -> str:
        """Write a span of time."""
        return self.code(self.span(value, source), source)

    def members_code(self, values: Mapping[str, JsonValue], source: Source) -> str:
        """Write a new map."""
        return self._writer().members(values, source)

    def constant(self, value: object) -> str:
        """Write a value that does not vary."""
        return self._writer().constant(value)

    def _writer(self) -> TemplateWriter:
        return TemplateWriter(self.known, self.problems, self.constants, self._variable)

    def _variable(self, name: str) -> str:
        self.used.add(name)
        return local(name)

    def template(self, value: JsonValue, source: Source) -> Template:
        """Compile a value that is always there."""
        return compile_template(value, source, self.known, self.problems)

    def optional(self, value: JsonValue, source: Source) -> Template | None:
        """Compile a value unless it is null."""
        return None if value is None else self.template(value, source)

    def expression(self, value: str, source: Source) -> Template:
        """Compile a text that must be one expression."""
        return compile_expression(value, source, self.known, self.problems)

    def condition(self, value: str | None, source: Source) -> Template | None:
        """Compile an expression unless it is null."""
        return None if value is None else self.expression(value, source)

    def duration(self, value: JsonValue, source: Source) -> Template | None:
        """Compile a span of time: ISO 8601 text, or an expression that gives microseconds."""
        return self.optional(self.span(value, source), source)

    def span(self, value: JsonValue, source: Source) -> JsonValue:
        """Read a span of time where it is written out; leave an expression as it is."""
        if not isinstance(value, str) or has_expressions(value):
            return value
        try:
            return int(parse_duration(value))
        except ValueError as error:
            self.problem("MS512", source, str(error))
            return None

    def templates(
        self, values: Mapping[str, JsonValue], source: Source
    ) -> tuple[tuple[str, Template], ...]:
        """Compile the members of a mapping, in order."""
        return tuple(
            (name, self.template(value, source.child(name))) for name, value in values.items()
        )

    def apart(self) -> "StepContext":
        """Return a context for compiling a value a second time; its problems are dropped."""
        other = self.item()
        other.problems = []
        return other

    def item(self, *names: str) -> "StepContext":
        """Return a context for templates that also see `names`."""
        return StepContext(
            self.known.with_names(*names),
            self.collections,
            self.kinds,
            self.examples,
            self.problems,
            self.verbs,
            self.bound,
        )

    def bind(self, name: str | None, source: Source, *, is_map: bool = True) -> None:
        """Make a name known to what follows: of a map (or null), or of any value."""
        if name is None:
            return
        if name in RESERVED_NAMES:
            self.problem("MS506", source, f"{name!r} has a meaning of its own", "bind another name")
        if name in self.bound and is_map != (name in self.known.maps):
            message = f"{name!r} is a record in one place and another value in this one"
            self.problem("MS506", source, message, "bind another name")
        self.known.names.add(name)
        self.bound.add(name)
        if is_map:
            self.known.maps.add(name)

    def key(self, collection: str) -> str | None:
        """Return the key field of a collection, if it is declared."""
        spec = self.collections.get(collection)
        return None if spec is None else spec.key

    def collection(self, name: str, source: Source) -> str:
        """Check that a collection is declared."""
        if name not in self.collections:
            hint = near(name, self.collections) or "declare it under x-mock.collections"
            self.problem("MS503", source, f"there is no collection {name!r}", hint)
        return name

    def check_key(self, name: str, record: JsonValue, source: Source) -> None:
        """Check that a record has the key of its collection, unless a schema may add it."""
        spec = self.collections.get(name)
        if spec and spec.schema is None and isinstance(record, dict) and spec.key not in record:
            hint = f'add {spec.key}: "{{{{ uuid() }}}}"'
            self.problem(
                "MS507", source, f"the record has no {spec.key!r}, the key of its collection", hint
            )

    def otherwise(
        self, given: "str | OtherwiseFields | None", default: str, source: Source
    ) -> Otherwise:
        """Compile a refusal."""
        if given is None or isinstance(given, str):
            return Otherwise(self.kind(given or default, source))
        message = self.optional(given.message, source.child("message"))
        kind = self.kind(given.error, source.child("error"))
        return Otherwise(kind, message, given.field)

    def kind(self, kind: str, source: Source) -> str:
        """Check that an error kind exists."""
        if kind not in self.kinds:
            hint = near(kind, self.kinds) or "declare it under x-mock.errors"
            self.problem("MS504", source, f"there is no error kind {kind!r}", hint)
        return kind

    def problem(self, code: str, source: Source, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.problems.append(SpecProblem(code, source, message, hint))


@dataclass(slots=True)
class Site:
    """Where the code of one step is written."""

    context: StepContext
    verb: Verb
    source: Source
    """Of what the verb contains."""
    otherwise: Otherwise
    number: int
    """Of the step, from 1."""
    nested: "list[ReadStep]" = field(default_factory=list)
    """Steps that it contains."""

    @classmethod
    def next(
        cls, context: StepContext, verb: Verb, place: tuple[Source, Source], otherwise: Otherwise
    ) -> "Site":
        """Number a step; `place` is that of the step, and that of what its verb contains."""
        step = Step(verb=verb.name, source=place[0], otherwise=otherwise, details=verb.details)
        context.steps.append(step)
        number = len(context.steps)
        context.constants[f"step_{number}"] = step
        if verb.run is not None:
            context.constants[_function(verb)] = verb.run
        return cls(context, verb, place[1], otherwise, number)

    @property
    def step(self) -> Step:
        """The step itself."""
        return self.context.steps[self.number - 1]

    def at(self, *keys: str | int) -> Source:
        """Return the place of a field."""
        return self.source.child(*keys)

    def make(self, kind: type[Step] = Step, **content: Any) -> None:  # noqa: ANN401 - fields of the kind
        """Make the step anew with what is known of it before any request."""
        old = self.step
        step = kind(
            verb=old.verb,
            source=old.source,
            otherwise=old.otherwise,
            details=old.details,
            **content,
        )
        self.context.steps[self.number - 1] = step
        self.context.constants[f"step_{self.number}"] = step

    def write(self, template: str, **parts: str | Block) -> Block:
        """Write lines, in which `{step}` is the step itself; see `programs.block`."""
        return block(self.number, template, {"step": f"step_{self.number}", **parts})

    def outcome(self, outcome: str) -> str:
        """Write an entry for the trace that is the same for every request."""
        name = f"_{outcome}_{self.number}"
        self.context.constants[name] = (self.step, outcome)
        return name

    def call(self, bind: str | None, *values: str) -> Block:
        """Write a call of the verb's function; what it returns is bound if there is a name."""
        arguments = ", ".join(("run", f"step_{self.number}", *values))
        call = f"{_function(self.verb)}({arguments})"
        return [Line(self.number, call if bind is None else f"{local(bind)} = {call}")]

    def scoped(self) -> Block:
        """Write the variables into the scope, for a template that is evaluated later."""
        return write_back(self.context.bound, self.number)


def _function(verb: Verb) -> str:
    """Return the name of a verb's function in programs."""
    return f"_v_{verb.name.replace(' ', '_')}"


MAP_NAMES = frozenset(("path", "query", "header", "cookie", "principal", "settings", "test"))
"""Those of them that are maps or null."""
RESERVED_NAMES = SCOPE_NAMES | {"item", "index", "error"}
