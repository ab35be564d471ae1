"""Compare headers, and validate them and other texts, which may stand for values of any type.

`conformance.py` calls `header_differences` for headers of answers, and `text_violations` for bodies
of type text/plain. A text such as `1,2` is tried as a text, as JSON, as an array and as an object;
the reading with the fewest violations counts. A missing header is a `Difference` only if it is
required; headers that are not documented, and the schema of Content-Type, are ignored. Of a header,
only the first violation is yielded; of a text, all are returned. `verification.py` calls
`is_same_header`, which ignores spaces after commas, and what a Content-Type says beyond the other.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from mockserver.base.http import media_type
from mockserver.base.json import JsonValue
from mockserver.contract.answer_comparison import ABSENT, Difference
from mockserver.model.contents import ResponseHeader, Validator
from mockserver.model.refusal import Refusal, Violation
from mockserver.wire.media import parse_json

_QUOTED_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,[ \t]*')


def is_same_header(name: str, expected: str, found: str) -> bool:
    """Return True if a header has the expected value.

    Spaces after the commas of a list do not count. A Content-Type may have more parameters than
    expected; the case of its name and of its `charset` does not count.
    """
    if name != "content-type":
        return expected == found or _list_text(expected) == _list_text(found)
    wanted, given = media_type(expected), media_type(found)
    return wanted.name == given.name and all(
        _parameter(key, given.parameters.get(key)) == _parameter(key, value)
        for key, value in wanted.parameters.items()
    )


def _list_text(text: str) -> str:
    return _QUOTED_OR_COMMA.sub(lambda match: match[1] or ",", text)


def _parameter(name: str, value: str | None) -> str | None:
    return value.lower() if name == "charset" and value is not None else value


def header_differences(
    documented: Iterable[ResponseHeader], header: Callable[[str], str | None]
) -> Iterator[Difference]:
    """Yield the documented headers that are missing or have an invalid value.

    Args:
        documented: The headers of the documented response. The schema of Content-Type is ignored
            (OpenAPI, Response Object).
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
    """List the violations of a text that may stand for a value of any type.

    The text `1,2` may be a string, an array of numbers or an array of strings. The schema is
    applied to each interpretation, and the one with the fewest violations counts.
    """
    return min((schema.violations(value) for value in _interpretations(text)), key=_distance)


def _distance(found: list[Violation]) -> tuple[bool, int]:
    return any(one.keyword == "type" and not one.pointer for one in found), len(found)


def _interpretations(text: str) -> Iterator[JsonValue]:
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
