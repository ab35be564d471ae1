"""`delete`: remove all records of a collection whose fields have given values.

It has no compile function: `step_compiler.py` writes the call of `run_delete` from the roles of the
fields. That function runs for every request, and adds the number of removed records to the trace.
It returns nothing, and never refuses: it is no error if no record matches.
"""

from collections.abc import Mapping

from pydantic import Field

from mockserver.base.json import JsonValue, key_text
from mockserver.model.steps import Step
from mockserver.verbs.fields import CollectionName, Members, StrictFields
from mockserver.verbs.verb import Verb, World


class DeleteFields(StrictFields):
    """Remove the records that match."""

    in_: CollectionName = Field(alias="in", description="collection")
    where: Members = Field(description="field → value that the record must have")


def run_delete(world: World, step: Step, collection: str, where: Mapping[str, JsonValue]) -> None:
    """Remove all records whose fields have the values of `where`."""
    records = world.records(collection)
    matching = records.matching(where)
    for record in matching:
        world.remove(records, key_text(record[records.spec.key]))
    world.note(step, "deleted", len(matching))


VERB = Verb(name="delete", fields=DeleteFields, run=run_delete, details=("records",))
