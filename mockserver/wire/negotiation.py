"""Choose a documented media type by the `Accept` header (RFC 9110, section 12.5.1).

`engine/rendering.py` and `engine/documented_answers.py` call `negotiate` with the media types of a
document and the header. Out comes a `Choice`, or None if the client accepts none of them; the
caller decides what to do then. Invalid ranges are ignored; without a valid one, the first type is
chosen. Languages, charsets and codings are not negotiated.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - `token` is a term of the grammar
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*({_TOKEN}|"(?:[^"\\]|\\.)*")')
_QUALITY = re.compile(r"\d?(?:\.\d{0,3})?", re.ASCII)
_PARTS = re.compile(r'(?:[^,;"]|"(?:[^"\\]|\\.)*"?)+|[,;]')
_DEFAULT_TYPES = {
    "*/*": "application/json",
    "application/*": "application/json",
    "text/*": "text/plain",
    "image/*": "image/png",
}
"""The media type to send if both the document and the client name only a range."""
_MOST_RANGES = 100
_EXACT, _SAME, _SUFFIX, _KIND, _ANY = range(5, 0, -1)
"""Degrees of how specifically a range describes a media type, from parameters to `*/*`."""

Parameters = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MediaRange:
    """A media type or a media range, with its parameters and its quality."""

    kind: str
    subtype: str
    parameters: Parameters = frozenset()
    quality: float = 1.0

    def concrete(self) -> str | None:
        """Return the name of the media type; None if it is a range."""
        return None if "*" in (self.kind, self.subtype) else f"{self.kind}/{self.subtype}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen media type: its index in the offered ones, and the type to send."""

    index: int
    media_type: str


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


def negotiate(offered: Sequence[str], accept: str) -> Choice | None:
    """Choose one of the media types of a document; None if the client accepts none of them.

    The highest quality wins, then the range that describes the type most specifically, then the
    order of the client's ranges, then the order of the document.

    Args:
        offered: Media types or ranges, at least one.
        accept: The value of the header; if it has no valid range, the first type is chosen.
    """
    ranges = ranges_of(accept)
    if not ranges:
        return Choice(0, _concrete_media_type(offered[0], _media_of(offered[0])))
    best, choice = (0.0, 0, 0), None
    for index, media_type in enumerate(offered):
        media = _media_of(media_type)
        closest = max((_specificity(item, media), -place) for place, item in enumerate(ranges))
        item = ranges[-closest[1]]
        rank = (item.quality, *closest)
        if closest[0] and item.quality > 0 and rank > best:
            best, choice = rank, Choice(index, _concrete_media_type(media_type, media, item))
    return choice


def _concrete_media_type(
    media_type: str, media: MediaRange, wanted: MediaRange | None = None
) -> str:
    """Return the media type to send for a documented media type or range.

    Args:
        media_type: The documented type as written.
        media: The documented type, parsed.
        wanted: The range of the client that was matched.
    """
    if media.concrete() is not None or not media.subtype:
        return media_type
    requested = wanted.concrete() if wanted is not None else None
    default = _DEFAULT_TYPES.get(f"{media.kind}/{media.subtype}", "application/octet-stream")
    return requested or default


def _specificity(wanted: MediaRange, media: MediaRange) -> int:
    """Return how specifically a range describes a media type; 0 if it does not match."""
    parameters = wanted.parameters
    if not any(key == "charset" for key, _ in media.parameters):
        parameters = frozenset(item for item in parameters if item[0] != "charset")
    if not parameters <= media.parameters:
        return 0
    if (wanted.kind, wanted.subtype) == (media.kind, media.subtype):
        return _EXACT if parameters and wanted.subtype != "*" else _SAME
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
