"""Turn the schema objects of a document into validators, each with all that it refers to.

`openapi/compiler.py` makes one `Schemas` for a document; `openapi/` and `inference/` ask it for a
`SchemaValidator`, for requests or responses, or for a JSON Schema (`needed`), or to follow a `$ref`
(`resolve`). The validator implements protocols of `model/contents.py`, by which `wire/`, the engine
and `contract/` use it; `violations` returns at most 50, sorted by pointer. Schemas are converted at
load time; the validators are compiled at the first validation. Invalid keywords are left out, and
invalid or endless references accept anything, each with a warning.
"""

# From a schema object to a validator
#
# The validator library gets one self-contained JSON Schema, a bundle. All files are read when the
# document is loaded, so that a broken reference is reported at start and not in the middle of a
# request. A bundle is converted at load and compiled when the first value is validated, because
# most schemas of a large document are never used in a run.
#
# How a bundle is built
#
# - Every schema that is referred to becomes a definition with a number, the root too. The bundle
#   is `{"$ref": "#/$defs/0", "$defs": {"0": …}}`, with `definitions` in the older drafts. It
#   contains the definitions that the root reaches and no others.
# - The target of a reference is never inlined: each `$ref` becomes a `$ref` to a definition.
#   Inlining would copy shared schemas many times and could never finish for recursive ones.
#   Subschemas that are not referred to stay inline, with one exception: a subschema with an
#   identifier (`$id`) becomes a definition without it, because an identifier changes the base of
#   the references inside. The bundle therefore needs no identifiers of the document.
# - A definition is converted once for each dialect and direction (`_DefinitionTable`), however
#   many bundles contain it. Schemas wait in a list and are not converted by recursion, so that a
#   chain of thousands of references is no problem.
# - A reference is resolved with the identifiers and anchors of the document (`identifiers`), then
#   as a path to a file in the document's folder. An invalid one gives a warning and is replaced
#   with a schema that accepts anything.
# - A `$dynamicRef` whose target is a dynamic anchor must stay dynamic. For it alone, the
#   definitions from resources with such anchors get an address below `mock:/` as `$id`, and their
#   anchors in a `$defs` of their own. The address is never fetched.
# - The address of a draft's meta-schema stays as it is: the library contains the meta-schemas.
#
# What the library never gets
#
# - An invalid keyword: each definition is compiled alone, without its references, and the keywords
#   that the library rejects are removed with a warning. One bad keyword must not disable a
#   whole document.
# - A cycle for the same value (`reference_cycles`): validation would never end. Such a schema
#   accepts anything.
# - The network or the file system: the library runs offline; an unknown address is an error.
# - Patterns without limits: backtracking and size are bounded, since patterns come from documents.
#   Patterns that it reads in another way than ECMA-262 get an engine of their own
#   (`ecma_patterns`).
#
# Formats are asserted, even in the drafts where they are annotations by default, because documents
# of APIs use them as rules. `byte` (OpenAPI) and, for old drafts, `uuid` are added; unknown
# formats are ignored.

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jsonschema_rs

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, unescape
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, as_warnings, note, warning
from mockserver.documents.references import Place, References
from mockserver.model.refusal import Violation
from mockserver.schemas.compilation import Check, compile_schema
from mockserver.schemas.dialects import (
    SCHEMA_MAP_KEYWORDS,
    Dialect,
    convert,
    dialect_of,
    is_meta_schema,
)
from mockserver.schemas.identifiers import Identifiers
from mockserver.schemas.invalid_keywords import Keys, remove_invalid_keywords
from mockserver.schemas.part_checks import PartChecks
from mockserver.schemas.shared_definitions import ADDRESS, SharedDefinitions
from mockserver.schemas.violation_search import ViolationSearch, is_listable
from mockserver.schemas.violations import MOST, violations_of

_COMPONENT = re.compile(r"/(?:components/schemas|definitions)/([^/]+)")

_HALF_A_PAIR = "contains half of a surrogate pair, which is not a character"


