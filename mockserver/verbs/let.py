"""`let`: bind names to computed values.

`step_compiler.py` calls `compile_let` when a document is loaded: it writes one Python assignment
for each name, in order, so that a value can use the names before it. There is no run function: the
program of the operation computes the values in every request. `let` never reads or writes a
collection itself, and never refuses. It is not in the trace, except as skipped if its `when` is
false.
"""

from pydantic import RootModel

from mockserver.language.programs import Block, variable_name
from mockserver.verbs.fields import Name, Value
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb


class LetFields(RootModel[dict[Name, Value]]):
    """Name → value; a value can use the names before it."""


def compile_let(fields: LetFields, writer: StepCodeWriter) -> Block:
    """Write an assignment for each name."""
    bindings: Block = []
    for name, value in fields.root.items():
        code = writer.context.value_code(value, writer.source_of(name))
        kinds = writer.context.kinds_of(value)
        writer.context.bind(name, writer.source_of(name), is_map=False, kinds=kinds)
        bindings += writer.write("{name} = {value}", name=variable_name(name), value=code)
    return bindings


VERB = Verb(name="let", fields=LetFields, compile=compile_let)
