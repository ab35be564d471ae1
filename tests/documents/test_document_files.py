from collections.abc import Iterator
from errno import EACCES
from pathlib import Path

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document_files import Files, stamp

DOCUMENT = "openapi: 3.1.0\npaths: {}\n"


def found(*paths: Path) -> tuple[list[str], list[str], Files]:
    """Return the names of documents, what is said about them, and what was looked at."""
    files, problems = Files(), list[SpecProblem]()
    documents = files.documents(paths, problems)
    names = [Path(document.file).name for document, _ in documents]
    return names, [problem.message for problem in problems], files


@pytest.mark.parametrize(
    "text",
    [
        DOCUMENT,
        "swagger: '2.0'\n",
        '{"info": {}, "openapi": "3.1.0"}',
        "info: {title: T}\n'openapi' : 3.1.0\n",
        "openapi: nonsense\n",
    ],
)
def test_a_folder_has_the_files_with_the_key_of_a_document(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert found(tmp_path)[:2] == (["a.yaml"], [])


@pytest.mark.parametrize(
    "text", ["Pet: {type: object}\n", "a: {openapi: 3.1.0}\n", "- openapi:\n", ""]
)
def test_other_files_of_a_folder_are_skipped(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(DOCUMENT)
    (tmp_path / "b.yaml").write_text(text)
    names, problems, files = found(tmp_path)
    assert (names, problems, files.skipped) == (["a.yaml"], [], [str(tmp_path / "b.yaml")])


def test_other_files_of_a_folder_need_not_be_readable(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DOCUMENT)
    (tmp_path / "b.yaml").write_text("{{ template }}: [")
    assert found(tmp_path)[:2] == (["a.yaml"], [])


def test_a_file_with_the_key_of_a_document_must_be_readable(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("openapi: [\n")
    names, problems, _ = found(tmp_path)
    assert (names, len(problems)) == ([], 1)


def test_a_file_that_is_named_is_a_document_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Pet: {}\n")
    assert found(tmp_path / "a.yaml")[:2] == (["a.yaml"], [])


def test_a_folder_without_documents_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Pet: {}\n")
    assert found(tmp_path)[:2] == ([], ["this folder contains no OpenAPI document"])


def test_every_path_that_was_looked_at_is_remembered_as_it_was(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.json"):
        (tmp_path / name).write_text(DOCUMENT)
    seen = found(tmp_path, tmp_path / "none.yaml")[2].seen
    paths = [tmp_path, tmp_path / "a.yaml", tmp_path / "b.json", tmp_path / "none.yaml"]
    assert seen == {path: stamp(path) for path in paths}
    assert seen[tmp_path / "none.yaml"] is None


def test_a_file_has_another_stamp_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a")
    before = stamp(path)
    path.write_text("ab")
    assert stamp(path) != before


def test_a_folder_that_cannot_be_read_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, other = tmp_path / "closed", tmp_path / "a.yaml"
    closed.mkdir()
    other.write_text(DOCUMENT)
    listed = Path.iterdir

    def iterdir(folder: Path) -> Iterator[Path]:
        if folder == closed:
            raise PermissionError(EACCES, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    names, problems, _ = found(closed, other)
    assert names == ["a.yaml"]
    assert problems == ["this folder cannot be read: Permission denied"]
