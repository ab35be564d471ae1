"""Find the decisions about a request again whose trace was not kept, by sending it once more.

`control/request_calls.py` calls `retraced` for an exchange that a store gave back, because stores
keep no traces. The request goes to a fork of its sandbox as that was before it, so that nothing
changes. With other documents, or without the state before it, the decisions can differ or be
unknown; the trace then begins with a remark that says so.
"""

from copy import copy
from dataclasses import replace

from mockserver.base.time import Instant
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.exchange import Exchange
from mockserver.model.trace import Remarked


def retraced(engine: Engine, sandbox: Sandbox, exchange: Exchange, system: Instant) -> Exchange:
    """Return an exchange with its trace.

    Args:
        engine: The engine that has the sandbox.
        sandbox: The sandbox with the exchange in its history, which may be a fork of another one.
        exchange: An exchange of its history, which does not change.
        system: The time of the system's clock.
    """
    if exchange.is_traced:
        return exchange
    before = exchange.position - 1
    if before < sandbox.history.floor.position:
        remark = Remarked("its decisions are not known: the state before it was dropped")
        return replace(exchange, trace=[remark])
    fork = sandbox.fork(engine.sandbox_name(exchange.request))
    try:
        fork.rewind(fork.history.mark(before), system)
        clock = fork.clock.shown(exchange.at, system)
        fork.set_clock(fork.transaction(), clock, system)
        found = _with(engine, Sandboxes(engine.apis, by_name={fork.name: fork})).handle(
            exchange.request, system
        )
    finally:
        fork.history.close()
    trace = list(found.trace)
    if found.answer.status != exchange.answer.status:
        now = found.answer.status
        trace.insert(0, Remarked(f"found again with other documents: the status is {now} now"))
    return replace(exchange, trace=trace)


def _with(engine: Engine, sandboxes: Sandboxes) -> Engine:
    """Return an engine with the same documents and options, and other sandboxes."""
    other = copy(engine)
    other.sandboxes, other.tells = sandboxes, False
    return other
