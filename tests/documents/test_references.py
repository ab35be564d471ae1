import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.errors import SpecError
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import load_document, parse_document
from mockserver.documents.references import Place, References

ROOT = """\
components:
  schemas:
    Pet: {type: object}
    a/b~c: {type: string}
    Alias: {$ref: '#/components/schemas/Pet'}
    Far: {$ref: 'parts/other.yaml#/defs/0'}
    Self: {$ref: '#/components/schemas/Self'}
    One: {$ref: '#/components/schemas/Two'}
    Two: {$ref: '#/components/schemas/One'}
list: [zero, one]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "api"
    (root / "parts").mkdir(parents=True)
    (root / "root.yaml").write_text(ROOT)
    (root / "parts" / "other.yaml").write_text(
        "defs:\n  - {$ref: '#/back'}\nback: {$ref: '../root.yaml#/components/schemas/Pet'}\n"
    )
    (root / "with space.json").write_text('{"a": 1}')
    (root / "broken.yaml").write_text("a: [\n")
    (tmp_path / "secret.yaml").write_text("secret: 1")
    return root


def place_of(reference: str, folder: Path) -> Place:
    text = ROOT + f"use:\n  $ref: {json.dumps(reference)}\n"
    document = parse_document(text.encode(), "root.yaml", folder / "root.yaml")
    return Place(document, "", document.value).child("use")


def resolve(reference: str, folder: Path) -> Place:
    return References(folder).resolve(place_of(reference, folder))


def problem(reference: str, folder: Path) -> SpecProblem:
    with pytest.raises(SpecError) as caught:
        resolve(reference, folder)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("#/components/schemas/Pet", {"type": "object"}),
        ("#/components/schemas/a~1b~0c", {"type": "string"}),
        ("#/components/schemas/a~1b%7E0c", {"type": "string"}),
        ("#/components/schemas/Alias", {"type": "object"}),
        ("#/components/schemas/Far", {"type": "object"}),
        ("#/list/1", "one"),
        ("root.yaml#/list/0", "zero"),
        ("./parts/../root.yaml#/list/0", "zero"),
        ("with%20space.json#/a", 1),
        ("with%20space.json", {"a": 1}),
        ("with%20space.json#", {"a": 1}),
    ],
)
def test_references_inside_the_folder_are_followed(
    folder: Path, reference: str, value: object
) -> None:
    assert resolve(reference, folder).value == value


def test_the_target_knows_its_own_file_and_line(folder: Path) -> None:
    source = resolve("parts/other.yaml#/defs", folder).source

    assert (source.file, source.line) == ("parts/other.yaml", 1)


def test_a_place_without_a_reference_is_returned_unchanged(folder: Path) -> None:
    place = place_of("#", folder).document
    whole = Place(place, "/list", ["zero", "one"])

    assert References(folder).resolve(whole) is whole


def test_a_referenced_file_is_read_once(folder: Path) -> None:
    references = References(folder)

    first = references.resolve(place_of("with%20space.json", folder))
    again = references.resolve(place_of("./with%20space.json#/a", folder))

    assert again.document is first.document


def test_a_document_that_was_added_stands_for_its_file(folder: Path) -> None:
    references = References(folder)
    changed = load_document(folder / "with space.json")
    changed.value = {"a": 2}
    references.add(changed)

    assert references.resolve(place_of("with%20space.json#/a", folder)).value == 2


@pytest.mark.parametrize("name", ["Self", "One"])
def test_a_cycle_of_references_is_refused(folder: Path, name: str) -> None:
    found = problem(f"#/components/schemas/{name}", folder)

    assert "points back to itself" in found.message


@pytest.mark.parametrize(
    "reference",
    [
        *("http://169.254.169.254/x.yaml", "https://example.com/x.yaml#/a", "//host/x.yaml"),
        *("file:///etc/hostname", "file:root.yaml", "/etc/hostname", "%2Fetc%2Fhostname"),
        *("../secret.yaml", "parts/../../secret.yaml", "%2e%2e/secret.yaml", "link.yaml"),
        *("linked/secret.yaml", "..", "../api/../secret.yaml#/secret"),
    ],
)
def test_references_out_of_the_folder_are_refused_with_advice(folder: Path, reference: str) -> None:
    (folder / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    (folder / "linked").symlink_to(folder.parent)

    found = problem(reference, folder)

    assert found.hint
    assert "did you mean" not in found.hint
    assert (found.source.file, found.source.pointer) == ("root.yaml", "/use/$ref")


@pytest.mark.parametrize(
    "reference",
    [
        "nul%00.yaml",
        "loop.yaml",
        "//[x",
        "a" * 300 + ".yaml",
        "parts",
        "root.yaml/x",
        "absent.yaml",
    ],
)
def test_a_reference_without_a_file_is_a_problem_at_the_reference(
    folder: Path, reference: str
) -> None:
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")

    assert problem(reference, folder).source.line == 12


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("#/components/schemas/Pat", "did you mean 'Pet'?"),
        ("#/component/schemas/Pet", "did you mean 'components'?"),
        ("parts/othr.yaml#/defs", "did you mean 'other.yaml'?"),
    ],
)
def test_a_missing_target_suggests_a_near_name(folder: Path, reference: str, hint: str) -> None:
    assert problem(reference, folder).hint == hint


@pytest.mark.parametrize("index", ["2", "-1", "01", "²", "9" * 5000, "one", ""])
def test_an_index_that_a_list_lacks_is_a_problem(folder: Path, index: str) -> None:
    assert "there is nothing at" in problem(f"#/list/{index}", folder).message


def test_an_anchor_is_refused(folder: Path) -> None:
    assert "no JSON Pointer" in problem("#Pet", folder).message


def test_a_broken_file_is_reported_at_its_own_line_and_read_once(folder: Path) -> None:
    references = References(folder)
    with pytest.raises(SpecError) as caught:
        references.resolve(place_of("broken.yaml", folder))
    (folder / "broken.yaml").write_text("a: 1")

    with pytest.raises(SpecError) as again:
        references.resolve(place_of("broken.yaml#/a", folder))

    assert caught.value.problems[0].source.file == "broken.yaml"
    assert again.value.problems == caught.value.problems


def test_a_long_chain_of_references_is_followed() -> None:
    links = [{"$ref": f"#/{n + 1}"} for n in range(5000)]
    document = parse_document(json.dumps([*links, "end"]).encode(), "a.json")

    end = References(Path()).resolve(Place(document, "/0", document.value[0]))

    assert (end.pointer, end.value) == ("/5000", "end")


@given(st.text(max_size=40) | st.text("#/.%:~0ab\\[]@", max_size=20))
def test_any_reference_leads_somewhere_or_is_a_problem(reference: str) -> None:
    value = {"x": {"$ref": reference}}
    document = parse_document(b"{}", "a.json", Path(__file__).parent / "absent" / "a.json")

    try:
        References(Path(__file__).parent / "absent").resolve(Place(document, "/x", value["x"]))
    except SpecError as error:
        told_at = error.problems[0].source.pointer
    else:
        told_at = "" if reference.partition("#")[0] else "/x/$ref"

    assert told_at == "/x/$ref"


def test_places_know_their_children() -> None:
    document = parse_document(b"a: [{b/c: 1}]", "a.yaml")
    whole = Place(document, "", document.value)

    child = whole.descend("a", 0, "b/c")

    assert (child.pointer, child.value) == ("/a/0/b~1c", 1)
    assert [name for name, _ in whole.members()] == ["a"]
    assert [item.pointer for item in whole.child("a").items()] == ["/a/0"]


@pytest.mark.parametrize("keys", [("b",), ("a", 5), ("a", "x"), ("a", 0, "c", "d")])
def test_an_absent_child_is_null(keys: tuple[str | int, ...]) -> None:
    document = parse_document(b"a: [{b: 1}]", "a.yaml")

    assert Place(document, "", document.value).descend(*keys).value is None
