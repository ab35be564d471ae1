"""Write the file of a recording, and before its end a part that grows while it is made.

`cli/proxy_command.py` makes a `RecordingFile` for `--record`. Each exchange is appended to the part
as soon as it is recorded, so that a process that is killed loses at most the request in flight. The
part is itself an interaction file, and is written anew if a text in it turns out to be secret. A
part that cannot be written is a problem that `take_problems` returns, not an error. `finish` puts
the whole recording in place of the file and removes the part, or raises `OSError`.
"""

import os
from pathlib import Path

from mockserver.base.atomic_files import write_whole
from mockserver.contract.interaction_writing import interaction_items
from mockserver.contract.masking import texts
from mockserver.contract.recording import Recorder


class RecordingFile:
    """Writes a recording while it is made, and at its end."""

    def __init__(self, recorder: Recorder, path: Path) -> None:
        """Write what the recorder records from now on."""
        self.recorder = recorder
        self.path = path
        self.left = sorted(path.parent.glob(f"{_literal(path.name)}.part*"))
        """Parts of earlier recordings that were cut off; they are kept."""
        self.part = _free_part(path)
        self._size = 0
        self._written = 0
        """Number of interactions in the part."""
        self._kept: set[str] = set()
        self._problems: list[str] = []
        self._is_failing = False
        recorder.on_added = self._add

    def take_problems(self) -> list[str]:
        """Return the problems since the last call; one that lasts is returned once."""
        problems, self._problems = self._problems, []
        return problems

    def finish(self) -> None:
        """Write the whole recording, and remove the part.

        Raises:
            OSError: If it cannot be written; the file before it and the part are as they were.
        """
        write_whole(self.path, self.recorder.dump())
        self.part.unlink(missing_ok=True)

    def _add(self) -> None:
        try:
            if not self._written or self._reveals(self.recorder.masking.redact.take_new()):
                self._rewrite()
            else:
                self._append()
        except OSError as error:
            if not self._is_failing:
                reason = f"{self.part} cannot be written: {error.strerror}"
                self._problems.append(f"{reason}; what is recorded is kept in memory only")
            self._is_failing = True
        else:
            self._is_failing = False
            self._written = len(self.recorder.interactions)

    def _reveals(self, secrets: list[str]) -> bool:
        """Return True if the part contains a value that has turned out to be secret."""
        kept = "\n".join(self._kept)
        return any(secret in kept for secret in secrets)

    def _rewrite(self) -> None:
        content = self.recorder.dump()
        try:
            write_whole(self.part, content)
        except OSError:
            self.part.unlink(missing_ok=True)  # it may contain a secret
            self._written = 0
            raise
        self._size = len(content)
        self._keep(0)

    def _append(self) -> None:
        content = interaction_items(self.recorder.redacted(self._written))
        number = os.open(self.part, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(number, rest) :]
        except OSError:
            os.ftruncate(number, self._size)  # half an interaction would make the part unreadable
            raise
        finally:
            os.close(number)
        self._size += len(content)
        self._keep(self._written)

    def _keep(self, first: int) -> None:
        """Remember the texts that were written, to find those that turn out to be secret."""
        for interaction in self.recorder.redacted(first):
            self._kept.update(texts(interaction["request"]))
            self._kept.update(texts(interaction["answer"]))


def _literal(name: str) -> str:
    """Return a pattern that matches a name only."""
    return "".join(f"[{sign}]" if sign in "[*?" else sign for sign in name)


def _free_part(path: Path) -> Path:
    number = 1
    while (part := path.with_name(f"{path.name}.part{number if number > 1 else ''}")).exists():
        number += 1
    return part
