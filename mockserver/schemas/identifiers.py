"""What schemas call themselves (`$id`, `$anchor`), and whom a reference therefore means."""

import os
import re
from urllib.parse import quote, unquote, urljoin, urlsplit

from mockserver.base.json import JsonValue, unescape
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References
from mockserver.schemas.dialects import NAMED, Dialect

_DATA = frozenset(("const", "default", "enum", "example", "examples"))
_ANCHOR = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*")
_NAMING = frozenset(("$id", "id", "$anchor", "$dynamicAnchor"))


class Identifiers:
    """The names of the schemas in all documents that are met (JSON Schema Core, section 8.2)."""

    def __init__(self, references: References, dialect: Dialect) -> None:
        self.references = references
        self._dialect = dialect
        self._read: set[str] = set()
        self._resources: dict[str, Place] = {}
        self._bases: dict[tuple[str, str], str] = {}
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: dict[str, dict[str, Place]] = {}

    def dynamic(self, place: Place) -> dict[str, Place]:
        """Return the dynamic anchors of the resource that a place is in."""
        return self._dynamic.get(self._base(place), {})

    def target(self, place: Place, keyword: str) -> Place:
        """Return what a reference points at.

        Raises:
            SpecError: If there is nothing, or it leads back to itself.
        """
        if not self._dialect.identifier:
            return self.references.resolve(place)
        first = target = self._next(place, keyword)
        seen: set[tuple[str, str]] = set()
        while isinstance(target.value, dict) and isinstance(target.value.get("$ref"), str):
            here = (target.document.file, target.pointer)
            if here in seen:
                return self.references.resolve(place)  # which tells of the circle
            seen.add(here)
            target = self._next(target, "$ref")
        return first

    def _next(self, place: Place, keyword: str) -> Place:
        reference = place.value[keyword]
        base, (head, _, fragment) = self._base(place), reference.partition("#")
        address = _joined(base, head)
        resource = self._resources.get(address) or self._file(place, address)
        found = _within(resource, unquote(fragment)) if resource else None
        found = found or self._anchors.get((address, unquote(fragment)))
        return found or self.references.resolve(_referring(place, reference))

    def _file(self, place: Place, address: str) -> Place | None:
        """Read the file at an address."""
        path = place.document.path
        if path is None or urlsplit(address).scheme != "file":
            return None
        name = os.path.relpath(unquote(urlsplit(address).path), path.resolve().parent)
        found = self.references.resolve(_referring(place, quote(name)))
        self._base(found)
        self._resources.setdefault(address, found)
        return found

    def _base(self, place: Place) -> str:
        """Return the address of the resource that a place is in."""
        document = place.document
        if document.file not in self._read:
            self._read.add(document.file)
            self._note_all(document)
        pointer = place.pointer
        while (base := self._bases.get((document.file, pointer))) is None:
            pointer = pointer.rpartition("/")[0]
        return base

    def _note_all(self, document: Document) -> None:
        whole = Place(document, "", document.value)
        path = document.path
        base = path.resolve().as_uri() if path else f"file:///{quote(document.file)}"
        self._bases[document.file, ""] = base
        self._resources[base] = whole
        if not _names_itself(document.value):
            return
        waiting = [(whole, base, False)]
        while waiting:
            place, base, is_map = waiting.pop()
            if isinstance(place.value, dict) and not is_map:
                base = self._note(place, base)
            for key, below in (*place.members(), *(("", item) for item in place.items())):
                if is_map or key not in _DATA:
                    waiting.append((below, base, not is_map and key in NAMED))

    def _note(self, place: Place, base: str) -> str:
        """Note how a schema calls itself; return the address that holds inside it."""
        value, dialect = place.value, self._dialect
        if "$ref" in value and not dialect.has_siblings:
            return base
        if isinstance(own := value.get(dialect.identifier), str):
            address, _, anchor = own.partition("#")
            base = _joined(base, address)
            if address:
                self._bases[place.document.file, place.pointer] = base
                self._resources[base] = place
            if anchor:
                self._anchors[base, anchor] = place
        for key in ("$anchor", "$dynamicAnchor"):
            name = value.get(key)
            if isinstance(name, str) and dialect.has_siblings and _ANCHOR.fullmatch(name):
                self._anchors.setdefault((base, name), place)
                if key == "$dynamicAnchor":
                    self._dynamic.setdefault(base, {}).setdefault(name, place)
        return base


def _joined(base: str, address: str) -> str:
    """Return an address relative to another; what is none stays as it is."""
    try:
        found = urljoin(base, address) if address else base
        urlsplit(found)
    except ValueError:
        return base
    return found


def _referring(place: Place, reference: str) -> Place:
    return Place(place.document, place.pointer, {"$ref": reference})


def _within(resource: Place, pointer: str) -> Place | None:
    """Return what is under a JSON Pointer inside a resource; None if there is nothing."""
    if pointer and not pointer.startswith("/"):
        return None
    place = resource
    for token in pointer.split("/")[1:]:
        key = unescape(token)
        index = int(key) if key.isdecimal() and isinstance(place.value, list) else key
        place = place.child(index)
        if place.value is None:
            return None
    return place


def _names_itself(value: JsonValue) -> bool:
    """Tell whether any schema in a document may have a name of its own."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if not _NAMING.isdisjoint(value):
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
