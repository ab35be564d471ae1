"""Write values as XML without a schema: each member becomes an element of its name.

In: a JSON value and the name of the root element. Out: XML as text, without declaration, attributes
and namespaces; a list becomes one element for each item, also at the root. Caller:
`engine/documented_answers.py`, for mock servers that write XML so (`AnswerStyle.xml_root`).
`xml_writing.py` follows the `xml` objects of schemas instead.
"""

from collections.abc import Iterator

from mockserver.base.json import JsonValue
from mockserver.wire.xml_writing import element_name, escaped_text


def plain_xml(value: JsonValue, root: str) -> str:
    """Return a document whose outermost element has the name `root`."""
    return "".join(_elements(root, value))


def _elements(name: str, value: JsonValue) -> Iterator[str]:
    """Yield one element, or one for each item of an array."""
    if isinstance(value, list):
        for item in value:
            yield from _elements(name, item)
        return
    if isinstance(value, dict):
        body = "".join(
            text for key, member in value.items() for text in _elements(element_name(key), member)
        )
    else:
        body = escaped_text(value)
    yield f"<{name}>{body}</{name}>" if body else f"<{name}/>"
