"""Request bodies of an operation, compiled."""

from dataclasses import dataclass

from mockserver.errors import SpecError, SpecProblem
from mockserver.model import RequestBody, RequestMedia
from mockserver.spec.parameters import FormDecoder, shape_of
from mockserver.spec.references import Place, References
from mockserver.spec.schemas import Schemas

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class BodyCompiler:
    """Compiles what a document says of the bodies of requests."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]

    def resolve(self, place: Place) -> Place:
        """Follow a reference; a bad one is noted and gives an empty place."""
        try:
            return self.references.resolve(place)
        except SpecError as error:
            self.problems.extend(error.problems)
            return Place(place.document, place.pointer, None)

    def request(self, place: Place) -> RequestBody | None:
        """Compile a request body object."""
        if place.value is None:
            return None
        body = self.resolve(place)
        media = tuple(self._request_media(*item) for item in body.child("content").members())
        if not media:
            if body.value is not None:
                problem = "a request body needs `content` with at least one media type"
                self.problems.append(SpecProblem(body.source, problem))
            return None
        return RequestBody(required=body.child("required").value is True, media=media)

    def _request_media(self, media_type: str, place: Place) -> RequestMedia:
        schema = place.child("schema")
        if schema.value is None:
            return RequestMedia(media_type.lower(), None)
        validator = self.schemas.validator(schema, "request")
        form = None
        if media_type.lower() == FORM:
            form = FormDecoder(shape_of(self.resolve(schema), self.references))
        return RequestMedia(media_type.lower(), validator, form)
