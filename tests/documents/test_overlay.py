import copy
import json
import subprocess
import sys
from typing import Any

import jsonpath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.errors import SpecError
from mockserver.base.problems import SpecProblem
from mockserver.documents import overlay as overlay_module
from mockserver.documents.document import Document, parse_document
from mockserver.documents.overlay import apply_overlays, extended_file, is_overlay

BASE = """\
openapi: 3.1.0
info: {title: T, version: '1'}
tags:
  - name: a
  - name: b
  - name: c
paths:
  /x:
    get:
      summary: old
      tags: [one, two]
    post: {summary: p}
  /y:
    get: {summary: y}
"""


def base(text: str = BASE) -> Document:
    return parse_document(text.encode(), "base.yaml")


def overlay(*actions: object, version: str = "1.1.0", **other: object) -> Document:
    value = {
        "overlay": version,
        "info": {"title": "t", "version": "1"},
        "actions": list(actions),
        **other,
    }
    return parse_document(json.dumps(value, indent=1).encode(), "overlay.json")


def applied(value: object, *actions: object, version: str = "1.1.0") -> Any:
    document = parse_document(json.dumps(value).encode(), "base.json")
    return apply_overlays(document, [overlay(*actions, version=version)]).value


def problems(*overlays: Document, document: Document | None = None) -> tuple[SpecProblem, ...]:
    with pytest.raises(SpecError) as caught:
        apply_overlays(document or base(), overlays)
    return caught.value.problems


def test_an_overlay_is_distinguished_from_a_document() -> None:
    assert is_overlay(overlay())
    assert not is_overlay(base())
    assert not is_overlay(base("[overlay]"))


@pytest.mark.parametrize(
    ("extends", "file"), [("a.yaml", "a.yaml"), (None, None), (5, None), ("a\0b", None)]
)
def test_an_overlay_names_the_file_it_extends(extends: object, file: str | None) -> None:
    assert extended_file(overlay(extends=extends)) == file


def test_no_overlay_changes_nothing() -> None:
    assert apply_overlays(base(), []).value == base().value


@pytest.mark.parametrize(
    ("value", "action", "expected"),
    [
        ({"a": 1}, {"target": "$", "update": {"b": 2}}, {"a": 1, "b": 2}),
        ({"a": 1}, {"target": "$", "update": {"a": 2}}, {"a": 2}),
        ({"a": {"b": 1}}, {"target": "$", "update": {"a": {"c": 2}}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [1]}, {"target": "$", "update": {"a": [1, 2]}}, {"a": [1, 1, 2]}),
        ({"a": [1]}, {"target": "$.a", "update": 2}, {"a": [1, 2]}),
        ({"a": [1]}, {"target": "$.a", "update": {"b": 2}}, {"a": [1, {"b": 2}]}),
        ({"a": [1]}, {"target": "$.a", "update": [2, 3]}, {"a": [1, 2, 3]}),
        ({"a": 1}, {"target": "$.a", "update": "x"}, {"a": "x"}),
        ({"a": 1}, {"target": "$.a", "update": None}, {"a": None}),
        ({"a": None}, {"target": "$.a", "update": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"x": 1}, "b": {"x": 2}}, {"target": "$.*", "update": {"y": 3}},
         {"a": {"x": 1, "y": 3}, "b": {"x": 2, "y": 3}}),
        ({"a": 1, "b": 2}, {"target": "$.a", "remove": True}, {"b": 2}),
        ({"a": [1, 2, 3, 4]}, {"target": "$.a[0,2]", "remove": True}, {"a": [2, 4]}),
        ({"a": [1, 2, 1]}, {"target": "$.a[?@ == 1]", "remove": True}, {"a": [2]}),
        ({"a": 1, "b": 2}, {"target": "$['a','a']", "remove": True}, {"b": 2}),
        ({"²": 1, "b": 2}, {"target": "$['²']", "remove": True}, {"b": 2}),
        ({"a": {"x": {"x": 1}}, "x": 2}, {"target": "$..x", "remove": True}, {"a": {}}),
        ({"a": {"b": [{}]}, "c": 1}, {"target": "$..*", "remove": True}, {}),
        ({"a": {"x": 1}, "b": {"y": 2}}, {"target": "$.b", "copy": "$.a"},
         {"a": {"x": 1}, "b": {"y": 2, "x": 1}}),
        ({"a": {"x": 1}}, {"target": "$.a", "copy": "$"}, {"a": {"x": 1, "a": {"x": 1}}}),
        ({"a": [1], "b": [2]}, {"target": "$.b", "copy": "$.a"}, {"a": [1], "b": [2, 1]}),
        ({"a": 1, "b": 2}, {"target": "$.b", "copy": "$.a"}, {"a": 1, "b": 1}),
        ({"a": 1}, {"target": "$.b", "update": 1, "x-optional": True}, {"a": 1}),
        ({"a": 1}, {"target": "$.a", "update": 2, "remove": False, "x-why": "so"}, {"a": 2}),
        ({"a/b~c": {}}, {"target": "$['a/b~c']", "update": {"x": 1}}, {"a/b~c": {"x": 1}}),
        ({"": {"": 1}}, {"target": '$[""][\'\']', "update": 2}, {"": {"": 2}}),
    ],
)  # fmt: skip
def test_an_action_changes_what_it_targets(
    value: object, action: dict[str, object], expected: object
) -> None:
    assert applied(value, action) == expected


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1", "1.1.0"])
def test_both_versions_merge_mappings_and_lists(version: str) -> None:
    action = {"target": "$.a", "update": {"b": 2, "l": [2]}}

    assert applied({"a": {"b": 1, "l": [1]}}, action, version=version) == {
        "a": {"b": 2, "l": [1, 2]}
    }


