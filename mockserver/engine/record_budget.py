"""Bound the memory that the records of all sandboxes of a process need together.

- `sandboxes.py` makes one `RecordBudget`. Every `Collection` counts its records in it, and gives
  their bytes back when nothing refers to the collection any more, as after a reset.
- A `Transaction` asks it before it adds a record, and `Sandbox` after first records were made:
  `check` raises `SandboxFullError` if the budget is used up. Replacing and removing still work.
- The bytes are an estimate by the number of members; what makes a record larger, such as long
  texts, is measured where the body of the request was large enough for it.
"""

from dataclasses import dataclass

from mockserver.base.errors import SandboxFullError

MEGABYTE = 1_000_000
"""The unit in which users give bounds of memory."""
MOST_RECORD_BYTES = 1_000 * MEGABYTE


@dataclass(slots=True)
class RecordBudget:
    """The bytes that the records of a process may need together."""

    most: int = MOST_RECORD_BYTES
    used: int = 0

    def check(self) -> None:
        """Raise SandboxFullError if the budget is used up."""
        if self.used > self.most:
            raise SandboxFullError(
                f"the records of all sandboxes need more than {self.most // MEGABYTE:,} MB; remove "
                "some, delete a sandbox, or give them more memory (`--record-memory`)"
            )
