"""Schemas made self-contained and compiled: nothing is looked up or fetched at request time."""

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
from mockserver.schemas.dialects import NAMED, Dialect, convert, dialect_of, is_meta_schema
from mockserver.schemas.identifiers import Identifiers
from mockserver.schemas.reference_cycles import is_endless
from mockserver.schemas.unsupported_keywords import Keys, made_sound
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
_LEFT_OUT = "it is left out"
_COMPONENT = re.compile(r"/(?:components/schemas|definitions)/([^/]+)")
_MOST_PARTS = 1_000
_AROUND = ("$id", "$defs", "definitions")
_ROOT = "mock:/"
"""The address of a bundle whose definitions are resources of their own."""


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def compile_schema(schema: JsonValue, draft: str = "2020-12") -> jsonschema_rs.Validator:
    """Compile a self-contained JSON Schema; nothing is ever fetched.

    Raises:
        ValueError: If it is not a schema.
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
    """Checks values against one schema, which is compiled when it is first needed.

    A schema that leads back to itself for the same value accepts anything.
    """

    __slots__ = (
        "_compiled",
        "_derived",
        "_draft",
        "_is_endless",
        "_make",
        "_parts",
        "_whole",
        "is_valid",
    )

    def __init__(self, make: Callable[[], dict[str, JsonValue]], draft: str) -> None:
        self._make = make
        self._draft = draft
        self._compiled: jsonschema_rs.Validator | None = None
        self._whole: dict[str, JsonValue] | None = None
        self._parts: dict[str, jsonschema_rs.Validator | None] = {}
        self._is_endless: bool | None = None
        self._derived: dict[object, Any] | None = None
        self.is_valid: Callable[[JsonValue], bool] = self._compile_and_check
        """Returns True if the value conforms; once compiled, the library's own bound method."""

    @property
    def derived(self) -> dict[object, Any]:
        """What was made of it before, by what made it: kept as long as the schema itself."""
        if self._derived is None:
            self._derived = {}
        return self._derived

    def schema(self) -> dict[str, JsonValue]:
        """Make the self-contained JSON Schema."""
        if self._whole is None:
            self._whole = self._make()
        return self._whole

    def checker(self, part: JsonValue, /) -> Callable[[JsonValue], bool]:
        """Return what compares values with a schema inside this one; a broken one admits none."""
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
        if self._is_endless is None:
            self._is_endless = is_endless(self.schema())
        if self._is_endless:
            return compile_schema({}, self._draft)
        around = {key: self.schema()[key] for key in _AROUND if key in self.schema()}
        try:
            return compile_schema({**part, **around}, self._draft)
        except ValueError:
            return None

    def _compile_and_check(self, value: JsonValue, /) -> bool:
        return self._compile().is_valid(value)

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        """List the ways in which the value does not conform, at most 50, by their pointers."""
        compiled = self._compiled or self._compile()
        return violations_of(compiled.iter_errors(value), where)[:MOST]

    def _compile(self) -> jsonschema_rs.Validator:
        whole = {} if is_endless(self.schema()) else self.schema()
        self._compiled = compile_schema(whole, self._draft)
        self.is_valid = self._compiled.is_valid
        return self._compiled


@dataclass(frozen=True, slots=True)
class _Definition:
    """One converted schema, and the numbers of those that it refers to."""

    schema: JsonValue
    targets: tuple[int, ...] = ()
    is_resource: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """A schema with everything it refers to."""

    root: int
    definitions: dict[int, _Definition]
    keyword: str

    def schema(self) -> dict[str, JsonValue]:
        """Make one self-contained JSON Schema."""
        needed: dict[str, JsonValue] = {}
        waiting = [self.root]
        whole: dict[str, JsonValue] = {"$ref": f"#/{self.keyword}/{self.root}"}
        while waiting:
            number = waiting.pop()
            if str(number) not in needed:
                definition = self.definitions[number]
                needed[str(number)] = definition.schema
                waiting += definition.targets
                if definition.is_resource:
                    whole["$id"] = _ROOT
        return {**whole, self.keyword: needed}


@dataclass(slots=True)
class Schemas:
    """All schemas of one document; each is converted and checked once for each direction."""

    references: References
    version: str
    """3.0 or 3.1."""
    problems: list[SpecProblem]
    _known: dict[tuple[Dialect, str], "_Known"] = field(default_factory=dict)

    def validator(self, place: Place, direction: str) -> SchemaValidator:
        """Return the validator of a schema object; what is wrong with it goes to `problems`."""
        return SchemaValidator(self.bundle(place, direction).schema, self._dialect(place).draft)

    def bundle(self, place: Place, direction: str) -> Bundle:
        """Convert a schema object and all it refers to."""
        dialect = self._dialect(place)
        known = self._knowledge(dialect, direction)
        root = _SchemaReading(known).read(place)
        return Bundle(root, known.definitions, dialect.definitions)

    def resolve(self, place: Place) -> Place:
        """Follow the reference that a schema object is, by pointer or by name.

        A bad one gives a place without a value; it is told where the schema is compiled.
        """
        identifiers = self._knowledge(self._dialect(place), "request").identifiers
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

    def _knowledge(self, dialect: Dialect, direction: str) -> "_Known":
        key = (dialect, direction)
        if (known := self._known.get(key)) is None:
            identifiers = Identifiers(self.references, dialect)
            known = self._known[key] = _Known(dialect, direction, identifiers, self.problems)
        return known

    def _dialect(self, place: Place) -> Dialect:
        if isinstance(place.value, dict) and "$schema" not in place.value:
            with suppress(SpecError):  # told where the reference is followed
                place = self.references.resolve(place)
        return dialect_of(place, self.version)