def test_actions_apply_to_the_result_of_those_before() -> None:
    result = applied(
        {"servers": [1, 2]},
        {"target": "$.servers", "remove": True},
        {"target": "$", "update": {"servers": [3]}},
        {"target": "$.servers", "update": 4},
    )

    assert result == {"servers": [3, 4]}


def test_a_later_action_does_not_reach_into_what_was_copied() -> None:
    result = applied(
        {"a": {"in": {"x": 1}}, "b": {}},
        {"target": "$.a.in", "update": {"y": 2}},
        {"target": "$.b", "copy": "$.a"},
        {"target": "$.a.in", "update": {"z": 3}},
    )

    assert result == {"a": {"in": {"x": 1, "y": 2, "z": 3}}, "b": {"in": {"x": 1, "y": 2}}}


def test_one_update_of_two_targets_gives_each_its_own() -> None:
    result = applied(
        {"a": {}, "b": {}},
        {"target": "$.*", "update": {"in": {"x": 1}}},
        {"target": "$.a.in", "update": {"x": 2}},
    )

    assert result == {"a": {"in": {"x": 2}}, "b": {"in": {"x": 1}}}


def test_several_overlays_apply_in_order() -> None:
    first = overlay({"target": "$.info", "update": {"title": "first", "x-a": 1}})
    second = overlay({"target": "$.info", "update": {"title": "second"}})

    assert apply_overlays(base(), [first, second]).value["info"] == {
        "title": "second",
        "version": "1",
        "x-a": 1,
    }


def test_what_an_overlay_adds_points_into_the_overlay() -> None:
    update = {"get": {"summary": "new", "x-mock": {"steps": [1]}, "tags": ["three"]}}
    merged = apply_overlays(base(), [overlay({"target": "$.paths['/x']", "update": update})])

    sources = {
        pointer: (merged.source(pointer).file, merged.source(pointer).pointer)
        for pointer in (
            *("/paths/~1x/get", "/paths/~1x/get/summary", "/paths/~1x/get/x-mock/steps/0"),
            *("/paths/~1x/get/tags/1", "/paths/~1x/get/tags/2", "/paths/~1y/get/summary"),
        )
    }
    assert sources == {
        "/paths/~1x/get": ("base.yaml", "/paths/~1x/get"),
        "/paths/~1x/get/summary": ("overlay.json", "/actions/0/update/get/summary"),
        "/paths/~1x/get/x-mock/steps/0": ("overlay.json", "/actions/0/update/get/x-mock/steps/0"),
        "/paths/~1x/get/tags/1": ("base.yaml", "/paths/~1x/get/tags/1"),
        "/paths/~1x/get/tags/2": ("overlay.json", "/actions/0/update/get/tags/0"),
        "/paths/~1y/get/summary": ("base.yaml", "/paths/~1y/get/summary"),
    }
    assert merged.source("/paths/~1x/get/summary").line == 12


