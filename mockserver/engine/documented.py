"""Answers that a document describes: its examples, else values sampled from its schemas."""

from collections.abc import Iterable
from dataclasses import dataclass

from mockserver.exchange import JsonValue, Kind, Refusal
from mockserver.model import DocumentedResponse, Operation, ResponseMedia


@dataclass(frozen=True, slots=True)
class Documented:
    """A body that a document gives for a status, and why this one."""

    body: JsonValue
    content_type: str
    headers: tuple[tuple[str, str], ...]
    because: str
    example: str | None = None
    """The name of the example that it is; empty for one without a name."""
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client would like of a documented answer."""

    accept: str = ""
    seed: int = 0
    example: str | None = None
    dynamic: bool = False
    """Sample a value although there are examples."""


EXAMPLE_ASKED_FOR = "the example {!r} was asked for"


def example_chosen(name: str) -> str:
    """Say that an example is the answer because it is the first that fits."""
    return f"example {name!r}" if name else "the documented example"


def response_for(operation: Operation, status: int) -> DocumentedResponse | None:
    """Return the description of a status: the exact one, its range, or `default`."""
    by_status = {response.status.upper(): response for response in operation.responses}
    wanted = (str(status), f"{status // 100}XX", "DEFAULT")
    return next((by_status[name] for name in wanted if name in by_status), None)


def named_example(operation: Operation, name: str) -> tuple[int, Documented] | None:
    """Return the documented example with a name and the status it belongs to."""
    for response in operation.responses:
        for media in response.media:
            for example in media.examples:
                if example.name == name:
                    status = int(response.status) if response.status.isdigit() else 200
                    because = EXAMPLE_ASKED_FOR.format(name)
                    headers = _headers(response)
                    return status, Documented(
                        example.value, media.media_type, headers, because, name
                    )
    return None


def documented(operation: Operation, status: int, wish: Wish) -> Documented | None:
    """Choose the body that the document gives for a status; None if it says nothing.

    Raises:
        Refusal: `not_acceptable` if none of its media types is.
    """
    response = response_for(operation, status)
    if response is None:
        return None
    headers = _headers(response)
    if not response.media:
        return Documented(None, "", headers, f"status {response.status} is documented without body")
    media = negotiate(response.media, wish.accept)
    if media is None:
        offered = ", ".join(item.media_type for item in response.media)
        raise Refusal(Kind.NOT_ACCEPTABLE, f"the answer is available as {offered}")
    return _chosen(media, headers, wish)


def _headers(response: DocumentedResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in response.headers.items())


def _chosen(media: ResponseMedia, headers: tuple[tuple[str, str], ...], wish: Wish) -> Documented:
    """Take the wanted example, else the first one, else a sample; `dynamic` wants a sample."""
    if media.examples and not (wish.dynamic and media.schema):
        named = (item for item in media.examples if item.name == wish.example)
        example = next(named, media.examples[0])
        because = example_chosen(example.name)
        return Documented(example.value, media.media_type, headers, because, example.name)
    if media.schema is None:
        because = "the document gives neither example nor schema"
        return Documented(None, media.media_type, headers, because)
    from mockserver.engine.sampling import sample  # noqa: PLC0415 - seldom needed, costs start time

    value, because = sample(media.schema(), wish.seed), "a value sampled from the schema"
    return Documented(value, media.media_type, headers, because, sampled=True)


def negotiate(offered: Iterable[ResponseMedia], accept: str) -> ResponseMedia | None:
    """Choose the media type that the client likes best (RFC 9110, section 12.5.1)."""
    choices = list(offered)
    if not accept or accept == "*/*":
        return choices[0]
    ranges = [_range(item) for item in accept.split(",")]
    best, best_quality = None, 0.0
    for media in choices:
        quality = _quality(media.media_type, ranges)
        if quality > best_quality:
            best, best_quality = media, quality
    return best


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((item[2:] for item in parameters if item.startswith("q=")), "1")
    try:
        return name, min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return name, 1.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that a media type falls in."""
    name = media_type.partition(";")[0].strip().lower()
    wanted = dict(ranges)
    kind = name.partition("/")[0]
    return next((wanted[key] for key in (name, f"{kind}/*", "*/*") if key in wanted), 0.0)
