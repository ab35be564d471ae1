"""What cannot be answered as its schema says, found before anybody asks."""

from collections.abc import Iterator

from mockserver.base.problems import SpecProblem, warning
from mockserver.engine.documented_answers import BODILESS
from mockserver.model.api import Api
from mockserver.model.contents import ResponseMedia
from mockserver.schemas.sampling.sampler import sample

_HINT = "give an example; until then a value that breaks the schema is served"


def examine(api: Api) -> Iterator[SpecProblem]:
    """Yield the schemas of answers for which no value is found; one is served nevertheless."""
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
        yield warning(media.source.child("schema"), message, _HINT)