def test_after_a_removal_items_still_point_at_their_own_lines() -> None:
    change = {"target": "$.tags[2]", "update": {"x-new": 1}}
    merged = apply_overlays(base(), [overlay(change, {"target": "$.tags[0]", "remove": True})])

    assert [merged.source(f"/tags/{index}/name").line for index in (0, 1)] == [5, 6]
    assert merged.source("/tags/1/x-new").file == "overlay.json"


def test_what_is_added_again_after_a_removal_has_its_new_place() -> None:
    merged = apply_overlays(
        base(),
        [
            overlay(
                {"target": "$", "update": {"x-a": {"b": 1}}},
                {"target": "$['x-a']", "remove": True},
                {"target": "$", "update": {"x-a": {"b": 2}}},
            )
        ],
    )

    assert merged.source("/x-a/b").pointer == "/actions/2/update/x-a/b"


def test_what_is_copied_points_at_the_original_of_every_part() -> None:
    merged = apply_overlays(
        base(),
        [
            overlay(
                {"target": "$.paths['/x'].get", "update": {"x-new": 1}},
                {"target": "$.paths", "update": {"/z": {}}},
                {"target": "$.paths['/z']", "copy": "$.paths['/x']"},
            )
        ],
    )

    assert merged.source("/paths/~1z/get/summary").line == 10
    assert merged.source("/paths/~1z/get/x-new").file == "overlay.json"


def test_the_inputs_are_left_as_they_were() -> None:
    document, extra = base(), overlay(
        {"target": "$..*[?@.summary]", "update": {"x": {"y": [1]}}},
        {"target": "$..x", "update": {"y": [2]}},
        {"target": "$.tags[0]", "remove": True},
        {"target": "$.info", "copy": "$.paths"},
        {"target": "$.info['/x'].get.tags", "update": "three"},
    )  # fmt: skip
    before = copy.deepcopy((document.value, extra.value))

    merged = apply_overlays(document, [extra])

    assert (document.value, extra.value) == before
    assert document.origins == {}
    assert merged.value["paths"] != document.value["paths"]


def test_what_no_action_touches_is_shared() -> None:
    document = base()

    merged = apply_overlays(document, [overlay({"target": "$.info", "update": {"x": 1}})])

    assert merged.value["paths"] is document.value["paths"]


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ({"target": "$.nothing", "update": {}}, "target"),
        ({"target": "$.tags[7]", "remove": True}, "target"),
        ({"target": "$", "remove": True}, "target"),
        ({"target": "$.info", "copy": "$.nothing"}, "copy"),
        ({"target": "$.info", "copy": "$.paths.*"}, "copy"),
        ({"target": "$.info", "copy": 1}, "copy"),
        ({"target": "$.info", "update": 1}, "update"),
        ({"target": "$.info", "update": [1]}, "update"),
        ({"target": "$.info.title", "update": {}}, "update"),
        ({"target": "$", "update": {"tags": {}}}, "update/tags"),
        ({"target": "$", "update": {"tags": None}}, "update/tags"),
        ({"target": "$[", "update": 1}, "target"),
        ({"target": "info", "update": {}}, "target"),
        ({"target": "", "update": {}}, "target"),
        ({"target": "$.info | $.paths", "update": {}}, "target"),
        ({"target": "$" + "[0]" * 3000, "update": {}}, "target"),
        ({"target": "$[?" + "(" * 3000, "update": {}}, "target"),
        ({"target": 5, "update": {}}, "target"),
        ({"target": "$.info", "update": {}, "updat": 1}, "updat"),
        ({"target": "$.info", "remove": "yes", "update": {}}, "remove"),
        ({"target": "$.info", "update": {}, "description": 1}, "description"),
        ({"target": "$.info", "update": {}, "x-optional": 1}, "x-optional"),
        ({"target": "$.info", "update": {}, "remove": True}, ""),
        ({"target": "$.info", "update": {}, "copy": "$"}, ""),
        ({"target": "$.info", "remove": False}, ""),
        ({"target": "$.info"}, ""),
        ({"update": {}}, ""),
        ("text", ""),
    ],
)
def test_a_wrong_action_is_a_problem_in_the_overlay(action: object, key: str) -> None:
    (problem,) = problems(overlay(action))

    assert problem.source.file == "overlay.json"
    assert problem.source.pointer == "/actions/0" + (f"/{key}" if key else "")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"overlay": "2.0.0"}, "/overlay"),
        ({"overlay": 1.0}, "/overlay"),
        ({"info": {"title": "t"}}, "/info"),
        ({"info": {"title": "t", "version": 1.0}}, "/info/version"),
        ({"info": {"title": "t", "version": "1", "verson": 1}}, "/info/verson"),
        ({"info": "text"}, "/info"),
        ({"extends": 5}, "/extends"),
        ({"actions": []}, "/actions"),
        ({"actions": {}}, "/actions"),
        ({"action": []}, "/action"),
    ],
)
def test_a_wrong_form_is_a_problem(change: dict[str, object], pointer: str) -> None:
    wrong = overlay({"target": "$.info", "update": {"x": 1}})
    wrong.value |= change

    (problem,) = problems(wrong)

    assert problem.source.pointer == pointer


