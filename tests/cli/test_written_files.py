"""The files that commands write, on a disk without room."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")

LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from mockserver.cli import main
main(sys.argv[1:])
"""
HAR = """\
{"log": {"entries": [%s]}}
"""
ENTRY = """\
{"request": {"method": "GET", "url": "https://x/businesses"}, "response": {"status": 200}}"""


def run_without_room(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that can write no file of more than 1,000 bytes."""
    command = [sys.executable, "-c", LIMITED, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_full_disk_is_told_and_the_file_before_it_stays(tmp_path: Path, command: str) -> None:
    (tmp_path / "input.har").write_text(HAR % ",".join([ENTRY] * 30))
    target = tmp_path / "written"
    target.write_text("before")
    arguments = {
        "export": ["partoo", "--to", str(target)],
        "import": ["--from", "har", "--api", "cloutly", str(tmp_path / "input.har")],
    }
    arguments["import"] += ["--to", str(target)]
    result = run_without_room(command, *arguments[command])
    assert result.returncode == 2
    assert f"{target} cannot be written: " in result.stderr
    assert "the file is as it was before" in result.stderr
    assert target.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"input.har", "written"}
