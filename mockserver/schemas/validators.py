"""Schemas of a document, bundled into self-contained JSON Schemas and compiled to validators."""

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
#
# Formats are asserted, even in the drafts where they are annotations by default, because documents
# of APIs use them as rules. `byte` (OpenAPI) and, for old drafts, `uuid` are added; unknown
# formats are ignored.

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, unescape
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, as_warnings, warning
from mockserver.documents.references import Place, References
from mockserver.model.refusal import Violation
from mockserver.schemas.dialects import (
    SCHEMA_MAP_KEYWORDS,
    Dialect,
    convert,
    dialect_of,
    is_meta_schema,
)
from mockserver.schemas.identifiers import Identifiers
from mockserver.schemas.invalid_keywords import Keys, remove_invalid_keywords
from mockserver.schemas.reference_cycles import has_endless_cycle
from mockserver.schemas.violations import MOST, violations_of

_VALIDATORS: dict[str, type[jsonschema_rs.Validator]] = {
    "4": jsonschema_rs.Draft4Validator,
    "6": jsonschema_rs.Draft6Validator,
    "7": jsonschema_rs.Draft7Validator,
    "2019-09": jsonschema_rs.Draft201909Validator,
    "2020-12": jsonschema_rs.Draft202012Validator,
}
_WITHOUT_UUID = frozenset(("4", "6", "7"))
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=10_000_000)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_COMPONENT = re.compile(r"/(?:components/schemas|definitions)/([^/]+)")
_MOST_PARTS = 1_000
"""The maximum number of compiled subschemas that a validator keeps."""
_BUNDLE_KEYWORDS = ("$id", "$defs", "definitions")
_ROOT = "mock:/"
"""The base address of a bundle whose definitions have addresses of their own."""


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def compile_schema(schema: JsonValue, draft: str = "2020-12") -> jsonschema_rs.Validator:
    """Return the validator of a self-contained JSON Schema; nothing is ever fetched.

    Args:
        schema: The schema.
        draft: 4, 6, 7, 2019-09 or 2020-12.

    Raises:
        ValueError: If the schema is invalid.
    """
    formats = {"byte": _is_base64}
    if draft in _WITHOUT_UUID:
        formats["uuid"] = _is_uuid
    return _VALIDATORS[draft](
        schema,
        formats=formats,
        validate_formats=True,
        pattern_options=_PATTERNS,
        offline=True,
    )


class SchemaValidator:
    """Validates values against one schema, compiled at the first validation.

    A schema with a cycle of references for the same value accepts anything.
    """

    __slots__ = (
        "_bundle",
        "_compiled",
        "_derived",
        "_draft",
        "_has_endless_cycle",
        "_make",
        "_parts",
        "is_valid",
    )

    def __init__(self, make: Callable[[], dict[str, JsonValue]], draft: str) -> None:
        self._make = make
        self._draft = draft
        self._compiled: jsonschema_rs.Validator | None = None
        self._bundle: dict[str, JsonValue] | None = None
        self._parts: dict[str, jsonschema_rs.Validator | None] = {}
        self._has_endless_cycle: bool | None = None
        self._derived: dict[object, Any] | None = None
        self.is_valid: Callable[[JsonValue], bool] = self._compile_and_check
        """Returns True if the value conforms; once compiled, the library's own bound method."""

    @property
    def derived(self) -> dict[object, Any]:
        """A cache of what was computed from the schema, with the function as the key."""
        if self._derived is None:
            self._derived = {}
        return self._derived

    def schema(self) -> dict[str, JsonValue]:
        """Return the self-contained JSON Schema."""
        if self._bundle is None:
            self._bundle = self._make()
        return self._bundle

    def checker(self, part: JsonValue, /) -> Callable[[JsonValue], bool]:
        """Return a predicate for values of a subschema; False for all values if it is invalid."""
        if not isinstance(part, dict):
            return lambda _value: part is not False
        key = repr(part)
        if key not in self._parts:
            if len(self._parts) >= _MOST_PARTS:
                self._parts.clear()
            self._parts[key] = self._compile_part(part)
        compiled = self._parts[key]
        return compiled.is_valid if compiled is not None else lambda _value: False

    def _compile_part(self, part: dict[str, JsonValue]) -> jsonschema_rs.Validator | None:
        if self._has_endless_cycle is None:
            self._has_endless_cycle = has_endless_cycle(self.schema())
        if self._has_endless_cycle:
            return compile_schema({}, self._draft)
        shared = {key: self.schema()[key] for key in _BUNDLE_KEYWORDS if key in self.schema()}
        try:
            return compile_schema({**part, **shared}, self._draft)
        except ValueError:
            return None

    def _compile_and_check(self, value: JsonValue, /) -> bool:
        return self._compile().is_valid(value)

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        """Return the violations of a value, at most 50, sorted by pointer."""
        compiled = self._compiled or self._compile()
        return violations_of(compiled.iter_errors(value), where)[:MOST]

    def _compile(self) -> jsonschema_rs.Validator:
        schema = {} if has_endless_cycle(self.schema()) else self.schema()
        self._compiled = compile_schema(schema, self._draft)
        self.is_valid = self._compiled.is_valid
        return self._compiled


