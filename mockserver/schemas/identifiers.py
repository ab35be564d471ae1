"""Resolve references of schemas by `$id`, `$anchor` and `$dynamicAnchor` (JSON Schema Core, 8.2).

`validators.py` is the only caller. `Identifiers.target` returns the place that a `$ref` or
`$dynamicRef` leads to, and raises SpecError if there is none or the references form a cycle;
`dynamic` returns the dynamic anchors around a place. A dialect without identifiers, as that of
OpenAPI 3.0, and a reference that no identifier matches are left to `documents/references.py`, which
also reads files of the document's folder. Documents are indexed when they are first needed. No
address is fetched, whatever an identifier says.
"""

import os
import re
from urllib.parse import quote, unquote, urljoin, urlsplit

from mockserver.base.json import JsonValue, unescape
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References
from mockserver.schemas.dialects import SCHEMA_MAP_KEYWORDS, Dialect

_DATA = frozenset(("const", "default", "enum", "example", "examples"))
"""Keywords whose values are data, in which nothing is an identifier."""
_ANCHOR = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*")
_IDENTIFIER_KEYWORDS = frozenset(("$id", "id", "$anchor", "$dynamicAnchor"))


class Identifiers:
    """The identifiers of all schemas in the documents (JSON Schema Core, section 8.2).

    A document is indexed when a reference to or from it is resolved for the first time. A schema
    resource is a schema with an identifier, or a whole document; its address is a base URI.
    """

    def __init__(self, references: References, dialect: Dialect) -> None:
        self.references = references
        self._dialect = dialect
        self._read: set[str] = set()
        self._resources: dict[str, Place] = {}
        self._bases: dict[tuple[str, str], str] = {}
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: dict[str, dict[str, Place]] = {}

    def dynamic(self, place: Place) -> dict[str, Place]:
        """Return the dynamic anchors of the resource that contains a place, by name."""
        return self._dynamic.get(self._base(place), {})

    def target(self, place: Place, keyword: str) -> Place:
        """Return the target of a reference.

        Args:
            place: The schema with the reference.
            keyword: `$ref` or `$dynamicRef`.

        Raises:
            SpecError: If the target is absent or the reference is circular.
        """
        if not self._dialect.identifier:
            return self.references.resolve(place)
        first = target = self._next(place, keyword)
        seen: set[tuple[str, str]] = set()
        while isinstance(target.value, dict) and isinstance(target.value.get("$ref"), str):
            key = (target.document.file, target.pointer)
            if key in seen:
                return self.references.resolve(place)  # raises the error for the cycle
            seen.add(key)
            target = self._next(target, "$ref")
        return first

    def _next(self, place: Place, keyword: str) -> Place:
        reference = place.value[keyword]
        base, (head, _, fragment) = self._base(place), reference.partition("#")
        address = _joined(base, head)
        resource = self._resources.get(address) or self._file(place, address)
        found = _within(resource, unquote(fragment)) if resource else None
        found = found or self._anchors.get((address, unquote(fragment)))
        return found or self.references.resolve(_reference_to(place, reference))

    def _file(self, place: Place, address: str) -> Place | None:
        """Return the whole document at a `file:` address; None for any other address."""
        path = place.document.path
        if path is None or urlsplit(address).scheme != "file":
            return None
        name = os.path.relpath(unquote(urlsplit(address).path), path.resolve().parent)
        found = self.references.resolve(_reference_to(place, quote(name)))
        self._base(found)
        self._resources.setdefault(address, found)
        return found

    def _base(self, place: Place) -> str:
        """Return the address of the resource that contains a place."""
        document = place.document
        if document.file not in self._read:
            self._read.add(document.file)
            self._index(document)
        pointer = place.pointer
        while (base := self._bases.get((document.file, pointer))) is None:
            pointer = pointer.rpartition("/")[0]
        return base

    def _index(self, document: Document) -> None:
        """Record the identifiers in a document."""
        whole = Place(document, "", document.value)
        path = document.path
        base = path.resolve().as_uri() if path else f"file:///{quote(document.file)}"
        self._bases[document.file, ""] = base
        self._resources[base] = whole
        if not _has_identifiers(document.value):
            return
        waiting = [(whole, base, False)]
        while waiting:
            place, base, is_map = waiting.pop()
            if isinstance(place.value, dict) and not is_map:
                base = self._record(place, base)
            for key, child in (*place.members(), *(("", item) for item in place.items())):
                if is_map or key not in _DATA:
                    waiting.append((child, base, not is_map and key in SCHEMA_MAP_KEYWORDS))

    def _record(self, place: Place, base: str) -> str:
        """Record the identifiers of one schema; return the base address inside it."""
        value, dialect = place.value, self._dialect
        if "$ref" in value and not dialect.has_siblings:
            return base
        if isinstance(identifier := value.get(dialect.identifier), str):
            address, _, anchor = identifier.partition("#")
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
    """Return the absolute address of a relative one; the base if that is invalid."""
    try:
        joined = urljoin(base, address) if address else base
        urlsplit(joined)
    except ValueError:
        return base
    return joined


def _reference_to(place: Place, reference: str) -> Place:
    return Place(place.document, place.pointer, {"$ref": reference})


def _within(resource: Place, pointer: str) -> Place | None:
    """Return the place at a JSON Pointer inside a resource; None if it is absent."""
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


def _has_identifiers(value: JsonValue) -> bool:
    """Return True if any object in a value has a keyword that identifies schemas."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if not _IDENTIFIER_KEYWORDS.isdisjoint(value):
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