class SchemaValidator:
    """Validates values against one definition, compiled at the first validation."""

    __slots__ = ("_alone", "_definitions", "_derived", "_name", "_parts", "is_valid")

    def __init__(self, definitions: SharedDefinitions, parts: PartChecks, name: str) -> None:
        self._definitions = definitions
        self._parts = parts
        self._name = name
        self._derived: dict[object, Any] | None = None
        self._alone: jsonschema_rs.Validator | None = None
        """Its own validator, once it is compiled, if it reaches few definitions."""
        self.is_valid: Check = self._compile_and_check
        """Returns True if the value conforms."""

    @property
    def derived(self) -> dict[object, Any]:
        """A cache of what was computed from the schema, with the function as the key."""
        if self._derived is None:
            self._derived = {}
        return self._derived

    def schema(self) -> dict[str, JsonValue]:
        """Return a self-contained JSON Schema, with definitions that others need, too."""
        return self._definitions.schema(self._name)

    def checker(self, part: JsonValue, /) -> Check:
        """Return a predicate for values of a subschema; False for all values if it is invalid."""
        return self._parts.check(part)

    def _compile_and_check(self, value: JsonValue, /) -> bool:
        self._compile()
        return self.is_valid(value)

    def _compile(self) -> None:
        self._alone = self._definitions.compiled_alone(self._name)
        self.is_valid = self._alone.is_valid if self._alone else self._definitions.check(self._name)

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        """Return the violations of a value, at most 50, sorted by pointer."""
        try:
            return self._violations(value, where)
        except UnicodeEncodeError:  # the library gets values as UTF-8
            return [Violation(where, "", "type", _HALF_A_PAIR)]

    def _violations(self, value: JsonValue, where: str) -> list[Violation]:
        if self.is_valid == self._compile_and_check:
            self._compile()
        schema = self._definitions.schemas[self._name]
        if not is_listable(schema, value, self._parts):
            return ViolationSearch(self._parts, where).violations(schema, value)
        alone, definitions = self._alone, self._definitions
        errors = alone.iter_errors(value) if alone else definitions.errors(self._name, value)
        alternatives = partial(definitions.alternatives, self._name)
        return violations_of(errors, where, 0 if alone else 1, alternatives)[:MOST]


@dataclass(slots=True)
class Schemas:
    """All schemas of one document; each is converted once for each direction."""

    references: References
    version: str
    """The OpenAPI version: 2.0, 3.0, 3.1 or 3.2."""
    problems: list[SpecProblem]
    _tables: dict[tuple[Dialect, str], "_DefinitionTable"] = field(default_factory=dict)

    def validator(self, place: Place, direction: str) -> SchemaValidator:
        """Return the validator of a schema object; add its problems as warnings.

        Args:
            place: The schema object.
            direction: `request` or `response`.
        """
        return self._table(self._dialect(place), direction).validator(place)

    def needed(self, place: Place, direction: str) -> Callable[[], dict[str, JsonValue]]:
        """Convert a schema object; return a function that makes a self-contained JSON Schema."""
        table = self._table(self._dialect(place), direction)
        return partial(table.definitions.needed_schema, table.add(place))

    def resolve(self, place: Place) -> Place:
        """Return the schema at the end of a chain of `$ref`; a place without `$ref` itself.

        The target of an invalid reference is a place without a value; the warning comes from
        the conversion of the schema.
        """
        identifiers = self._table(self._dialect(place), "request").identifiers
        seen: set[tuple[str, str]] = set()
        while isinstance(place.value, dict) and isinstance(place.value.get("$ref"), str):
            seen.add(place.key)
            try:
                place = identifiers.target(place, "$ref")
            except SpecError:
                place = Place(place.document, place.pointer, None)
            if place.key in seen:
                return Place(place.document, place.pointer, None)
        return place

    def _table(self, dialect: Dialect, direction: str) -> "_DefinitionTable":
        key = (dialect, direction)
        if (table := self._tables.get(key)) is None:
            identifiers = Identifiers(self.references, dialect)
            table = _DefinitionTable(dialect, direction, identifiers, self.problems)
            self._tables[key] = table
        return table

    def _dialect(self, place: Place) -> Dialect:
        if isinstance(place.value, dict) and "$schema" not in place.value:
            with suppress(SpecError):  # reported when the reference itself is converted
                place = self.references.resolve(place)
        return dialect_of(place, self.version)


class _DefinitionTable:
    """All definitions of one dialect and direction; their names are numbers."""

    def __init__(
        self,
        dialect: Dialect,
        direction: str,
        identifiers: Identifiers,
        problems: list[SpecProblem],
    ) -> None:
        self.dialect = dialect
        self.direction = direction
        self.identifiers = identifiers
        self.problems = problems
        self.names: dict[tuple[str, str], str] = {}
        """The names of schemas, by the keys of their places."""
        self.definitions = SharedDefinitions(dialect.draft, dialect.definitions)
        self._parts = PartChecks(self.definitions)
        self._validators: dict[str, SchemaValidator] = {}

    def validator(self, place: Place) -> SchemaValidator:
        """Return the validator of a schema; the same one for the same place."""
        name = self.add(place)
        if (known := self._validators.get(name)) is None:
            known = SchemaValidator(self.definitions, self._parts, name)
            self._validators[name] = known
        return known

    def add(self, place: Place) -> str:
        """Add a schema and all that it refers to; return its name."""
        if (known := self.names.get(place.key)) is not None:
            return known
        places: dict[str, Place] = {}
        name = _SchemaBundler(self, places).add(place)
        for found in self.definitions.cut_unbounded(name):
            self.problems.append(
                warning("MS312", places[found].source, _UNBOUNDED, _UNBOUNDED_HINT)
            )
        return name


_UNBOUNDED = "this schema refers to itself for the same value, or to too many others for it"
_UNBOUNDED_HINT = "it accepts any value; break the chain of $ref, allOf, anyOf and oneOf"