def test_an_overlay_of_nothing_else_lacks_its_parts() -> None:
    found = problems(parse_document(b"overlay: 1.0.0", "overlay.yaml"))

    assert [problem.message for problem in found] == ["'actions' is missing", "'info' is missing"]


def test_all_problems_of_all_overlays_come_at_once() -> None:
    malformed = overlay({"target": "$["}, {"target": 1, "update": 1}, extra=1)
    missing = overlay({"target": "$.nothing", "remove": True}, {"target": "$.info", "copy": "$.no"})
    missing.file = "missing.json"

    found = problems(malformed, missing)

    assert [(problem.source.file, problem.source.pointer) for problem in found] == [
        ("missing.json", "/actions/0/target"),
        ("missing.json", "/actions/1/copy"),
        ("overlay.json", "/actions/0"),
        ("overlay.json", "/actions/0/target"),
        ("overlay.json", "/actions/1/target"),
        ("overlay.json", "/extra"),
    ]


@pytest.mark.parametrize(
    "action", [{"target": "$.info", "copy": "$.tags"}, {"target": "$.info.title", "update": "x"}]
)
def test_what_came_with_1_1_is_refused_in_1_0(action: object) -> None:
    found = problems(overlay(action, version="1.0.0"))

    assert "overlays 1.0" in found[0].message
    assert "1.1.0" in found[0].hint


names = st.sampled_from(["a", "b", "x-c", "/p", "", "0"])
trees: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(names, inner)
)
steps = names.map(lambda name: f"['{name}']") | st.sampled_from([".a", ".b", ".x-c", '["0"]'])


@given(trees, st.lists(steps, max_size=3))
def test_simple_paths_select_what_the_jsonpath_engine_selects(
    value: Any,
    path: list[str],
) -> None:
    target = "$" + "".join(path)
    expected = [match.parts for match in jsonpath.finditer(target, value, strict=True)]

    assert list(overlay_module._query(target)(value)) == expected  # noqa: SLF001 - two ways to one result


@given(
    st.text("$.*[]?@()'\"ab0:-,=<!&| ", max_size=20).map(lambda text: "$" + text),
    st.sampled_from([{"remove": True}, {"update": {"a": [1]}}, {"update": 1}, {"copy": "$.a"}]),
    trees,
)
def test_any_target_is_applied_or_a_problem(
    target: str, change: dict[str, Any], tree: object
) -> None:
    before = copy.deepcopy(tree)
    document = Document("a.json", None, tree, dict)
    try:
        merged = apply_overlays(document, [overlay({"target": target, **change})])
    except SpecError:
        return
    finally:
        assert tree == before
    json.dumps(merged.value, allow_nan=False)


def test_simple_targets_do_without_the_jsonpath_engine() -> None:
    program = (
        "import sys\n"
        "from mockserver.documents.document import parse_document\n"
        "from mockserver.documents.overlay import apply_overlays\n"
        'info = \'{"title": "t", "version": "1"}\'\n'
        'action = \'{"target": "$.a.b", "update": {"c": 1}}\'\n'
        'text = \'{"overlay": "1.0.0", "info": %s, "actions": [%s]}\' % (info, action)\n'
        "base = parse_document(b'a: {b: {}}', 'a.yaml')\n"
        "apply_overlays(base, [parse_document(text.encode(), 'b.json')])\n"
        "print('jsonpath' in sys.modules)\n"
    )

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