@dataclass(frozen=True, slots=True)
class _Definition:
    """One converted schema, with the numbers of the definitions that it refers to."""

    schema: JsonValue
    targets: tuple[int, ...] = ()
    has_address: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """A converted schema with the definitions that it may refer to."""

    root: int
    """The number of its definition."""
    definitions: dict[int, _Definition]
    keyword: str
    """The keyword for definitions in its draft."""

    def schema(self) -> dict[str, JsonValue]:
        """Return one self-contained JSON Schema with the definitions that it needs."""
        needed: dict[str, JsonValue] = {}
        waiting = [self.root]
        whole: dict[str, JsonValue] = {"$ref": f"#/{self.keyword}/{self.root}"}
        while waiting:
            number = waiting.pop()
            if str(number) not in needed:
                definition = self.definitions[number]
                needed[str(number)] = definition.schema
                waiting += definition.targets
                if definition.has_address:
                    whole["$id"] = _ROOT
        return {**whole, self.keyword: needed}


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
        return SchemaValidator(self.bundle(place, direction).schema, self._dialect(place).draft)

    def bundle(self, place: Place, direction: str) -> Bundle:
        """Return a schema object and all schemas that it refers to, converted."""
        dialect = self._dialect(place)
        table = self._table(dialect, direction)
        root = _SchemaBundler(table).add(place)
        return Bundle(root, table.definitions, dialect.definitions)

    def resolve(self, place: Place) -> Place:
        """Return the schema at the end of a chain of `$ref`; a place without `$ref` itself.

        The target of an invalid reference is a place without a value. The warning comes from
        `bundle`.
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


@dataclass(slots=True)
class _DefinitionTable:
    """All definitions of one dialect and direction, by number."""

    dialect: Dialect
    direction: str
    identifiers: Identifiers
    problems: list[SpecProblem]
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    """The numbers of schemas, by the keys of their places."""
    definitions: dict[int, _Definition] = field(default_factory=dict)


class _SchemaBundler:
    """Adds a schema, and all schemas that it refers to, to a table of definitions."""

    def __init__(self, table: _DefinitionTable) -> None:
        self._table = table
        self._waiting: list[tuple[int, Place]] = []
        self._targets: list[int] = []
        """The definitions that the present one refers to."""
        self._base = ""

    def add(self, place: Place) -> int:
        """Add a schema and all that it refers to; return its number."""
        root = self._number_of(place)
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
            return {"$dynamicRef": f"{_ROOT}{self._target_number(target)}#{name}"}
        return self.definition_reference(target)

    def definition_reference(self, place: Place) -> dict[str, JsonValue]:
        """Return a reference to a schema, which is converted as a definition of its own."""
        keyword = self._table.dialect.definitions
        return {"$ref": f"{self._base}#/{keyword}/{self._target_number(place)}"}

    def warn(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Add a warning about a schema."""
        self._table.problems.append(warning(code, place.source, message, hint))

    def _target_number(self, place: Place) -> int:
        number = self._number_of(place)
        self._targets.append(number)
        return number

    def _number_of(self, place: Place) -> int:
        """Return the number of a schema; give a new schema a number and convert it later."""
        key, numbers = place.key, self._table.numbers
        if (number := numbers.get(key)) is None:
            number = numbers[key] = len(numbers)
            self._waiting.append((number, place))
        return number

    def _define(self, number: int, place: Place) -> None:
        table = self._table
        anchors = table.identifiers.dynamic(place)
        self._targets = []
        self._base = _ROOT if anchors else ""
        schema = convert(place, table.dialect, table.direction, table.identifiers.references, self)
        schema = self._without_invalid_keywords(schema, place)
        if table.direction == "response" and isinstance(schema, dict):
            schema = _with_component_name(schema, place)
        if anchors and isinstance(schema, dict):
            schema = self._with_anchors(number, schema, anchors)
        table.definitions[number] = _Definition(schema, tuple(self._targets), bool(anchors))

    def _with_anchors(
        self, number: int, schema: dict[str, JsonValue], anchors: dict[str, Place]
    ) -> dict[str, JsonValue]:
        """Return a definition with an address and with the dynamic anchors of its resource."""
        definitions = {
            name: {"$dynamicAnchor": name, **self.definition_reference(place)}
            for name, place in anchors.items()
        }
        return {"$id": f"{_ROOT}{number}", **schema, "$defs": definitions}

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
    """Return a schema with the name of its component, which a discriminator may use."""
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
