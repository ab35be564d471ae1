"""A recording while it is made: nothing that was recorded is lost, and nothing secret is kept."""

import errno
import os
from pathlib import Path

import pytest

from mockserver.contract.conformance import ReceivedAnswer
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.masking import Masking
from mockserver.contract.recording import RecordedExchange, Recorder
from mockserver.contract.recording_file import RecordingFile
from mockserver.model.api import Api
from mockserver.model.messages import Request
from tests.contract.inprocess import load

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /items:
    parameters:
    - {name: word, in: query, schema: {type: string}}
    - {name: secret, in: query, schema: {type: string}}
    get: {responses: {'200': {description: ok}}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Api:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return load(tmp_path / "shop.yaml")


def recording(api: Api, folder: Path) -> RecordingFile:
    return RecordingFile(Recorder(api, Masking(SHOP, keep=["word"])), folder / "recorded.yaml")


def record(file: RecordingFile, query: str) -> None:
    request = Request("GET", "/items", query, {}, b"")
    file.recorder.record(RecordedExchange(request, ReceivedAnswer(200, (), b"")))


def words(api: Api, path: Path) -> list[object]:
    return [one.interaction.request.query["word"] for one in load_interactions(api, [path])]


def test_each_exchange_is_on_the_disk_as_soon_as_it_is_recorded(shop: Api, tmp_path: Path) -> None:
    file = recording(shop, tmp_path)
    for number in range(1, 4):
        record(file, f"word=w{number}")
        found = words(shop, tmp_path / "recorded.yaml.part")
        assert found == [f"w{one}" for one in range(1, number + 1)]


def test_the_end_of_a_recording_writes_the_file_and_removes_the_part(
    shop: Api, tmp_path: Path
) -> None:
    (tmp_path / "recorded.yaml").write_text("before")
    file = recording(shop, tmp_path)
    record(file, "word=w1")
    assert (tmp_path / "recorded.yaml").read_text() == "before"
    file.finish()
    assert words(shop, tmp_path / "recorded.yaml") == ["w1"]
    assert not list(tmp_path.glob("*.part*"))


def test_a_recording_that_was_cut_off_is_kept_by_the_next_one(shop: Api, tmp_path: Path) -> None:
    record(recording(shop, tmp_path), "word=first")
    file = recording(shop, tmp_path)
    assert file.left == [tmp_path / "recorded.yaml.part"]
    record(file, "word=second")
    file.finish()
    assert words(shop, tmp_path / "recorded.yaml.part") == ["first"]
    assert words(shop, tmp_path / "recorded.yaml") == ["second"]


def test_a_value_that_turns_out_to_be_secret_is_removed_from_what_was_written(
    shop: Api, tmp_path: Path
) -> None:
    file = recording(shop, tmp_path)
    record(file, "word=canary-7f3a")
    assert "canary-7f3a" in (tmp_path / "recorded.yaml.part").read_text()
    record(file, "secret=canary-7f3a")
    assert "canary-7f3a" not in (tmp_path / "recorded.yaml.part").read_text()
    assert len(load_interactions(shop, [tmp_path / "recorded.yaml.part"])) == 2


def test_a_full_disk_is_told_once_and_what_was_written_stays_readable(
    shop: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = recording(shop, tmp_path)
    record(file, "word=w1")
    real = os.write

    def cut(number: int, content: bytes) -> int:
        real(number, content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", cut)
    record(file, "word=w2")
    record(file, "word=w3")
    monkeypatch.undo()
    assert words(shop, tmp_path / "recorded.yaml.part") == ["w1"]
    (told,) = file.take_problems()
    assert "recorded.yaml.part cannot be written: No space left on device" in told
    record(file, "word=w4")
    assert words(shop, tmp_path / "recorded.yaml.part") == ["w1", "w2", "w3", "w4"]
    assert file.take_problems() == []


def test_no_file_is_left_of_a_recording_without_an_exchange(shop: Api, tmp_path: Path) -> None:
    file = recording(shop, tmp_path)
    assert not list(tmp_path.glob("*.part*"))
    file.finish()
    assert (tmp_path / "recorded.yaml").exists()
