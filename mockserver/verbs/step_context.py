"""Check the names that the steps of an operation use, and write the code of each step.

It is used when a document is loaded, never during a request. `openapi/operations.py` makes a
`StepContext` for each operation, `openapi/policies.py` uses one for rules that are not steps.
`step_compiler.py` and the compile functions of verbs call it to check names, and to turn values
into code or templates; these, and `openapi/review_pages.py`, write the code of each step with a
`StepCodeWriter`. A problem of the document is added to the context and not raised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.base.time import parse_duration
from mockserver.language.expressions import (
    KnownNames,
    TemplateWriter,
    check_expression,
    compile_expression,
    compile_template,
    has_expressions,
    kinds_of_value,
)
from mockserver.language.kind_checks import KnownKinds
from mockserver.language.kinds import ANY, NULL, SPAN, Kinds
from mockserver.language.programs import Block, Line, variable_name, write_block, write_scope
from mockserver.model.api import CollectionSpec
from mockserver.model.failed_expressions import WrittenExpression
from mockserver.model.scope import SCOPE_NAMES, Template
from mockserver.model.steps import Otherwise, Step
from mockserver.verbs.registry import Verbs
from mockserver.verbs.verb import Verb

if TYPE_CHECKING:
    from mockserver.verbs.fields import OtherwiseFields
    from mockserver.verbs.step_compiler import DroppedStep, ParsedStep


@dataclass(slots=True)
class StepContext:
    """The names that the steps of one operation can use, and what is compiled of them so far."""

    known: KnownNames
    """The names that an expression can use now; `bind` adds more."""
    collections: Mapping[str, CollectionSpec]
    kinds: set[str]
    """The error kinds that exist."""
    examples: set[str]
    """The names of the documented examples of the operation."""
    problems: list[SpecProblem]
    verbs: Verbs
    bound: set[str] = field(default_factory=set)
    """The names that steps bind."""
    used: set[str] = field(default_factory=set)
    """The names that the code of the steps reads."""
    constants: dict[str, Any] = field(default_factory=dict)
    """The objects that the code of the steps uses by name."""
    steps: list[Step] = field(default_factory=list)
    """The steps compiled so far, in the order of their numbers."""
    written: list[WrittenExpression] = field(default_factory=list)
    """The expressions in the code of the steps."""

    def value_code(self, value: JsonValue, source: Source) -> str:
        """Return the code of a value whose texts may contain expressions."""
        return self._writer().write(value, source)

    def expression_code(self, value: str | None, source: Source) -> str:
        """Return the code of a text that must be one expression; null stays null."""
        if value is not None:
            check_expression(value, source, self.problems)
        return self.value_code(value, source)

    def span_code(self, value: JsonValue, source: Source) -> str:
        """Return the code of a duration."""
        return self.value_code(self.span(value, source), source)

    def members_code(self, values: Mapping[str, JsonValue], source: Source) -> str:
        """Return the code that builds a new map."""
        return self._writer().members(values, source)

    def constant(self, value: object) -> str:
        """Return the code of a constant value."""
        return self._writer().constant(value)

    def _writer(self) -> TemplateWriter:
        return TemplateWriter(
            self.known, self.problems, self.constants, self._variable, self.written
        )

    def _variable(self, name: str) -> str:
        self.used.add(name)
        return variable_name(name)

    def template(self, value: JsonValue, source: Source) -> Template:
        """Compile a value to a template."""
        return compile_template(value, source, self.known, self.problems)

    def optional_template(self, value: JsonValue, source: Source) -> Template | None:
        """Compile a value to a template; null stays null."""
        return None if value is None else self.template(value, source)

    def expression(self, value: str, source: Source) -> Template:
        """Compile a text that must be one expression."""
        return compile_expression(value, source, self.known, self.problems)

    def condition(self, value: str | None, source: Source) -> Template | None:
        """Compile a text that must be one expression; null stays null."""
        return None if value is None else self.expression(value, source)

    def duration(self, value: JsonValue, source: Source) -> Template | None:
        """Compile a duration: an ISO 8601 text, or an expression that returns microseconds."""
        if has_expressions(value):
            self.check_kinds(value, SPAN, source)
        return self.optional_template(self.span(value, source), source)

    def span(self, value: JsonValue, source: Source) -> JsonValue:
        """Convert an ISO 8601 duration to microseconds; return an expression unchanged."""
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
        """Compile the members of a map, in order."""
        return tuple(
            (name, self.template(value, source.child(name))) for name, value in values.items()
        )

    def without_problems(self) -> "StepContext":
        """Return a context for compiling a value a second time, which reports no problem twice."""
        other = self.with_names()
        other.problems = []
        return other

    def with_names(self, *names: str) -> "StepContext":
        """Return a context for templates that can use more names."""
        return StepContext(
            self.known.with_names(*names),
            self.collections,
            self.kinds,
            self.examples,
            self.problems,
            self.verbs,
            self.bound,
        )

    def kinds_of(self, value: JsonValue) -> Kinds:
        """Return the kinds that a value can have."""
        return kinds_of_value(value, self.known)

    def check_kinds(self, value: JsonValue, wanted: Kinds, source: Source) -> None:
        """Add a problem if a value never has one of some kinds."""
        given = self.kinds_of(value)
        if not wanted.accepts(given):
            self.problem("MS606", source, f"{wanted} was expected here, but {value!r} is {given}")

    def bind(
        self, name: str | None, source: Source, *, is_map: bool = True, kinds: Kinds = ANY
    ) -> None:
        """Add a name that later steps can use.

        Args:
            name: The name; None binds nothing.
            source: Its place in the document.
            is_map: True if its value is always a map or null.
            kinds: The kinds that its value can have.
        """
        if name is None:
            return
        if name in RESERVED_NAMES:
            self.problem("MS506", source, f"{name!r} is a reserved name", "bind another name")
        if name in self.bound and is_map != (name in self.known.maps):
            message = f"another step binds {name!r} to a different type of value"
            self.problem("MS506", source, message, "bind another name")
        before = self.known.kinds.names.get(name, ANY) if name in self.bound else kinds
        names = {**self.known.kinds.names, name: NULL | before | kinds}
        self.known.kinds = KnownKinds(names, self.known.kinds.members)
        self.known.names.add(name)
        self.bound.add(name)
        if is_map:
            self.known.maps.add(name)

    def assume(self, names: Iterable[str]) -> None:
        """Let later steps use the names of an invalid step, so that they do not fail for them."""
        names = [name for name in names if name.isidentifier()]
        self.known.names.update(names)
        self.bound.update(names)

    def key_field(self, collection: str) -> str | None:
        """Return the key field of a collection, or None if it is not declared."""
        spec = self.collections.get(collection)
        return None if spec is None else spec.key

    def check_collection(self, name: str, source: Source) -> str:
        """Check that a collection is declared; return its name."""
        if name not in self.collections:
            hint = near(name, self.collections) or "declare it under x-mock.collections"
            self.problem("MS503", source, f"there is no collection {name!r}", hint)
        return name

    def check_key(self, name: str, record: JsonValue, source: Source) -> None:
        """Check that a record has the key of its collection, unless a schema can add it."""
        spec = self.collections.get(name)
        if spec and spec.schema is None and isinstance(record, dict) and spec.key not in record:
            hint = f'add {spec.key}: "{{{{ uuid() }}}}"'
            self.problem(
                "MS507", source, f"the record has no {spec.key!r}, the key of its collection", hint
            )

    def otherwise(
        self, value: "str | OtherwiseFields | None", default: str, source: Source
    ) -> Otherwise:
        """Compile the `otherwise` of a step; `default` is the error kind if it has none."""
        if value is None or isinstance(value, str):
            return Otherwise(self.check_kind(value or default, source))
        message = self.optional_template(value.message, source.child("message"))
        kind = self.check_kind(value.error, source.child("error"))
        return Otherwise(kind, message, value.field)

    def check_kind(self, kind: str, source: Source) -> str:
        """Check that an error kind exists; return it."""
        if kind not in self.kinds:
            hint = near(kind, self.kinds) or "declare it under x-mock.errors"
            self.problem("MS504", source, f"there is no error kind {kind!r}", hint)
        return kind

    def problem(self, code: str, source: Source, message: str, hint: str = "") -> None:
        """Add a problem of the document."""
        self.problems.append(SpecProblem(code, source, message, hint))


@dataclass(slots=True)
class StepCodeWriter:
    """Writes the code of one step, and stores the step in its context."""

    context: StepContext
    verb: Verb
    source: Source
    """The place of the verb's value in the document."""
    otherwise: Otherwise
    number: int
    """The number of the step, from 1."""
    nested: "list[ParsedStep | DroppedStep]" = field(default_factory=list)
    """The inner steps."""

    @classmethod
    def add_step(
        cls,
        context: StepContext,
        verb: Verb,
        place: tuple[Source, Source],
        otherwise: Otherwise,
        *,
        has_condition: bool = False,
    ) -> "StepCodeWriter":
        """Add a step to a context and return its writer.

        Args:
            context: The context of the operation.
            verb: The verb of the step.
            place: The place of the step, and the place of its verb's value.
            otherwise: The refusal of the step.
            has_condition: True if the step has a `when`.
        """
        step = Step(
            verb=verb.name,
            source=place[0],
            otherwise=otherwise,
            details=verb.details,
            has_condition=has_condition,
        )
        context.steps.append(step)
        number = len(context.steps)
        context.constants[f"step_{number}"] = step
        if verb.run is not None:
            context.constants[_function_name(verb)] = verb.run
        return cls(context, verb, place[1], otherwise, number)

    @property
    def step(self) -> Step:
        """The step."""
        return self.context.steps[self.number - 1]

    def source_of(self, *keys: str | int) -> Source:
        """Return the place of a field in the document."""
        return self.source.child(*keys)

    def set_step(self, kind: type[Step] = Step, **content: Any) -> None:  # noqa: ANN401 - fields of the kind
        """Replace the step by one of a verb's own class, with the values known at load."""
        old = self.step
        step = kind(
            verb=old.verb,
            source=old.source,
            otherwise=old.otherwise,
            details=old.details,
            has_condition=old.has_condition,
            **content,
        )
        self.context.steps[self.number - 1] = step
        self.context.constants[f"step_{self.number}"] = step

    def write(self, template: str, **parts: str | Block) -> Block:
        """Write lines from a template, in which `{step}` is the step (`programs.write_block`)."""
        return write_block(self.number, template, {"step": f"step_{self.number}", **parts})

    def trace_entry(self, outcome: str) -> str:
        """Return the name of a constant trace entry: the step with an outcome."""
        name = f"_{outcome}_{self.number}"
        self.context.constants[name] = (self.step, outcome)
        return name

    def write_call(self, bind: str | None, *values: str) -> Block:
        """Write a call of the run function; `bind` is the name for its result, if any."""
        arguments = ", ".join(("run", f"step_{self.number}", *values))
        call = f"{_function_name(self.verb)}({arguments})"
        return [Line(self.number, call if bind is None else f"{variable_name(bind)} = {call}")]

    def write_scope(self) -> Block:
        """Write the line that copies the variables to the scope, for templates."""
        return write_scope(self.context.bound, self.number)


def _function_name(verb: Verb) -> str:
    """Return the name of a verb's run function in programs."""
    return f"_v_{verb.name.replace(' ', '_')}"


MAP_NAMES = frozenset(("path", "query", "header", "cookie", "principal", "settings", "test"))
"""The names of every scope whose values are always maps or null."""
RESERVED_NAMES = SCOPE_NAMES | {"item", "index", "error"}
"""The names that a step cannot bind."""
