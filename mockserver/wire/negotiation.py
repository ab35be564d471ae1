"""Content negotiation: which documented media type a client likes best (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*({_TOKEN}|"(?:[^"\\]|\\.)*")')
_QUALITY = re.compile(r"\d?(?:\.\d{0,3})?", re.ASCII)
_PARTS = re.compile(r'(?:[^,;"]|"(?:[^"\\]|\\.)*"?)+|[,;]')
_USUAL = {
    "*/*": "application/json",
    "application/*": "application/json",
    "text/*": "text/plain",
    "image/*": "image/png",
}
"""What is sent where the document and the client name only a range."""
_MOST_RANGES = 100
_EXACT, _SAME, _SUFFIX, _KIND, _ANY = range(5, 0, -1)
"""How specific a range is for a media type, from its parameters down to `*/*`."""

Parameters = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MediaRange:
    """A media type or a range of them, with its parameters and how much it is liked."""

    kind: str
    subtype: str
    parameters: Parameters = frozenset()
    quality: float = 1.0

    def concrete(self) -> str | None:
        """Return the media type if it is one and not a range."""
        return None if "*" in (self.kind, self.subtype) else f"{self.kind}/{self.subtype}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A documented media type that was chosen: its place among them, and what is sent."""

    index: int
    media_type: str


def ranges_of(accept: str) -> list[MediaRange]:
    """Read an `Accept` header; what is not a media range is left out."""
    groups: list[list[str]] = [[]]
    for part in _PARTS.findall(accept):
        if part == ",":
            groups.append([])
        elif part != ";":
            groups[-1].append(part.strip())
    found = (_range(group) for group in groups[:_MOST_RANGES] if group)
    return [item for item in found if item is not None]


def _range(parts: list[str]) -> MediaRange | None:
    name = "*/*" if parts[0] == "*" else parts[0].lower()  # `*` is what Java's own client sends
    found = _RANGE.fullmatch(name)
    if (
        found is None
        or ("*" in found[1] and name != "*/*")
        or ("*" in found[2] and found[2] != "*")
    ):
        return None
    parameters: list[tuple[str, str]] = []
    for part in parts[1:]:
        given = _PARAMETER.fullmatch(part)
        if given is None:
            return None
        key, value = given[1].lower(), _unquoted(given[2])
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


def media_of(media_type: str) -> MediaRange:
    """Read a documented media type; one that cannot be read is only itself."""
    found = ranges_of(media_type)
    return found[0] if found else MediaRange(media_type.strip().lower(), "")


def negotiate(offered: Sequence[str], accept: str) -> Choice | None:
    """Choose among the media types of a document; None if the client takes none of them.

    The highest quality wins, then the range that names the type most closely, then the order
    of the client's ranges, then that of the document.

    Args:
        offered: Media types or ranges, at least one.
        accept: The header's value; without one that can be read, the first type is chosen.
    """
    ranges = ranges_of(accept)
    if not ranges:
        return Choice(0, sent_as(offered[0], media_of(offered[0])))
    best, choice = (0.0, 0, 0), None
    for index, media_type in enumerate(offered):
        media = media_of(media_type)
        closest = max(
            ((_closeness(item, media), -place) for place, item in enumerate(ranges)), default=(0, 0)
        )
        item = ranges[-closest[1]]
        rank = (item.quality, *closest)
        if closest[0] and item.quality > 0 and rank > best:
            best, choice = rank, Choice(index, sent_as(media_type, media, item))
    return choice


def sent_as(media_type: str, media: MediaRange, wanted: MediaRange | None = None) -> str:
    """Return the media type to send for a documented one, which may be a range."""
    if media.concrete() is not None or not media.subtype:
        return media_type
    asked = wanted.concrete() if wanted is not None else None
    return asked or _USUAL.get(f"{media.kind}/{media.subtype}", "application/octet-stream")


def _closeness(wanted: MediaRange, media: MediaRange) -> int:
    """Tell how closely a range names a media type; 0 if it does not."""
    parameters = wanted.parameters
    if not any(key == "charset" for key, _ in media.parameters):
        parameters = frozenset(item for item in parameters if item[0] != "charset")
    if not parameters <= media.parameters:
        return 0
    if (wanted.kind, wanted.subtype) == (media.kind, media.subtype):
        return _EXACT if parameters and wanted.subtype != "*" else _SAME
    return _looseness(wanted, media)


def _looseness(wanted: MediaRange, media: MediaRange) -> int:
    if "*" in (wanted.kind, media.kind):
        return _ANY
    if wanted.kind != media.kind:
        return 0
    if "*" in (wanted.subtype, media.subtype):
        return _KIND
    suffixes = {wanted.subtype.rpartition("+")[2], media.subtype.rpartition("+")[2]}
    return _SUFFIX if len(suffixes) == 1 else 0
