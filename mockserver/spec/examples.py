"""Examples of parameters and bodies, held against the schemas beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mockserver.errors import SpecProblem, warning
from mockserver.model import Validator
from mockserver.spec.references import Place, References, followed

VALUES = ("value", "dataValue")
"""Where an example object has its value, up to OpenAPI 3.1 and since 3.2."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The examples that a document shows, and what each should conform to."""

    references: References
    problems: list[SpecProblem]
    _found: list[tuple[Place, Validator]] = field(default_factory=list)

    def show(self, place: Place, validator: Validator) -> None:
        """Note the examples of a media type or a parameter, for `misfits`."""
        several = place.child("examples").members()
        members = [followed(member, self.references, self.problems) for _, member in several]
        for example, keys in ((place, ("example",)), *((member, VALUES) for member in members)):
            for key in keys:
                if isinstance(example.value, dict) and key in example.value:
                    self._found.append((example.child(key), validator))

    def misfits(self) -> Iterator[SpecProblem]:
        """Yield the examples that do not conform to their schemas."""
        for place, validator in self._found:
            for found in validator.violations(place.value, "")[:1]:
                source = place.document.source(place.pointer + found.pointer)
                yield warning(source, f"the example does not conform: {found.message}")
