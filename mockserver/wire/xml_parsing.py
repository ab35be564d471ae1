"""Parse XML bodies to elements, within limits.

`xml_decoding.py` calls `parse_xml`: bytes and a Content-Type go in, the root `Element` comes out,
or a `malformed` refusal is raised: for invalid XML, an unknown encoding, or what exceeds a limit of
depth, elements or attributes. A body with a DOCTYPE is refused, so that it cannot define entities.
Names lose their namespace; nothing outside the body is read.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from xml.parsers import expat

from mockserver.base.http import media_type
from mockserver.model.refusal import Kind, Refusal
from mockserver.wire.media import DEEPEST

_MOST_ELEMENTS = 100_000
MOST_ATTRIBUTES = 100_000
_ATTRIBUTE = re.compile(rb"""[^\s=<>"'/]\s*=\s*["']""")
_SEPARATOR = "}"
_ENCODINGS = ("utf-8", "us-ascii", "iso-8859-1", "utf-16")
"""The encodings that the parser supports itself."""


@dataclass(slots=True)
class Element:
    """An element; names of elements and attributes have no namespace."""

    name: str
    attributes: dict[str, str]
    children: "list[Element]" = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly in the element, without the text of its children."""
        return "".join(self.pieces)


class _ElementBuilder:
    """Builds elements from the events of the parser."""

    def __init__(self) -> None:
        self.root = Element("", {})
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise _malformed(f"it is nested deeper than {DEEPEST} levels")
        self._count += 1
        if self._count > _MOST_ELEMENTS:
            raise _malformed(f"it has more than {_MOST_ELEMENTS:,} elements")
        local = {_local(key): value for key, value in attributes.items()}
        element = Element(_local(name), local)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    def doctype(self, *_declaration: object) -> None:
        raise _malformed("it has a DOCTYPE, which is not supported; remove it")


def parse_xml(body: bytes, content_type: str = "application/xml") -> Element:
    """Parse an XML document and return its root element.

    Raises:
        Refusal: `malformed` if it is not well-formed, has a DOCTYPE, or exceeds a limit.
    """
    if _has_too_many_attributes(body):
        raise _malformed(f"it has more than {MOST_ATTRIBUTES:,} attributes")
    charset = media_type(content_type).parameters.get("charset", "").lower()
    parser = expat.ParserCreate(charset if charset in _ENCODINGS else None, _SEPARATOR)
    builder = _ElementBuilder()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003 - the parser takes no keywords
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise _malformed(f"{reason}: line {error.lineno} column {error.offset + 1}") from None
    except (ValueError, LookupError):  # an encoding that Python does not have
        raise _malformed("its encoding is not supported; send utf-8") from None
    return builder.root.children[0]


def _has_too_many_attributes(body: bytes) -> bool:
    """Return True if a body has too many attributes for the parser, which reads a tag at once."""
    if body.count(b"=") <= MOST_ATTRIBUTES:
        return False
    narrow = body.replace(b"\0", b"")  # UTF-16 has a zero in every ASCII character
    return (
        sum(1 for _ in islice(_ATTRIBUTE.finditer(narrow), MOST_ATTRIBUTES + 1)) > MOST_ATTRIBUTES
    )


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _malformed(reason: str) -> Refusal:
    return Refusal(Kind.MALFORMED, f"the body is not XML: {reason}")
