"""Write a file wholly or not at all: after a failure, it has its old content.

`contract/recording_file.py`, `cli/run_command.py` and `cli/contract_options.py` call `write_whole`,
which returns nothing and raises OSError. Devices, pipes and mounted files cannot be replaced, and
are written directly, without that guarantee. Missing folders are not created.
"""

import errno
import os
import secrets
from pathlib import Path

_NEW_FILE = 0o666
"""The rights of a new file, from which the umask of the process takes some away."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, so that after a failure at any moment it has its old content.

    The content is written to a file in the same folder, which then takes the name. Devices and
    pipes are written to, and so are files that cannot be replaced because they are mounted.

    Raises:
        OSError: If the file cannot be written; it is then as it was.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        _write_new(temporary, content)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)  # noqa: PTH105 - a test makes it fail
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        path.write_bytes(content)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write_new(path: Path, content: bytes) -> None:
    number = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _NEW_FILE
    )
    with open(number, "wb") as stream:  # noqa: PTH123 - of a number
        stream.write(content)
        stream.flush()
        os.fsync(number)


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk, where a folder can be opened."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError:
        pass  # a file system that cannot; the file itself is written
    finally:
        os.close(number)
