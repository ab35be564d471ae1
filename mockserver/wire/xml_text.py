"""XML bodies, from bytes to elements: no DOCTYPE, no entities, a bounded depth."""

from dataclasses import dataclass, field
from xml.parsers import expat

from mockserver.base.http import media_type
from mockserver.model.refusal import Kind, Refusal
from mockserver.wire.media import DEEPEST

MOST_ELEMENTS = 100_000
_SEPARATOR = "}"
_ENCODINGS = ("utf-8", "us-ascii", "iso-8859-1", "utf-16")
"""What the parser reads without asking for a table."""


@dataclass(slots=True)
class Element:
    """An element; names are those after the prefix."""

    name: str
    attributes: dict[str, str]
    children: "list[Element]" = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, without that of its children."""
        return "".join(self.pieces)


class _Builder:
    """Takes what the parser meets."""

    def __init__(self) -> None:
        self.root = Element("", {})
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise _malformed(f"it is nested deeper than {DEEPEST} levels")
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise _malformed(f"it has more than {MOST_ELEMENTS:,} elements")
        local = {_local(key): value for key, value in attributes.items()}
        element = Element(_local(name), local)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    def refuse(self, *_declared: object) -> None:
        raise _malformed("it has a DOCTYPE, which is not read")


def parse_xml(body: bytes, content_type: str = "application/xml") -> Element:
    """Return the root element.

    Raises:
        Refusal: `malformed` if it is not well-formed, declares entities or is nested too deeply.
    """
    charset = media_type(content_type).parameters.get("charset", "").lower()
    parser = expat.ParserCreate(charset if charset in _ENCODINGS else None, _SEPARATOR)
    builder = _Builder()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003 - the parser takes no keywords
    except expat.ExpatError as error:
        told = expat.ErrorString(error.code)
        raise _malformed(f"{told}: line {error.lineno} column {error.offset + 1}") from None
    except (ValueError, LookupError):  # an encoding that Python does not have
        raise _malformed("its encoding is not known") from None
    return builder.root.children[0]


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _malformed(why: str) -> Refusal:
    return Refusal(Kind.MALFORMED, f"the body is not XML: {why}")
