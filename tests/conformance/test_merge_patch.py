"""JSON Merge Patch: the examples of RFC 7396, Appendix A."""

import json

import pytest

from mockserver.language.functions import FUNCTIONS

ROWS = """\
{"a":"b"} | {"a":"c"} | {"a":"c"}
{"a":"b"} | {"b":"c"} | {"a":"b","b":"c"}
{"a":"b"} | {"a":null} | {}
{"a":"b","b":"c"} | {"a":null} | {"b":"c"}
{"a":["b"]} | {"a":"c"} | {"a":"c"}
{"a":"c"} | {"a":["b"]} | {"a":["b"]}
{"a":{"b":"c"}} | {"a":{"b":"d","c":null}} | {"a":{"b":"d"}}
{"a":[{"b":"c"}]} | {"a":[1]} | {"a":[1]}
["a","b"] | ["c","d"] | ["c","d"]
{"a":"b"} | ["c"] | ["c"]
{"a":"foo"} | null | null
{"a":"foo"} | "bar" | "bar"
{"e":null} | {"a":1} | {"e":null,"a":1}
[1,2] | {"a":"b","c":null} | {"a":"b"}
{} | {"a":{"bb":{"ccc":null}}} | {"a":{"bb":{}}}
"""


@pytest.mark.parametrize("row", ROWS.splitlines())
def test_a_merge_patch_gives_what_appendix_a_says(row: str) -> None:
    value, patch, expected = map(json.loads, row.split(" | "))
    before = json.dumps(value)
    assert FUNCTIONS["merge_patch"].call(value, patch) == expected
    assert json.dumps(value) == before
