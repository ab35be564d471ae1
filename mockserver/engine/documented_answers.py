"""Write answers from a document: its examples, or else values sampled from its schemas.

- In: an operation, a status code, and `AnswerCriteria`: the client's `Accept`, example and seed.
- Out: a `DocumentedAnswer`: headers, bytes, the reason for its content, and the violations of its
  schema; None if the document does not describe the status; a `Refusal` (`not_acceptable`) if the
  client accepts no media type and `must_fit` is true. Answers without a seed are cached.
- Callers: `pipeline.py` if the steps chose no answer; `run.py`, `rendering.py` and
  `fault_injection.py` for a status or an example. `response_for` is used in `contract/`, too.
- It reads no records, and nothing of the request but the criteria.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mockserver.base.http import essence, is_json
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.engine.conventions import DEFAULT_STYLE, AnswerStyle
from mockserver.model.api import Operation
from mockserver.model.contents import (
    DocumentedResponse,
    Example,
    ResponseHeader,
    ResponseMedia,
    ResponseSchema,
)
from mockserver.model.messages import Answer
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.wire.media import write
from mockserver.wire.media_families import content_type_for, is_text

if TYPE_CHECKING:
    from mockserver.wire.negotiation import Choice

BODILESS = frozenset({204, 205, 304})
"""Status codes of answers without a body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5)."""
MOST_KEPT = 200
"""Maximum number of cached answers of one operation."""
_STREAMED_ITEMS = 3
_MOST_NAMED = 5
"""How many places of examples a reason names."""

Fields = list[tuple[str, str]]


class AnswerCriteria(NamedTuple):
    """What determines which documented answer is used, and how it is sampled."""

    accept: str = ""
    seed: int | str | None = None
    """Seed of the sampled value; None for one simple value, the same each time."""
    example: str | None = None
    dynamic: bool = False
    """True to sample a value even if there are examples."""
    must_fit: bool = True
    """If no media type is acceptable: True to refuse, False to use the first one."""
    style: AnswerStyle = DEFAULT_STYLE


@dataclass(frozen=True, slots=True)
class DocumentedAnswer:
    """A rendered answer for a documented status, and the reason for its content."""

    status: int
    headers: Fields
    content: bytes
    because: str
    violations: tuple[Violation, ...] = ()
    """The violations of the schema by the body."""
    example: str | None = None
    """The name of the example that was used; empty for an unnamed example."""
    sampled: bool = False
    source: Source | None = None
    """The place in the document."""
    schema: ResponseSchema | None = None
    """The schema of the body; None if the body is a stream of items."""

    def answer(self) -> Answer:
        """Return a new answer, whose list of headers may be changed."""
        return Answer(self.status, self.headers.copy(), self.content, example=self.example)

    @property
    def content_type(self) -> str:
        """The media type; empty if there is no body."""
        return next((value for name, value in self.headers if name == "Content-Type"), "")


@dataclass(slots=True)
class _Body:
    """The chosen value of a body, and the reason."""

    value: JsonValue
    because: str
    violations: list[Violation] = field(default_factory=list)
    example: str | None = None
    sampled: bool = False
    source: Source | None = None


def response_for(operation: Operation, status: int) -> DocumentedResponse | None:
    """Return the description of a status: the exact one, its range, or `default`."""
    by_status = {response.status.upper(): response for response in operation.responses}
    wanted = (str(status), f"{status // 100}XX", "DEFAULT")
    return next((by_status[name] for name in wanted if name in by_status), None)


def status_with_example(operation: Operation, name: str) -> int | None:
    """Return a status with an example of this name, the default status if possible, or None."""
    default = response_for(operation, operation.success)
    for response in sorted(operation.responses, key=lambda item: item is not default):
        if any(example.name == name for media in response.media for example in media.examples):
            return operation.success if response is default else _status_of(response)
    return None


def _status_of(response: DocumentedResponse) -> int:
    """Return a status code for a response: the first of a range, 500 for `default`."""
    exact = response.status.upper().replace("XX", "00")
    return int(exact) if exact.isdigit() else 500


def documented_answer(
    operation: Operation, status: int, criteria: AnswerCriteria
) -> DocumentedAnswer | None:
    """Render the documented answer for a status; return None if the status is not documented.

    Answers without a seed are cached.

    Raises:
        Refusal: `not_acceptable` if none of its media types is acceptable.
    """
    found: DocumentedAnswer | None = operation.rendered.get((status, criteria))
    if found is not None:
        return found
    response = response_for(operation, status)
    if response is None:
        return None
    choice = _choice(response, criteria)
    if criteria.seed is not None:
        return _written(response, status, criteria, choice)
    return _cached(operation, response, status, criteria, choice)


def _cached(
    operation: Operation,
    response: DocumentedResponse,
    status: int,
    criteria: AnswerCriteria,
    choice: "Choice | None",
) -> DocumentedAnswer:
    """Return a cached answer: another `Accept` may lead to the same media type."""
    if len(operation.rendered) >= MOST_KEPT:
        operation.rendered.clear()
    same = (status, response.status, choice, criteria.example, criteria.dynamic, criteria.style)
    found: DocumentedAnswer | None = operation.rendered.get(same)
    if found is None:
        found = operation.rendered[same] = _written(response, status, criteria, choice)
    operation.rendered[status, criteria] = found
    return found


def _choice(response: DocumentedResponse, criteria: AnswerCriteria) -> "Choice | None":
    """Choose a media type, preferably one with the requested example.

    Raises:
        Refusal: `not_acceptable` if none is acceptable.
    """
    if not response.media:
        return None
    from mockserver.wire.negotiation import Choice, negotiate  # noqa: PLC0415 - costs start time

    places = list(range(len(response.media)))
    if criteria.example is not None:
        places = [place for place in places if _named(response.media[place], criteria)] or places
    offered = [response.media[place].media_type for place in places]
    holds = [response.media[place].holds for place in places]
    choice = negotiate(offered, criteria.accept, holds)
    if choice is None and criteria.must_fit:
        raise Refusal(Kind.NOT_ACCEPTABLE, f"the answer is available as {', '.join(offered)}")
    choice = choice or negotiate(offered, "", holds)
    assert choice is not None
    return Choice(places[choice.index], choice.media_type)


def _named(media: ResponseMedia, criteria: AnswerCriteria) -> list[Example]:
    return [example for example in media.examples if example.name == criteria.example]


def _written(
    response: DocumentedResponse, status: int, criteria: AnswerCriteria, choice: "Choice | None"
) -> DocumentedAnswer:
    headers: Fields = list(_headers(response, criteria))
    if choice is None or status in BODILESS:
        why = f"status {response.status} is documented without body"
        return DocumentedAnswer(status, headers, b"", why)
    media, content_type = response.media[choice.index], choice.media_type
    body = _body(media, content_type, criteria)
    content = write(body.value, content_type, xml_writer(media, criteria.style))
    fields = [("Content-Type", content_type_for(content_type, content)), *headers]
    is_negotiated = len(response.media) > 1 or "*" in media.media_type
    if is_negotiated and not any(name.lower() == "vary" for name, _ in headers):
        fields.append(("Vary", "Accept"))
    violations = tuple(body.violations)
    return DocumentedAnswer(
        status,
        fields,
        content,
        body.because,
        violations,
        body.example,
        body.sampled,
        body.source or media.source,
        None if media.is_stream else media.schema,
    )


def xml_writer(
    media: ResponseMedia | None, style: AnswerStyle
) -> Callable[[JsonValue], str] | None:
    """Return what writes values of a media type as XML; None to write JSON."""
    if style.xml_root:
        from mockserver.wire.plain_xml import plain_xml  # noqa: PLC0415 - few APIs answer XML

        return partial(plain_xml, root=style.xml_root)
    return None if media is None else media.write_xml


def _headers(response: DocumentedResponse, criteria: AnswerCriteria) -> Iterator[tuple[str, str]]:
    """Yield the headers that have an example or are required."""
    for header in response.headers:
        if header.examples:
            value = header.examples[0]
        elif (header.required or criteria.style.all_headers) and header.schema is not None:
            value = _sampled(header.schema, criteria.seed, header.name).value
        else:
            continue
        is_repeated = header.name.lower() == "set-cookie" and isinstance(value, list)
        for item in value if is_repeated else [value]:
            yield header.name, _header_text(item, header)


def _header_text(value: JsonValue, header: ResponseHeader) -> str:
    """Write a header's value in the style `simple`; a line break becomes a space."""
    if header.is_json and not isinstance(value, str):
        written = write(value, "application/json").decode()
    elif isinstance(value, dict):
        mark = "=" if header.explode else ","
        written = ",".join(f"{name}{mark}{_plain(item)}" for name, item in value.items())
    elif isinstance(value, list):
        written = ",".join(_plain(item) for item in value)
    else:
        written = _plain(value)
    return " ".join(written.splitlines())


