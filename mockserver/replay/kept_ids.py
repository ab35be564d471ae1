"""Make the identifiers that were made when a history was saved, although documents have changed.

`playing.py` gives each sandbox `KeptIds`, and tells it before each request how many identifiers
there were after it. Those beyond that number come from a spare range; so a step that makes one more
or one less does not change all identifiers after it, which later requests name.
"""

from mockserver.engine.sandbox import IdGenerator, Sandbox

_SPARE = 10**12
_UNLIMITED = 10**12


class KeptIds(IdGenerator):
    """Identifiers up to a number, and spare ones after it."""

    __slots__ = ("last", "spare")

    def __init__(self, seed: int | str, count: int = 0) -> None:
        super().__init__(seed, count)
        self.last = _UNLIMITED
        self.spare = _SPARE

    def _digest(self, size: int) -> str:
        if self.count < self.last:
            return super()._digest(size)
        kept, self.count = self.count, self.spare
        try:
            return super()._digest(size)
        finally:
            self.spare, self.count = self.count, kept


def keep_ids(sandbox: Sandbox, last: int) -> KeptIds:
    """Let a sandbox make identifiers up to a number, and spare ones after it."""
    ids = sandbox.ids
    if not isinstance(ids, KeptIds):
        ids = sandbox.ids = KeptIds(sandbox.seed, ids.count)
    ids.last = last
    return ids


def release_ids(ids: KeptIds, count: int) -> None:
    """Go on from a number of identifiers, without a last one."""
    ids.count, ids.last = count, _UNLIMITED
