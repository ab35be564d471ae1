from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.engine.documented_answers import violations_of
from tests.compiled_schemas import plain


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_body_with_half_of_a_surrogate_pair_violates_its_schema(*, is_stream: bool) -> None:
    media: Any = SimpleNamespace(
        schema=plain({"required": ["id"], "type": "object"}), is_stream=is_stream
    )
    value: Any = {"half": "\ud800"}
    found = violations_of(media, "application/json", [value] if is_stream else value)
    assert [one.where for one in found] == ["answer"]