def _plain(value: JsonValue) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else write(value, "application/json").decode()


def _body(media: ResponseMedia, content_type: str, criteria: AnswerCriteria) -> _Body:
    """Choose the requested example, else the first one, else a sample.

    With `dynamic`, a sample takes precedence over examples that were not requested.
    """
    named = _named(media, criteria) if criteria.example is not None else []
    if chosen := named or ([] if criteria.dynamic and media.schema else list(media.examples)):
        name, value = chosen[0].name, chosen[0].value
        because = f"example {name!r}" if name else "the documented example"
        because = f"the example {name!r} was asked for" if named else because
        broken = violations_of(media, content_type, value)
        return _Body(value, because, broken, example=name, source=chosen[0].source)
    if media.schema is None:
        value = {} if is_json(essence(content_type)) else _file(content_type)
        return _Body(value, "the document gives neither example nor schema")
    return _from_schema(media, media.schema, content_type, criteria)


def _file(content_type: str) -> JsonValue:
    from mockserver.wire.placeholder_files import FILES, smallest  # noqa: PLC0415 - few APIs answer files

    media_type = essence(content_type)
    return "" if is_text(media_type) and media_type not in FILES else smallest(media_type)


def _from_schema(
    media: ResponseMedia, schema: ResponseSchema, content_type: str, criteria: AnswerCriteria
) -> _Body:
    body = _sampled(schema, criteria.seed)
    if media.is_stream:
        others = [_sampled(schema, criteria.seed, str(more)) for more in range(1, _STREAMED_ITEMS)]
        body.value = [body.value, *(item.value for item in others)]
    if isinstance(body.value, str) and (file := _file(content_type)) != "":
        return _Body(file, "the smallest file of its media type")
    return body


