"""Keep all sandboxes of a process by name; each is made on first use.

- Out: `get` returns a `Sandbox`, or raises `ValueError` for a bad name and `SandboxFullError` for
  too many; `fork` makes one from another. `total_counts` adds up the counts of all, for coverage.
- Callers: `pipeline.py` and the control API; `server/sources.py` makes `Sandboxes`.
- Sandboxes share nothing but `Bounds`, the limits on their number and size, and the `Budget` of
  their histories.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mockserver.base.errors import SandboxFullError
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant
from mockserver.engine.history import FORK, AnswerCounts, Budget, History, Mark
from mockserver.engine.parameter_counts import ParameterCounts
from mockserver.engine.record_budget import RecordBudget
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Bounds, Sandbox
from mockserver.model.api import Api
from mockserver.model.control_entry import NOT_SENT, SentCall

BAD_SANDBOX_NAME = (
    "a sandbox name has 1 to 64 letters, digits, dots, dashes and underscores, "
    "and begins with a letter or digit"
)
SANDBOX_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(slots=True)
class Sandboxes:
    """All sandboxes of a process; each is made on first use."""

    apis: Mapping[str, Api]
    seed: int = 0
    overrides: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    budget: Budget = field(init=False)
    record_budget: RecordBudget = field(init=False)
    is_held: bool = False
    """True if entries are dropped only after they were written to a store."""
    by_name: dict[str, Sandbox] = field(default_factory=dict)
    """The sandboxes that exist, oldest first."""
    _deleted_counts: tuple[AnswerCounts, ParameterCounts] = field(
        default_factory=lambda: ({}, ParameterCounts())
    )
    """Counts of answers and parameters in sandboxes that were deleted."""

    def __post_init__(self) -> None:
        """Make the budgets of histories and records."""
        self.budget = Budget(self.bounds.history_bytes)
        self.record_budget = RecordBudget(self.bounds.record_bytes)

    def get(self, name: str, system: Instant) -> Sandbox:
        """Return a sandbox; make it if it does not exist.

        Args:
            name: Its name.
            system: The time of the system's clock, at which a new sandbox begins.

        Raises:
            ValueError: If the name is invalid.
            SandboxFullError: If the maximum number exists; the default sandbox is not refused.
        """
        sandbox = self.by_name.get(name)
        return sandbox if sandbox is not None else self._make(name, system)

    def _make(self, name: str, system: Instant) -> Sandbox:
        self._check_name(name)
        apis, bounds = self.apis, self.bounds
        history = History(bounds.exchanges, self.budget)
        history.is_held = self.is_held
        given = (name, apis, self.seed, self.overrides, bounds, history)
        sandbox = Sandbox(*given, record_budget=self.record_budget)
        sandbox.begin(system)
        self.by_name[name] = sandbox
        return sandbox

    def fork(
        self,
        source: Sandbox,
        name: str,
        mark: Mark | None,
        system: Instant,
        sent: SentCall = NOT_SENT,
    ) -> Sandbox:
        """Make a sandbox from another one, as that was at an entry.

        Args:
            source: The sandbox to fork, which does not change.
            name: The name of the new sandbox, which must not exist.
            mark: An entry of the source's history; None for its present state.
            system: The time of the system's clock.
            sent: The request for it.

        Raises:
            ValueError: If the name is invalid.
            SandboxFullError: If the maximum number exists, or there is no room for the records.
        """
        self._check_name(name)
        position = source.history.position if mark is None else mark.position
        fork = source.fork(name)
        try:
            self.record_budget.check()
        except SandboxFullError:
            fork.history.close()
            raise
        writes = fork.transaction()
        if mark is not None:
            fork.go_back(mark, system, writes)
        detail = f"of {source.name} at {source.history.name_at(position)}"
        fork.record(FORK, system, writes, detail, sent)
        self.by_name[name] = fork
        self.budget.shrink()  # not earlier, as that may drop entries that the fork takes back
        return fork

    def _check_name(self, name: str) -> None:
        if not SANDBOX_NAME.fullmatch(name):
            raise ValueError(BAD_SANDBOX_NAME)
        if name != DEFAULT_SANDBOX and len(self.by_name) >= self.bounds.sandboxes:
            raise SandboxFullError(
                f"there are already {self.bounds.sandboxes:,} sandboxes; delete one of them"
            )

    def replace(
        self,
        apis: Mapping[str, Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
    ) -> None:
        """Use other versions of the APIs in all sandboxes."""
        self.apis, self.overrides = apis, overrides
        self._deleted_counts = ({}, ParameterCounts())
        for sandbox in self.by_name.values():
            sandbox.replace(apis, overrides)

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def names(self) -> list[str]:
        """List the sandboxes that exist, oldest first."""
        return list(self.by_name)

    def forget(self, name: str) -> None:
        """Remove the copy of a sandbox that another process may still have."""
        if (sandbox := self.by_name.pop(name, None)) is not None:
            sandbox.history.close()

    def delete(self, name: str) -> bool:
        """Delete a sandbox with its state; return True if it existed."""
        sandbox = self.by_name.pop(name, None)
        if sandbox is None:
            return False
        sandbox.history.close()
        self._deleted_counts = _sum_counts(
            [
                self._deleted_counts,
                (sandbox.history.answer_counts, sandbox.history.parameter_counts),
            ]
        )
        return True

    def total_counts(self) -> tuple[AnswerCounts, ParameterCounts]:
        """Return the counts of all sandboxes, including deleted ones."""
        historys = [sandbox.history for sandbox in self.by_name.values()]
        return _sum_counts(
            [self._deleted_counts, *((one.answer_counts, one.parameter_counts) for one in historys)]
        )


def _sum_counts(
    counts: Iterable[tuple[AnswerCounts, ParameterCounts]],
) -> tuple[AnswerCounts, ParameterCounts]:
    answers: Counter[tuple[str, str, int, str | None]] = Counter()
    parameters = ParameterCounts()
    for one_answers, one_parameters in counts:
        answers.update(one_answers)
        parameters.add(one_parameters)
    return dict(answers), parameters
