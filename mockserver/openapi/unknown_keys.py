"""Find keys of a document that its OpenAPI version does not define, and misspelt ones.

`thorough_checks.py` calls `unknown_keys`, which walks the document as it is written and the files
it refers to, each object once. Out come warnings and notes with the most similar known key, up to
`MOST_REPORTED`, also for values in schemas of another type (`value_types.py`); then those of
`schema_examples.py`. What keys are known is in `object_kinds.py`; of extensions, only misspelt ones
and a misplaced `x-mock` are reported. Nothing is removed.
"""

import difflib
from collections.abc import Iterator

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, near, note, warning
from mockserver.base.trails import Trail, pointer_of
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References
from mockserver.openapi.extension_names import extension_meant, misspelt
from mockserver.openapi.object_kinds import JSON_SCHEMA, ObjectKind, document_kind
from mockserver.openapi.schema_examples import SchemaExamples
from mockserver.openapi.value_types import ASSERTING, values_of_other_types
from mockserver.schemas.dialects import VERSIONS_BEFORE_3_1
from mockserver.schemas.sampling.given_examples import as_text

MOST_REPORTED = 1000
"""The maximum number of unknown keys that are reported for a document."""
_MOST_COMPARED = 1000
"""The maximum number of different keywords that are compared with the known ones."""
_SAME_WORD = 0.85
"""How similar a keyword is to the one it was meant to be."""


def unknown_keys(whole: Place, version: str, references: References) -> Iterator[SpecProblem]:
    """Yield a problem for each unknown key of a document and of the files it refers to."""
    document = whole.document.original or whole.document
    yield from _KeyWalk(version, references).problems(document)