def _sampled(schema: ResponseSchema, seed: int | str | None, more: str = "") -> _Body:
    from mockserver.schemas.sampling.sampler import sample  # noqa: PLC0415 - seldom needed, costs start time

    made = sample(schema, seed if seed is None else f"{seed}{more}")
    if made.misfits:
        violations = schema.violations(made.written, "answer")
        return _Body(made.written, _with_examples(made.misfits), violations, sampled=True)
    if made.is_valid:
        return _Body(made.value, "a value sampled from the schema", sampled=True)
    because = "sampled, but no value that conforms to the schema was found"
    violations = schema.violations(made.value, "answer")
    return _Body(made.value, because, violations, sampled=True)


def _with_examples(misfits: tuple[str, ...]) -> str:
    """Return the reason for a value with examples that do not conform to their schemas."""
    places = ", ".join(pointer or "the top" for pointer in misfits[:_MOST_NAMED])
    more = f" and {len(misfits) - _MOST_NAMED} more" if len(misfits) > _MOST_NAMED else ""
    return f"a value sampled from the schema, with examples that do not conform: {places}{more}"


def violations_of(media: ResponseMedia, content_type: str, value: JsonValue) -> list[Violation]:
    """Return the violations of the schema by a body; serialized text is not validated."""
    is_serialized = isinstance(value, bytes) or (
        isinstance(value, str) and not is_json(essence(content_type))
    )
    if media.schema is None or is_serialized:
        return []
    items = value if media.is_stream and isinstance(value, list) else [value]
    return [
        violation
        for item in items
        if not _conforms(media.schema, item)
        for violation in media.schema.violations(item, "answer")
    ]


def _conforms(schema: ResponseSchema, value: JsonValue) -> bool:
    try:
        return schema.is_valid(value)
    except UnicodeEncodeError:  # half of a surrogate pair, which a stored record may contain
        return False
