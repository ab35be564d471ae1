from typing import Any

import pytest

from mockserver.base.errors import SpecError
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.documents.versions import version_of


def version(value: Any) -> tuple[str, int]:
    """Return a document's version, and the number of warnings."""
    problems: list[SpecProblem] = []
    return version_of(Place(Document("d", None, value, dict), "", value), problems), len(problems)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"openapi": "3.0.3"}, ("3.0", 0)),
        ({"openapi": "3.1.0-rc1"}, ("3.1", 0)),
        ({"openapi": "3.2.0"}, ("3.2", 0)),
        ({"openapi": "3.1"}, ("3.1", 0)),
        ({"openapi": " 3.1.1 "}, ("3.1", 0)),
        ({"swagger": "2.0"}, ("2.0", 0)),
        ({"swagger": 2.0}, ("2.0", 1)),
        ({"openapi": 3.1}, ("3.1", 1)),
    ],
)
def test_the_version_of_a_document_is_read(value: Any, expected: tuple[str, int]) -> None:
    assert version(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {},
        None,
        [],
        "openapi: 3.0.0",
        {"openapi": None},
        {"openapi": "3.3.0"},
        {"openapi": "3.10.0"},
        {"openapi": "4.0.0"},
        {"openapi": "three"},
        {"swagger": "1.2"},
        {"swagger": 2},
        {"openapi": ["3.0.0"]},
    ],
)
def test_a_document_of_no_known_version_is_refused(value: Any) -> None:
    with pytest.raises(SpecError):
        version(value)
