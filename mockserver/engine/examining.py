"""What documented answers break, and what cannot be answered at all, before anybody asks."""

from collections.abc import Iterator

from mockserver.engine.documented import BODILESS, violations_of
from mockserver.engine.negotiation import media_of, sent_as
from mockserver.engine.sampling import sample
from mockserver.errors import SpecProblem
from mockserver.model import Api, Operation, ResponseMedia

_SHOWN = 3


def examine(api: Api) -> Iterator[SpecProblem]:
    """Yield what the documented answers of an API break; they are served nevertheless."""
    yield from api.remarks
    for operation in api.operations:
        for media in _media(operation):
            yield from _examples(media)
            yield from _sample(media)


def _media(operation: Operation) -> Iterator[ResponseMedia]:
    for response in operation.responses:
        if response.status not in map(str, BODILESS):
            yield from response.media


def _examples(media: ResponseMedia) -> Iterator[SpecProblem]:
    """Yield the examples that don't conform to their schema."""
    content_type = sent_as(media.media_type, media_of(media.media_type))
    for example in media.examples:
        violations = violations_of(media, content_type, example.value)
        source = example.source or media.source
        if violations and source is not None:
            told = "; ".join(f"{item.field} {item.message}" for item in violations[:_SHOWN])
            name = f"the example {example.name!r}" if example.name else "the example"
            more = len(violations) - _SHOWN
            told += f" (and {more} more)" if more > 0 else ""
            hint = "it is served as it is written"
            yield SpecProblem(source, f"{name} breaks its schema: {told}", hint)


def _sample(media: ResponseMedia) -> Iterator[SpecProblem]:
    if media.schema is None or media.examples or media.source is None:
        return
    if not sample(media.schema).is_valid:
        hint = "give an example; until then a value that breaks the schema is served"
        yield SpecProblem(
            media.source.child("schema"), "no value that conforms to the schema was found", hint
        )
