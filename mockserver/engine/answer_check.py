"""Response schemas for which no valid value can be sampled, found when documents are loaded."""

from collections.abc import Iterator

from mockserver.base.problems import SpecProblem, warning
from mockserver.engine.documented_answers import BODILESS
from mockserver.model.api import Api
from mockserver.model.contents import ResponseMedia
from mockserver.schemas.sampling.sampler import sample

_HINT = "add an example; until then an invalid value is served"


def examine(api: Api) -> Iterator[SpecProblem]:
    """Yield a warning for each response schema for which no valid value is found."""
    for operation in api.operations:
        for response in operation.responses:
            if response.status not in map(str, BODILESS):
                for media in response.media:
                    yield from _sample(media)


def _sample(media: ResponseMedia) -> Iterator[SpecProblem]:
    if media.schema is None or media.examples or media.source is None:
        return
    if not sample(media.schema).is_valid:
        message = "no value that conforms to the schema was found"
        yield warning("MS404", media.source.child("schema"), message, _HINT)
