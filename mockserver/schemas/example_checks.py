"""Collect the examples of a document while it is compiled, and check them against their schemas.

`openapi/answers.py`, `openapi/parameter_objects.py` and `openapi/request_bodies.py` add the
examples of answers, headers, parameters and bodies; `openapi/compiler.py` calls `mismatches` at the
end, with `thorough` or `strict` only. Out come warnings: for each example, or each item of a
sequence, its first violation. Not checked: bytes, examples without a source, and strings of media
types other than JSON. No example is changed or left out. `VALUE_KEYS` is used in `inference/`, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mockserver.base import http
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place, References, resolve_or_warn
from mockserver.model.contents import Example, Validator

VALUE_KEYS = ("value", "dataValue")
"""The members of an example object that hold its value: up to OpenAPI 3.1, and since 3.2."""


@dataclass(frozen=True, slots=True)
class _ExampleCheck:
    """An example and the validator it must satisfy."""

    name: str
    value: JsonValue
    source: Source
    validator: Validator
    hint: str


@dataclass(frozen=True, slots=True)
class ExampleChecks:
    """Collects the examples of a document while it is compiled, and checks them at the end."""

    references: References
    problems: list[SpecProblem]
    _checks: list[_ExampleCheck] = field(default_factory=list)

    def add_examples(self, place: Place, validator: Validator, media_type: str) -> None:
        """Add the `example` and the `examples` of a media type or a parameter."""
        members = [
            (name, resolve_or_warn(member, self.references, self.problems))
            for name, member in place.child("examples").members()
        ]
        for name, holder, keys in (
            ("", place, ("example",)),
            *((name, member, VALUE_KEYS) for name, member in members),
        ):
            for key in keys:
                if isinstance(holder.value, dict) and key in holder.value:
                    example = Example(name, holder.value[key], holder.child(key).source)
                    self.add(example, validator, media_type)

    def add(
        self,
        example: Example,
        validator: Validator,
        media_type: str,
        hint: str = "",
        *,
        is_sequence: bool = False,
    ) -> None:
        """Add an example; skip one without a source, and text of another format than JSON.

        Args:
            example: The example.
            validator: What it must satisfy.
            media_type: What the example is written in.
            hint: What to do if it does not conform.
            is_sequence: Whether the schema describes one item of the example, a list.
        """
        value, source = example.value, example.source
        is_json = http.is_json(http.media_type(media_type).name)
        if source is None or isinstance(value, bytes) or (isinstance(value, str) and not is_json):
            return
        if is_sequence and isinstance(value, list):
            parts = [(item, source.child(index)) for index, item in enumerate(value)]
        else:
            parts = [(value, source)]
        self._checks.extend(
            _ExampleCheck(example.name, part, place, validator, hint) for part, place in parts
        )

    def mismatches(self) -> Iterator[SpecProblem]:
        """Yield a warning for every example that does not conform to its schema."""
        for check in self._checks:
            for violation in check.validator.violations(check.value, "")[:1]:
                source = check.source
                source = Source(source.file, source.pointer + violation.pointer, source.locate)
                name = f"the example {check.name!r}" if check.name else "the example"
                message = f"{name} does not conform: {violation.message}"
                yield warning("MS401", source, message, check.hint)
