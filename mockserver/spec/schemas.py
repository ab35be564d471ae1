"""Schemas made self-contained and compiled: nothing is looked up or fetched at request time."""

from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from mockserver.errors import Source, SpecError, SpecProblem
from mockserver.exchange import JsonValue, Violation
from mockserver.spec.dialects import convert
from mockserver.spec.references import Place, References
from mockserver.spec.violations import violations_of

_DRAFTS = {"3.0": jsonschema_rs.Draft4Validator, "3.1": jsonschema_rs.Draft202012Validator}
_DEFINITIONS = {"3.0": "definitions", "3.1": "$defs"}
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=10_000_000)


def compile_schema(
    schema: JsonValue, version: str = "3.1", registry: jsonschema_rs.Registry | None = None
) -> Any:  # noqa: ANN401 - the library's validators share no public class
    """Compile a JSON Schema: draft 4 for 3.0, 2020-12 for 3.1; nothing is ever fetched.

    Raises:
        ValueError: If it is not a schema.
    """
    return _DRAFTS[version](
        schema,
        validate_formats=True,
        pattern_options=_PATTERNS,
        offline=True,
        registry=registry,
    )


class SchemaValidator:
    """Checks values against one schema, which is compiled when it is first needed."""

    __slots__ = ("_bundle", "_compiled", "_version")

    def __init__(self, bundle: "Bundle", version: str) -> None:
        self._bundle = bundle
        self._version = version
        self._compiled: Any = None

    def is_valid(self, value: JsonValue, /) -> bool:
        """Tell whether the value conforms."""
        if self._compiled is None:
            self._compiled = compile_schema(self._bundle.schema(), self._version)
        return bool(self._compiled.is_valid(value))

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        """List every way in which the value does not conform, each part's in reading order."""
        if self._compiled is None:
            self._compiled = compile_schema(self._bundle.schema(), self._version)
        return violations_of(self._compiled.iter_errors(value), where)


@dataclass(frozen=True, slots=True)
class _Definition:
    """One converted schema, and the numbers of those that it refers to."""

    schema: JsonValue
    targets: tuple[int, ...]


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
        while waiting:
            number = waiting.pop()
            if str(number) not in needed:
                definition = self.definitions[number]
                needed[str(number)] = definition.schema
                waiting += definition.targets
        return {"$ref": f"#/{self.keyword}/{self.root}", self.keyword: needed}


@dataclass(slots=True)
class Schemas:
    """All schemas of one document; each is converted and checked once for each direction."""

    references: References
    version: str
    """3.0 or 3.1."""
    problems: list[SpecProblem]
    _numbers: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _definitions: dict[int, _Definition] = field(default_factory=dict)

    def validator(self, place: Place, direction: str) -> SchemaValidator:
        """Return the validator of a schema object; what is wrong with it goes to `problems`."""
        return SchemaValidator(self.bundle(place, direction), self.version)

    def bundle(self, place: Place, direction: str) -> Bundle:
        """Convert a schema object and all it refers to."""
        root = self._number(place, direction)
        return Bundle(root, self._definitions, _DEFINITIONS[self.version])

    def _number(self, place: Place, direction: str) -> int:
        waiting: list[tuple[int, Place]] = []
        root = self._reserve(place, direction, waiting)
        while waiting:
            number, unread = waiting.pop()
            self._define(number, unread, direction, waiting)
        return root

    def _reserve(self, place: Place, direction: str, waiting: list[tuple[int, Place]]) -> int:
        key = (place.document.file, place.pointer, direction)
        if (number := self._numbers.get(key)) is None:
            number = self._numbers[key] = len(self._numbers)
            waiting.append((number, place))
        return number

    def _define(
        self, number: int, place: Place, direction: str, waiting: list[tuple[int, Place]]
    ) -> None:
        targets: list[int] = []
        keyword = _DEFINITIONS[self.version]

        def link(reference: Place) -> str:
            try:
                target = self._reserve(self._follow(reference), direction, waiting)
            except SpecError as error:
                self.problems += error.problems
                return f"#/{keyword}/{number}"
            targets.append(target)
            return f"#/{keyword}/{target}"

        schema = convert(place, self.version, direction, self.references, link)
        if self._is_sound(schema, place):
            self._definitions[number] = _Definition(schema, tuple(targets))
        else:
            self._definitions[number] = _Definition({}, ())

    def _follow(self, reference: Place) -> Place:
        """Follow one `$ref`; a schema that has siblings to its own keeps them."""
        only = Place(reference.document, reference.pointer, {"$ref": reference.value["$ref"]})
        return self.references.resolve(only)

    def _is_sound(self, schema: JsonValue, place: Place) -> bool:
        try:
            compile_schema(_without_references(schema), self.version)
        except jsonschema_rs.ValidationError as error:
            source = place.document.source(place.pointer + _pointer(error.instance_path))
            self.problems.append(SpecProblem(source, f"not a schema: {_shortened(error.message)}"))
        except ValueError as error:
            self.problems.append(
                SpecProblem(place.source, f"not a schema: {_shortened(str(error))}")
            )
        else:
            return True
        return False


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "…"


_LONGEST = 300


def _pointer(path: list[str | int]) -> str:
    root = Source("", "")
    return root.child(*path).pointer


def _without_references(schema: JsonValue) -> JsonValue:
    """Return a schema in which what is referred to accepts anything."""
    if isinstance(schema, dict):
        return {
            key: _without_references(value)
            for key, value in schema.items()
            if key != "$ref" or not isinstance(value, str)
        }
    return [_without_references(item) for item in schema] if isinstance(schema, list) else schema
