"""`let`: bind computed values."""

from pydantic import RootModel

from mockserver.language.programs import Block, local
from mockserver.verbs.fields import Name, Value
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb


class LetFields(RootModel[dict[Name, Value]]):
    """Name → value; a value sees the names before it."""


def compile_let(fields: LetFields, site: Site) -> Block:
    """Write an assignment for each name."""
    bindings: Block = []
    for name, value in fields.root.items():
        code = site.context.code(value, site.at(name))
        site.context.bind(name, site.at(name), is_map=False)
        bindings += site.write("{name} = {value}", name=local(name), value=code)
    return bindings


VERB = Verb(name="let", fields=LetFields, compile=compile_let)
