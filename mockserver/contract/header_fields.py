"""Holds the header fields of answers, and other plain texts, against their schemas."""

from collections.abc import Callable, Iterable, Iterator

from mockserver.base.json import JsonValue
from mockserver.contract.answer_comparison import ABSENT, Difference
from mockserver.model.contents import ResponseHeader, Validator
from mockserver.model.refusal import Refusal, Violation
from mockserver.wire.media import parse_json


def header_differences(
    documented: Iterable[ResponseHeader], header: Callable[[str], str | None]
) -> Iterator[Difference]:
    """Yield the documented headers that an answer lacks, or has in another form.

    Args:
        documented: The headers of the documented answer; Content-Type is not one (OpenAPI, 4.8.17).
        header: Returns the value of a header by its name in lower case.
    """
    for one in documented:
        name = one.name.lower()
        text = header(name)
        if text is None:
            if one.required:
                yield Difference("header", name, "is required", ABSENT, "document")
        elif one.schema is not None and name != "content-type":
            for violation in text_violations(one.schema, text)[:1]:
                yield Difference("header", name, violation.message, text, "document")


def text_violations(schema: Validator, text: str) -> list[Violation]:
    """List what is wrong with a text; nothing, if anything that it can stand for conforms.

    A number, a boolean or JSON is written as such, and a list with commas. A text alone does not
    tell which of them is meant, so the one that comes closest counts.
    """
    return min((schema.violations(value) for value in _meanings(text)), key=_distance)


def _distance(found: list[Violation]) -> tuple[bool, int]:
    return any(one.keyword == "type" and not one.pointer for one in found), len(found)


def _meanings(text: str) -> Iterator[JsonValue]:
    yield text
    yield from _parsed(text)
    items = [item.strip() for item in text.split(",")] if text else []
    yield items
    yield [next(_parsed(item), item) for item in items]
    for pairs in (zip(items[::2], items[1::2], strict=False), (i.split("=", 1) for i in items)):
        named = [pair for pair in pairs if len(pair) > 1]
        if named:
            yield {name: next(_parsed(value), value) for name, value in named}


def _parsed(text: str) -> Iterator[JsonValue]:
    try:
        yield parse_json(text)
    except Refusal:
        return
