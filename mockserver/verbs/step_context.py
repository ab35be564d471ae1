"""What the expressions and steps of an operation may refer to."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.base.time import parse_duration
from mockserver.language.expressions import (
    Known,
    build_tree,
    check_expression,
    compile_expression,
    compile_template,
    constant,
    has_expressions,
)
from mockserver.model.api import CollectionSpec
from mockserver.model.scope import SCOPE_NAMES, Template
from mockserver.model.steps import Otherwise, Step

if TYPE_CHECKING:
    from mockserver.openapi.x_mock import OtherwiseFields


@dataclass(slots=True)
class StepContext:
    """What the steps of one operation may refer to, and where their problems are collected."""

    known: Known
    collections: Mapping[str, CollectionSpec]
    kinds: set[str]
    examples: set[str]
    problems: list[SpecProblem]
    bound: set[str] = field(default_factory=set)
    constants: dict[str, Any] = field(default_factory=dict)
    """What the code of the steps refers to by name."""
    steps: list[Step] = field(default_factory=list)
    """The steps so far, in the order of their lines."""

    def tree(self, value: JsonValue, source: Source) -> ast.expr:
        """Build the syntax of a value, for the code of the steps."""
        return build_tree(value, source, self.known, self.problems, self.constants)

    def test(self, value: str | None, source: Source) -> ast.expr:
        """Build the syntax of a text that must be one expression; null stays null."""
        if value is not None:
            check_expression(value, source, self.problems)
        return self.tree(value, source)

    def span_tree(self, value: JsonValue, source: Source) -> ast.expr:
        """Build the syntax of a span of time."""
        return self.tree(self.span(value, source), source)

    def trees(self, values: Mapping[str, JsonValue], source: Source) -> ast.expr:
        """Build the syntax of a new map."""
        members = [self.tree(value, source.child(name)) for name, value in values.items()]
        return ast.Dict([ast.Constant(name) for name in values], members)

    def name(self, value: object) -> ast.expr:
        """Make a value known to the code of the steps."""
        return constant(value, self.constants)

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
            self.problem(source, str(error))
            return None

    def templates(
        self, values: Mapping[str, JsonValue], source: Source
    ) -> tuple[tuple[str, Template], ...]:
        """Compile the members of a mapping, in order."""
        return tuple(
            (name, self.template(value, source.child(name))) for name, value in values.items()
        )

    def apart(self) -> "StepContext":
        """Return a context for compiling once more what is compiled already: it tells nothing."""
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
            self.bound,
        )

    def bind(self, name: str | None, source: Source, *, is_map: bool = True) -> None:
        """Make a name known to what follows: of a map (or null), or of any value."""
        if name is None:
            return
        if name in RESERVED_NAMES:
            self.problem(source, f"{name!r} has a meaning of its own", "bind another name")
        if name in self.bound and is_map != (name in self.known.maps):
            message = f"{name!r} is a record in one place and another value in this one"
            self.problem(source, message, "bind another name")
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
            self.problem(source, f"there is no collection {name!r}", hint)
        return name

    def check_key(self, name: str, record: JsonValue, source: Source) -> None:
        """Check that a record has the key of its collection, unless a schema may add it."""
        spec = self.collections.get(name)
        if spec and spec.schema is None and isinstance(record, dict) and spec.key not in record:
            hint = f'add {spec.key}: "{{{{ uuid() }}}}"'
            self.problem(source, f"the record has no {spec.key!r}, the key of its collection", hint)

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
            self.problem(source, f"there is no error kind {kind!r}", hint)
        return kind

    def problem(self, source: Source, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.problems.append(SpecProblem(source, message, hint))


MAP_NAMES = frozenset(("path", "query", "header", "cookie", "principal", "settings", "test"))
"""Those of them that are maps or null."""
RESERVED_NAMES = SCOPE_NAMES | {"item", "index", "error"}
