"""Find the OpenAPI version of a document: "2.0", "3.0", "3.1" or "3.2".

`openapi/compiler.py` calls `version_of` before any conversion; without the third number, it decides
which rules are used. It raises SpecError if the version is missing or unsupported, with the name of
another format if one is recognised (`other_formats.py`), and adds a note if the version is a number
such as 3.1, not text.
"""

import re

from mockserver.base.errors import SpecError
from mockserver.base.problems import SpecProblem, note
from mockserver.documents.other_formats import format_of_value
from mockserver.documents.references import Place

SWAGGER = "2.0"
_VERSIONS = (SWAGGER, "3.0", "3.1", "3.2")
_VERSION = re.compile(r"(\d+\.\d+)(?:\.\d+(?:-\S*)?)?", re.ASCII)


def version_of(whole: Place, problems: list[SpecProblem]) -> str:
    """Return the version of a document: 2.0, 3.0, 3.1 or 3.2.

    Raises:
        SpecError: If it has no version or an unsupported one.
    """
    place = whole.child("swagger" if "openapi" not in _keys(whole) else "openapi")
    given = place.value
    if isinstance(given, float):
        problems.append(note("MS016", place.source, "the version is a number", f"write '{given}'"))
        given = str(given)
    found = _VERSION.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is not None and found[1] in _VERSIONS:
        return found[1]
    if given is None and (other := format_of_value(whole.value)) is not None:
        message = f"this is {other.name}, not OpenAPI"
        raise SpecError([SpecProblem("MS015", whole.source, message, other.hint)])
    if given is None:
        code, message, source = "MS011", "not an OpenAPI document", whole.source
    else:
        code, message, source = (
            "MS012",
            f"OpenAPI {str(given)[:20]!r} is not supported",
            place.source,
        )
    hint = f"begin it with `openapi: 3.1.0`; supported versions are {', '.join(_VERSIONS)}"
    raise SpecError([SpecProblem(code, source, message, hint)])


def _keys(whole: Place) -> list[str]:
    return [key for key, _ in whole.members()]
