"""Examples of parameters and bodies, held against the schemas beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mockserver.base import http
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place, References, followed
from mockserver.model.contents import Example, Validator

VALUES = ("value", "dataValue")
"""Where an example object has its value, up to OpenAPI 3.1 and since 3.2."""


@dataclass(frozen=True, slots=True)
class _Exhibit:
    """An example, and what it should conform to."""

    name: str
    value: JsonValue
    source: Source
    validator: Validator
    hint: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The examples that a document shows."""

    references: References
    problems: list[SpecProblem]
    _found: list[_Exhibit] = field(default_factory=list)

    def show(self, place: Place, validator: Validator, media_type: str) -> None:
        """Note the examples of a media type or a parameter, for `misfits`."""
        several = place.child("examples").members()
        members = [
            (name, followed(member, self.references, self.problems)) for name, member in several
        ]
        for name, example, keys in (
            ("", place, ("example",)),
            *((name, member, VALUES) for name, member in members),
        ):
            for key in keys:
                if isinstance(example.value, dict) and key in example.value:
                    given = Example(name, example.value[key], example.child(key).source)
                    self.add(given, validator, media_type)

    def add(
        self,
        example: Example,
        validator: Validator,
        media_type: str,
        hint: str = "",
        *,
        is_sequence: bool = False,
    ) -> None:
        """Note an example; one that is written out in another way than JSON is not looked into."""
        value, source = example.value, example.source
        is_json = http.is_json(http.media_type(media_type).name)
        if source is None or isinstance(value, bytes) or (isinstance(value, str) and not is_json):
            return
        if is_sequence and isinstance(value, list):
            parts = [(item, source.child(index)) for index, item in enumerate(value)]
        else:
            parts = [(value, source)]
        self._found.extend(
            _Exhibit(example.name, part, place, validator, hint) for part, place in parts
        )

    def misfits(self) -> Iterator[SpecProblem]:
        """Yield the examples that do not conform to their schemas."""
        for shown in self._found:
            for found in shown.validator.violations(shown.value, "")[:1]:
                place = shown.source
                source = Source(place.file, place.pointer + found.pointer, place.locate)
                name = f"the example {shown.name!r}" if shown.name else "the example"
                message = f"{name} does not conform: {found.message}"
                yield warning(source, message, shown.hint)