def test_copies_that_double_a_document_are_refused() -> None:
    actions = [{"target": "$", "update": {f"k{n}": {}}} for n in range(40)]
    doubling = [{"target": f"$.k{n}", "copy": "$"} for n in range(40)]

    found = problems(overlay(*actions, *doubling), document=base("a: 1"))

    assert "add more than" in found[0].message


def test_copies_that_deepen_a_document_are_refused() -> None:
    deepening = [
        {"target": "$" + ".a" * n, "update": {"a": {}}, "x-optional": True} for n in range(150)
    ]

    found = problems(overlay(*deepening), document=base("a: {}"))

    assert "nest deeper" in found[0].message


def test_a_target_with_too_many_matches_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay_module, "MOST_MATCHES", 3)

    (problem,) = problems(overlay({"target": "$..*", "update": {"x": 1}}))

    assert "matches more than" in problem.message


def test_many_targets_in_one_list_take_linear_time() -> None:
    count = 50_000
    value = {"a": [{"d": n} for n in range(count)]}

    result = applied(
        value,
        {"target": "$.a[*]", "update": {"x": 1}},
        {"target": "$.a[?@.d < 25000]", "remove": True},
    )

    assert len(result["a"]) == count // 2
    assert result["a"][0] == {"d": 25_000, "x": 1}


def test_nested_searches_may_not_visit_values_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overlay_module, "MOST_STEPS", 100)
    many = {"paths": {f"/p{n}": {"get": {"responses": {"200": {"d": "ok"}}}} for n in range(50)}}
    for target in ("$..d", "$..[?@.d]"):
        assert applied(many, {"target": target, "remove": True}) != many
    document = parse_document(json.dumps(many).encode(), "base.json")
    action = {"target": "$..[?(@..*..*)]", "remove": True}
    (problem,) = problems(overlay(action), document=document)
    assert "visits values more than" in problem.message


def chain(depth: int) -> dict[str, Any]:
    """Mappings in each other, each the only member of the one around it."""
    value: dict[str, Any] = {"a": 1}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "target",
    [
        "$" + "[*,*]" * 40 + ".none",
        "$[?@" + "[*,*]" * 40 + "]",
        "$[?!@" + ".*[?@[*,*]]" * 3 + "[*,*]" * 35 + "]",
        "$" + "['a','a']" * 40 + ".none",
        "$[?count(@" + "['a',*]" * 40 + ") > 0]",
        "$[?@.." + "[*,*]" * 40 + "]",
    ],
)
def test_selectors_that_multiply_the_work_are_refused(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(overlay_module, "MOST_STEPS", 10_000)
    document = parse_document(json.dumps(chain(45)).encode(), "base.json")

    found = problems(overlay({"target": target, "update": {}}), document=document)

    assert [one.code for one in found][:1] == ["MS803"]
    assert "visits values more than 10,000 times" in found[0].message


@pytest.mark.parametrize("test", ["@.x", "@.x == $.a"])
def test_filters_that_test_the_same_values_again_and_again_are_refused(
    monkeypatch: pytest.MonkeyPatch, test: str
) -> None:
    monkeypatch.setattr(overlay_module, "MOST_STEPS", 25_000)
    document = parse_document(json.dumps({"a": {"b": [1] * 500}}).encode(), "base.json")
    target = "$[" + ", ".join(["'a'"] * 60) + f"]['b'][?{test}]"

    (problem,) = problems(overlay({"target": target, "remove": True}), document=document)

    assert (problem.code, "visits values more than" in problem.message) == ("MS803", True)


def test_a_filter_that_tests_each_value_of_a_large_document_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overlay_module, "MOST_STEPS", 10_000)
    value = {"a": [{"d": n, "e": {"f": [n]}} for n in range(3_000)]}
    target = "$..[?(@.d == 5 && @.e) || @.g == 1 || @.f[0] == -1]"

    assert len(applied(value, {"target": target, "remove": True})["a"]) == 2_999