class _SchemaBundler:
    """Adds a schema, and all schemas that it refers to, to a table of definitions."""

    def __init__(self, table: _DefinitionTable, places: dict[str, Place]) -> None:
        self._table = table
        self._places = places
        """The places of the definitions that were added, by name."""
        self._waiting: list[tuple[str, Place]] = []
        self._targets: list[str] = []
        """The definitions that the present one refers to."""
        self._base = ""

    def add(self, place: Place) -> str:
        """Add a schema and all that it refers to; return its name."""
        root = self._name_of(place)
        while self._waiting:
            self._define(*self._waiting.pop())
        return root

    def converted_reference(self, place: Place, keyword: str) -> dict[str, JsonValue]:
        """Return a schema that replaces the reference a schema has under `keyword`."""
        reference = place.value[keyword]
        try:
            target = self._table.identifiers.target(place, keyword)
        except SpecError as error:
            if is_meta_schema(reference):
                return {"$ref": reference}
            self._table.problems += as_warnings(error.problems)
            return {}
        name = reference.rpartition("#")[2]
        value = target.value if isinstance(target.value, dict) else {}
        if keyword == "$dynamicRef" and value.get("$dynamicAnchor") == name:
            return {"$dynamicRef": f"{ADDRESS}{self._target_name(target)}#{name}"}
        return self.definition_reference(target)

    def definition_reference(self, place: Place) -> dict[str, JsonValue]:
        """Return a reference to a schema, which is converted as a definition of its own."""
        keyword = self._table.dialect.definitions
        return {"$ref": f"{self._base}#/{keyword}/{self._target_name(place)}"}

    def warn(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Add a warning about a schema."""
        self._table.problems.append(warning(code, place.source, message, hint))

    def note(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Add a note about a schema, which is read as its author means it."""
        self._table.problems.append(note(code, place.source, message, hint))

    def _target_name(self, place: Place) -> str:
        name = self._name_of(place)
        self._targets.append(name)
        return name

    def _name_of(self, place: Place) -> str:
        """Return the name of a schema; give a new schema a name and convert it later."""
        key, names = place.key, self._table.names
        if (name := names.get(key)) is None:
            name = names[key] = str(len(names))
            self._places[name] = place
            self._waiting.append((name, place))
        return name

    def _define(self, name: str, place: Place) -> None:
        table = self._table
        anchors = table.identifiers.dynamic(place)
        self._targets = []
        self._base = ADDRESS if anchors else ""
        schema = convert(place, table.dialect, table.direction, table.identifiers.references, self)
        schema = self._without_invalid_keywords(schema, place)
        if isinstance(schema, dict):
            schema = _with_component_name(schema, place)
        if anchors and isinstance(schema, dict):
            schema = self._with_anchors(name, schema, anchors)
        table.definitions.add(name, schema, self._targets, has_address=bool(anchors))

    def _with_anchors(
        self, name: str, schema: dict[str, JsonValue], anchors: dict[str, Place]
    ) -> dict[str, JsonValue]:
        """Return a definition with an address and with the dynamic anchors of its resource."""
        definitions = {
            anchor: {"$dynamicAnchor": anchor, **self.definition_reference(place)}
            for anchor, place in anchors.items()
        }
        return {"$id": f"{ADDRESS}{name}", **schema, "$defs": definitions}

    def _without_invalid_keywords(self, schema: JsonValue, place: Place) -> JsonValue:
        """Return a schema without the keywords that the library rejects; warn about each."""

        def check(schema: JsonValue) -> None:
            compile_schema(_without_references(schema), self._table.dialect.draft)

        def report(path: Keys, message: str) -> None:
            source = place.document.source(place.pointer + _pointer(path))
            problem = warning("MS302", source, f"not a schema: {message}", "it is ignored")
            self._table.problems.append(problem)

        return remove_invalid_keywords(schema, check, report)


def _with_component_name(schema: dict[str, JsonValue], place: Place) -> dict[str, JsonValue]:
    """Return a schema with the name of its component, for discriminators and messages."""
    found = _COMPONENT.fullmatch(place.pointer)
    return {**schema, "x-name": unescape(found[1])} if found else schema


def _pointer(path: Keys) -> str:
    root = Source("", "")
    return root.child(*path).pointer


_REFERENCES = frozenset(("$ref", "$dynamicRef"))


def _without_references(schema: JsonValue) -> JsonValue:
    """Return a schema without its references, so that their targets accept anything."""
    if isinstance(schema, dict):
        return {
            key: _named_without_references(value)
            if key in SCHEMA_MAP_KEYWORDS
            else _without_references(value)
            for key, value in schema.items()
            if key not in _REFERENCES or not isinstance(value, str)
        }
    return [_without_references(item) for item in schema] if isinstance(schema, list) else schema


def _named_without_references(schemas: JsonValue) -> JsonValue:
    """Return named schemas without their references; a name may be `$ref`."""
    if isinstance(schemas, dict):
        return {name: _without_references(schema) for name, schema in schemas.items()}
    return schemas