@dataclass(slots=True)
class _Known:
    """The definitions of one dialect and direction."""

    dialect: Dialect
    direction: str
    identifiers: Identifiers
    problems: list[SpecProblem]
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    definitions: dict[int, _Definition] = field(default_factory=dict)


class _SchemaReading:
    """One pass over a schema and all it refers to."""

    def __init__(self, known: _Known) -> None:
        self._known = known
        self._waiting: list[tuple[int, Place]] = []
        self._targets: list[int] = []
        self._base = ""

    def read(self, place: Place) -> int:
        """Define a schema and all it refers to; return its number."""
        root = self._reserve(place)
        while self._waiting:
            self._define(*self._waiting.pop())
        return root

    def follow(self, place: Place, keyword: str) -> dict[str, JsonValue]:
        """Return what stands for the reference that a schema has under `keyword`."""
        reference = place.value[keyword]
        try:
            target = self._known.identifiers.target(place, keyword)
        except SpecError as error:
            if is_meta_schema(reference):
                return {"$ref": reference}
            self._known.problems += as_warnings(error.problems)
            return {}
        name = reference.rpartition("#")[2]
        value = target.value if isinstance(target.value, dict) else {}
        if keyword == "$dynamicRef" and value.get("$dynamicAnchor") == name:
            return {"$dynamicRef": f"{_ROOT}{self._link(target)}#{name}"}
        return self.apart(target)

    def apart(self, place: Place) -> dict[str, JsonValue]:
        """Return a reference to a schema that is a definition of its own."""
        return {"$ref": f"{self._base}#/{self._known.dialect.definitions}/{self._link(place)}"}

    def _link(self, place: Place) -> int:
        number = self._reserve(place)
        self._targets.append(number)
        return number

    def _reserve(self, place: Place) -> int:
        key, numbers = place.key, self._known.numbers
        if (number := numbers.get(key)) is None:
            number = numbers[key] = len(numbers)
            self._waiting.append((number, place))
        return number

    def _define(self, number: int, place: Place) -> None:
        anchors = self._known.identifiers.dynamic(place)
        self._targets = []
        self._base = _ROOT if anchors else ""
        known = self._known
        schema = convert(place, known.dialect, known.direction, known.identifiers.references, self)
        schema = self._sound(schema, place)
        if known.direction == "response" and isinstance(schema, dict):
            schema = _named(schema, place)
        if anchors and isinstance(schema, dict):
            schema = self._resource(number, schema, anchors)
        definition = _Definition(schema, tuple(self._targets), bool(anchors))
        self._known.definitions[number] = definition

    def note(self, place: Place, message: str, hint: str = "") -> None:
        """Take down what is not as its OpenAPI has it."""
        self._known.problems.append(warning(place.source, message, hint))

    def _resource(
        self, number: int, schema: dict[str, JsonValue], anchors: dict[str, Place]
    ) -> dict[str, JsonValue]:
        """Make a definition that, once entered, offers its resource's dynamic anchors."""
        offered = {
            name: {"$dynamicAnchor": name, **self.apart(place)} for name, place in anchors.items()
        }
        return {"$id": f"{_ROOT}{number}", **schema, "$defs": offered}

    def _sound(self, schema: JsonValue, place: Place) -> JsonValue:
        """Return a schema without what no validator takes."""

        def check(schema: JsonValue) -> None:
            compile_schema(_without_references(schema), self._known.dialect.draft)

        def note(path: Keys, message: str) -> None:
            source = place.document.source(place.pointer + _pointer(path))
            self._known.problems.append(warning(source, f"not a schema: {message}", _LEFT_OUT))

        return made_sound(schema, check, note)


def _named(schema: dict[str, JsonValue], place: Place) -> dict[str, JsonValue]:
    """Note the name of a component, which is what a discriminator calls it."""
    found = _COMPONENT.fullmatch(place.pointer)
    return {**schema, "x-name": unescape(found[1])} if found else schema


def _pointer(path: Keys) -> str:
    root = Source("", "")
    return root.child(*path).pointer


_REFERENCES = frozenset(("$ref", "$dynamicRef"))


def _without_references(schema: JsonValue) -> JsonValue:
    """Return a schema in which what is referred to accepts anything."""
    if isinstance(schema, dict):
        return {
            key: _each_without(value) if key in NAMED else _without_references(value)
            for key, value in schema.items()
            if key not in _REFERENCES or not isinstance(value, str)
        }
    return [_without_references(item) for item in schema] if isinstance(schema, list) else schema


def _each_without(named: JsonValue) -> JsonValue:
    """Do the same for schemas under names, of which any may be called `$ref`."""
    if isinstance(named, dict):
        return {name: _without_references(below) for name, below in named.items()}
    return named