class _KeyWalk:
    """A walk over the objects of a document, each once."""

    def __init__(self, version: str, references: References) -> None:
        self._version = version
        self._references = references
        self._examples = SchemaExamples(version, references)
        self._root = document_kind(version)
        self._seen: set[int] = set()
        self._waiting: list[tuple[Document, Trail, JsonValue, ObjectKind]] = []
        self._keywords: dict[str, str] = {}

    def problems(self, document: Document) -> Iterator[SpecProblem]:
        """Yield the problems of keys and values, up to a number, then those of examples."""
        yield from self._problems(document)
        yield from self._examples.problems()

    def _problems(self, document: Document) -> Iterator[SpecProblem]:
        self._waiting.append((document, "", document.value, self._root))
        count = 0
        while self._waiting:
            for problem in self._visit(*self._waiting.pop()):
                yield problem
                count += 1
                if count == MOST_REPORTED:
                    message = f"more than {MOST_REPORTED:,} keys are unknown"
                    yield warning("MS101", document.source(), message, "correct these first")
                    return

    def _visit(
        self, document: Document, trail: Trail, value: JsonValue, kind: ObjectKind
    ) -> Iterator[SpecProblem]:
        if isinstance(value, list):
            each = kind.items or (kind if kind.is_schema else None)
            for index, item in enumerate(value if each else ()):
                self._add(document, (trail, index), item, each)
        elif isinstance(value, dict) and id(value) not in self._seen:
            self._seen.add(id(value))
            yield from self._members(document, trail, value, kind)

    def _members(
        self, document: Document, trail: Trail, value: dict[str, JsonValue], kind: ObjectKind
    ) -> Iterator[SpecProblem]:
        if isinstance(value.get("$ref"), str):
            self._follow(Place(document, pointer_of(trail), value), kind)
        if "enum" in kind.keys:
            yield from self._values(document, trail, value, kind)
        for key, member in value.items():
            child = kind.keys.get(key)
            if child is None:
                problem = self._problem(document, trail, key, kind)
                if problem is not None:
                    yield problem
                child = kind.member_like(key)
            self._add(document, (trail, key), member, child)

    def _values(
        self, document: Document, trail: Trail, value: dict[str, JsonValue], kind: ObjectKind
    ) -> Iterator[SpecProblem]:
        """Yield the problems of values in a schema; remember its examples for the end."""
        is_whole = kind.name == "schema"
        if "$ref" not in value or self._version not in VERSIONS_BEFORE_3_1:
            self._examples.add(document, trail, value, is_whole=is_whole)
        elif is_whole:
            yield from self._ignored_examples(document, trail, value)
        yield from self._values_of_other_types(document, trail, value)

    def _values_of_other_types(
        self, document: Document, trail: Trail, value: dict[str, JsonValue]
    ) -> Iterator[SpecProblem]:
        """Yield a problem for values of a schema that do not have its type."""
        for keyword, index, wanted in values_of_other_types(value):
            place: Trail = (trail, keyword)
            source = document.source(pointer_of(place if index is None else (place, index)))
            given = value[keyword] if index is None else value[keyword][index]
            message = f"this value of `{keyword}` has not the type of its schema: {wanted}"
            if keyword not in ASSERTING and (text := as_text(value, given)) is not given:
                hint = f'quote it; it is used as the text "{text[:40]}"'
                yield note("MS310", source, message, hint)
            else:
                yield warning("MS310", source, message, "correct the value or the type")

    def _ignored_examples(
        self, document: Document, trail: Trail, value: dict[str, JsonValue]
    ) -> Iterator[SpecProblem]:
        """Yield a note for each example next to a reference that its version ignores."""
        for key in ("example", "default"):
            if key in value:
                source = document.source(pointer_of((trail, key)))
                message = f"OpenAPI before 3.1 ignores {key!r} next to a $ref"
                yield note("MS309", source, message, "put the $ref into an `allOf` next to it")

    def _add(
        self, document: Document, trail: Trail, value: JsonValue, kind: ObjectKind | None
    ) -> None:
        if isinstance(value, dict | list) and kind is not None and not kind.is_free:
            self._waiting.append((document, trail, value, kind))

    def _follow(self, place: Place, kind: ObjectKind) -> None:
        """Visit the target of a reference, unless it was visited or cannot be found."""
        try:
            target = self._references.follow(place)
        except SpecError:
            return  # compilation reports it
        if id(target.value) not in self._seen:
            self._add(target.document, target.pointer, target.value, kind)

    def _problem(
        self, document: Document, trail: Trail, key: str, kind: ObjectKind
    ) -> SpecProblem | None:
        """Return the problem with a key that the kind does not list, if there is one."""
        if kind.is_extensible and key.startswith("x-"):
            return self._extension(document, trail, key, kind)
        if key == "$ref" or kind.member(key) is not None:
            return None
        if kind.is_schema:
            return self._keyword(document, trail, key, kind)
        return self._unknown(document, trail, key, kind) if kind.is_closed else None

    def _extension(
        self, document: Document, trail: Trail, key: str, kind: ObjectKind
    ) -> SpecProblem | None:
        if key == "x-mock" and kind is not self._root and kind.name != "operation":
            source = document.source(pointer_of((trail, key)))
            message = "`x-mock` has no effect here"
            return warning("MS515", source, message, "move it to the document or an operation")
        if meant := extension_meant(key):
            return misspelt(document.source(pointer_of((trail, key))), key, meant)
        return None

    def _keyword(
        self, document: Document, trail: Trail, key: str, kind: ObjectKind
    ) -> SpecProblem | None:
        """Return the problem with a keyword of a schema, which may have any name."""
        if key not in self._keywords and len(self._keywords) < _MOST_COMPARED:
            found = difflib.get_close_matches(key[:40], kind.keys, n=1, cutoff=_SAME_WORD)
            self._keywords[key] = found[0] if found else extension_meant(key)
        if not (meant := self._keywords.get(key, "")):
            return None
        source = document.source(pointer_of((trail, key)))
        message = f"JSON Schema has no keyword {key[:40]!r}"
        return warning("MS311", source, message, f"did you mean {meant!r}?")

    def _unknown(
        self, document: Document, trail: Trail, key: str, kind: ObjectKind
    ) -> SpecProblem | None:
        source = document.source(pointer_of((trail, key)))
        if meant := extension_meant(key):
            return misspelt(document.source(pointer_of((trail, key))), key, meant)
        if kind.name == "schema" and key in JSON_SCHEMA:
            message = f"OpenAPI {self._version} has no keyword `{key}` in schemas"
            return note("MS304", source, message, "other tools ignore it")
        message = f"{kind.title} cannot have {key[:40]!r}"
        hint = near(key[:40], kind.keys) or "it is ignored; begin its name with x- or remove it"
        return warning("MS101", source, message, hint)
