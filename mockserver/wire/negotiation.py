"""Choose a documented media type by the `Accept` header (RFC 9110, section 12.5.1).

`engine/rendering.py` and `engine/documented_answers.py` call `negotiate` with the media types of a
document, the header and, for documented ranges such as `image/*`, what each body `Holds`, which
`openapi/answers.py` finds out. Out comes a `Choice`, the index and the type to send; or None if the
client accepts none of them: the caller decides what to do then. Invalid ranges are ignored; without
a valid one, the first type is chosen. Languages, charsets and codings are not negotiated.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mockserver.base.http import FORM, is_json, is_stream, is_xml

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - `token` is a term of the grammar
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*({_TOKEN}|"(?:[^"\\]|\\.)*")')
_QUALITY = re.compile(r"\d?(?:\.\d{0,3})?", re.ASCII)
_PARTS = re.compile(r'(?:[^,;"]|"(?:[^"\\]|\\.)*"?)+|[,;]')
_DEFAULT_TYPES: Mapping[str, Sequence[str]] = {
    "*": ("application/json", "application/octet-stream"),
    "application": ("application/json", "application/octet-stream"),
    "text": ("text/plain",),
    "image": ("image/png",),
}
"""The media types to send, by kind, if both the document and the client name only a range."""
_OTHER_TYPES = ("application/octet-stream",)
_FORMATS_OF_VALUES = frozenset(("text/plain", "text/csv", "text/event-stream", FORM))
_DOCUMENT_FORMATS = frozenset(("application/xhtml+xml", "image/svg+xml"))
"""XML formats that not every value can be written in."""
_MOST_RANGES = 100
_EXACT, _SAME, _LACKING, _SUFFIX, _KIND, _ANY = range(6, 0, -1)
"""Degrees of how specifically a range describes a media type, from parameters to `*/*`.

`_LACKING` is for a range with a parameter that the documented type does not have at all: few
documents write down the parameters of their types, so it is acceptable.
"""

_Parameters = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MediaRange:
    """A media type or a media range, with its parameters and its quality."""

    kind: str
    subtype: str
    parameters: _Parameters = frozenset()
    quality: float = 1.0

    @property
    def is_range(self) -> bool:
        """True for a media range such as `text/*`."""
        return self.subtype == "*"

    def concrete(self) -> str | None:
        """Return the name of the media type; None if it is a range."""
        return None if "*" in (self.kind, self.subtype) else f"{self.kind}/{self.subtype}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen media type: its index in the offered ones, and the type to send."""

    index: int
    media_type: str


class Holds(StrEnum):
    """What the body of a documented media range is, which limits the types it can be sent as."""

    ANYTHING = "anything"
    OCTETS = "octets"
    VALUE = "value"
    """A JSON value other than a string."""


def _can_be_sent_as(holds: str, name: str) -> bool:
    """Return True if a body of a kind can be written in a media type (without parameters)."""
    if holds == Holds.ANYTHING:
        return True
    is_data = is_json(name) or is_stream(name) or name.endswith(("/yaml", "/x-yaml"))
    if holds == Holds.OCTETS:
        return not (is_data or is_xml(name) or name == FORM or name.startswith("text/"))
    is_data_xml = is_xml(name) and name not in _DOCUMENT_FORMATS
    return is_data or is_data_xml or name in _FORMATS_OF_VALUES or name.startswith("multipart/")


def ranges_of(accept: str) -> list[MediaRange]:
    """Parse an `Accept` header; invalid media ranges are ignored."""
    groups: list[list[str]] = [[]]
    for part in _PARTS.findall(accept):
        if part == ",":
            groups.append([])
        elif part != ";":
            groups[-1].append(part.strip())
    found = (_range(group) for group in groups[:_MOST_RANGES] if group)
    return [item for item in found if item is not None]


def _range(parts: list[str]) -> MediaRange | None:
    name = "*/*" if parts[0] == "*" else parts[0].lower()  # the client of Java's library sends `*`
    found = _RANGE.fullmatch(name)
    if (
        found is None
        or ("*" in found[1] and name != "*/*")
        or ("*" in found[2] and found[2] != "*")
    ):
        return None
    parameters: list[tuple[str, str]] = []
    for part in parts[1:]:
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None:
            return None
        key, value = parameter[1].lower(), _unquoted(parameter[2])
        if key == "q":
            quality = _quality(value)
            if quality is None:
                return None
            return MediaRange(found[1], found[2], frozenset(parameters), quality)
        parameters.append((key, value.lower() if key == "charset" else value))
    return MediaRange(found[1], found[2], frozenset(parameters))


