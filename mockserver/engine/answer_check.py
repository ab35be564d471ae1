"""Find response schemas for which no valid value can be sampled, so that an example can be added.

`contract/checking.py` calls `check_answers` with an API, which yields a warning (MS404) for each
such schema, and raises nothing. It samples a value of every schema, as for an answer without a
seed; requests are not involved. Schemas of media types with an example, and of statuses without a
body, are not checked here.
"""

from collections.abc import Iterator

from mockserver.base.problems import SpecProblem, warning
from mockserver.engine.documented_answers import BODILESS
from mockserver.model.api import Api
from mockserver.model.contents import ResponseMedia
from mockserver.schemas.sampling.sampler import sample

_HINT = "add an example; until then an invalid value is served"


def check_answers(api: Api) -> Iterator[SpecProblem]:
    """Yield a warning for each response schema for which no valid value is found."""
    is_met: dict[int, bool] = {}
    for operation in api.operations:
        for response in operation.responses:
            if response.status not in map(str, BODILESS):
                for media in response.media:
                    yield from _check(media, is_met)


def _check(media: ResponseMedia, is_met: dict[int, bool]) -> Iterator[SpecProblem]:
    """Yield a warning if no valid value is found.

    Args:
        media: The media type of an answer.
        is_met: Results of earlier checks by the `id` of the schema, because operations share
            schemas, above all those of errors.
    """
    if media.schema is None or media.examples or media.source is None:
        return
    key = id(media.schema)
    if key not in is_met:
        is_met[key] = sample(media.schema).is_valid
    if not is_met[key]:
        message = "no value that conforms to the schema was found"
        yield warning("MS404", media.source.child("schema"), message, _HINT)
