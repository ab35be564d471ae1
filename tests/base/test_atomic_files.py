import errno
import os
import sys
from pathlib import Path

import pytest

from mockserver.base.atomic_files import write_whole

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="rights and links of POSIX")


def fail(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    for content in (b"one", b"", b"longer than before"):
        write_whole(tmp_path / "report", content)
        assert (tmp_path / "report").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_keeps_the_file_before_it_and_leaves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    (tmp_path / "report").write_bytes(b"before")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "report", b"after")
    monkeypatch.undo()
    assert (tmp_path / "report").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_file_is_on_the_disk_before_it_takes_the_place_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def fsync(number: int) -> None:
        steps.append("fsync")
        sync(number)

    def replaced(source: Path, target: Path) -> None:
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replaced)
    write_whole(tmp_path / "report", b"after")
    assert steps[:2] == ["fsync", "replace"]


@POSIX
def test_the_rights_of_a_file_stay_as_they_are(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_bytes(b"before")
    report.chmod(0o640)
    write_whole(report, b"after")
    assert report.stat().st_mode & 0o777 == 0o640


@POSIX
def test_a_new_file_has_the_rights_of_any_other_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    write_whole(tmp_path / "report", b"")
    assert (tmp_path / "report").stat().st_mode == (tmp_path / "other").stat().st_mode


@POSIX
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "report")
    write_whole(tmp_path / "link", b"after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "report").read_bytes() == b"after"


@POSIX
def test_a_device_is_written_to_and_not_replaced() -> None:
    write_whole(Path(os.devnull), b"after")
    assert Path(os.devnull).is_char_device()


@POSIX
def test_a_file_that_cannot_be_replaced_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    (tmp_path / "mounted").write_bytes(b"before")
    monkeypatch.setattr(os, "replace", busy)
    write_whole(tmp_path / "mounted", b"after")
    assert (tmp_path / "mounted").read_bytes() == b"after"
    assert [path.name for path in tmp_path.iterdir()] == ["mounted"]