def _quality(text: str) -> float | None:
    if not text or not _QUALITY.fullmatch(text) or text == ".":
        return None
    return float(text) if float(text) <= 1 else None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _media_of(media_type: str) -> MediaRange:
    """Parse a documented media type; an invalid one matches nothing but its own text."""
    found = ranges_of(media_type)
    return found[0] if found else MediaRange(media_type.strip().lower(), "")


def negotiate(offered: Sequence[str], accept: str, holds: Sequence[str] = ()) -> Choice | None:
    """Choose one of the media types of a document; None if the client accepts none of them.

    The highest quality wins, then the range that describes the type most specifically, then the
    order of the client's ranges, then the order of the document.

    Args:
        offered: Media types or ranges, at least one.
        accept: The value of the header; if it has no valid range, the first type is chosen.
        holds: What the bodies of `offered` are (`Holds`); without it, they can be anything.
    """
    holds = holds or [Holds.ANYTHING] * len(offered)
    ranges = ranges_of(accept)
    if not ranges:
        types = _default_types(_media_of(offered[0]), holds[0]) or [offered[0]]
        return Choice(0, types[0])
    best, choice = (0.0, 0, 0), None
    for index, media_type in enumerate(offered):
        media = _media_of(media_type)
        options = _concrete_options if media.is_range else _closest_option
        for rank, name in options(media_type, media, ranges, holds[index]):
            if rank > best:
                best, choice = rank, Choice(index, name)
    return choice


_Option = tuple[tuple[float, int, int], str]
"""A media type that can be sent, after its rank: quality, specificity, and place in `Accept`."""


def _closest_option(
    media_type: str, media: MediaRange, ranges: Sequence[MediaRange], _holds: str
) -> Iterator[_Option]:
    """Yield a documented type with the rank of the range that describes it most specifically."""
    closest, place = max((_specificity(item, media), -place) for place, item in enumerate(ranges))
    if closest and ranges[-place].quality > 0:
        yield (ranges[-place].quality, closest, place), media_type


def _concrete_options(
    _media_type: str, media: MediaRange, ranges: Sequence[MediaRange], holds: str
) -> Iterator[_Option]:
    """Yield the types of a documented range that the client names, or else the default ones."""
    refused = {item.concrete() for item in ranges if not item.quality}
    for place, item in enumerate(ranges):
        specificity = _specificity(item, media)
        if not specificity or not item.quality:
            continue
        wanted = item.concrete()
        if wanted is not None:
            names = [wanted] if _can_be_sent_as(holds, wanted) else []
        else:
            names = _default_types(media, holds)
            if media.kind == "*" != item.kind:
                names = [one for one in _default_types(item, holds) if _can_be_sent_as(holds, one)]
        for name in names:
            if name not in refused and (media.kind != "*" or _specificity(item, _media_of(name))):
                yield (item.quality, specificity, -place), name
                break


def _default_types(media: MediaRange, holds: str) -> list[str]:
    """Return the types to send for a range, the preferred one first; none for a single type."""
    if not media.is_range:
        return []
    names = _DEFAULT_TYPES.get(media.kind, _OTHER_TYPES)
    return [name for name in names if _can_be_sent_as(holds, name)] or list(names[:1])


def _specificity(wanted: MediaRange, media: MediaRange) -> int:
    """Return how specifically a range describes a media type; 0 if it does not match."""
    parameters = wanted.parameters
    if not any(key == "charset" for key, _ in media.parameters):
        parameters = frozenset(item for item in parameters if item[0] != "charset")
    documented = dict(media.parameters)
    if any(documented.get(key, value) != value for key, value in parameters):
        return 0
    if (wanted.kind, wanted.subtype) == (media.kind, media.subtype):
        if not parameters or wanted.is_range:
            return _SAME
        return _EXACT if parameters <= media.parameters else _LACKING
    return _specificity_of_range(wanted, media)


def _specificity_of_range(wanted: MediaRange, media: MediaRange) -> int:
    if "*" in (wanted.kind, media.kind):
        return _ANY
    if wanted.kind != media.kind:
        return 0
    if "*" in (wanted.subtype, media.subtype):
        return _KIND
    suffixes = {wanted.subtype.rpartition("+")[2], media.subtype.rpartition("+")[2]}
    return _SUFFIX if len(suffixes) == 1 else 0
