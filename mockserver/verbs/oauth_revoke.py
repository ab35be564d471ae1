"""`oauth_revoke`: revoke one token of a user, or all of them (RFC 7009).

It has no compile function: `step_compiler.py` writes the call of `run_revoke` from the roles of the
fields. That function runs for every request: it removes access and refresh tokens whose `user_id`
is the user (all of them if `token` is null), and returns the number of those that were neither used
nor expired. It never answers and never refuses: a later step answers, and a token that does not
exist, or is another user's, is no error.
"""

from pydantic import Field

from mockserver.base.json import JsonValue
from mockserver.model.steps import Step
from mockserver.verbs.fields import CollectionName, StrictFields, Value, ValueBinding
from mockserver.verbs.oauth_records import REFRESH_TOKENS, is_expired
from mockserver.verbs.verb import Verb, World


class OauthRevokeFields(StrictFields):
    """Revoke tokens of a user (RFC 7009); bind the number of those that were still valid."""

    tokens: CollectionName = Field(
        description="collection of access tokens, the same as in `oauth_token`"
    )
    token: Value = Field(None, description="the token to revoke; null: all tokens of the user")
    user: Value = Field(description="id of the user")
    as_: ValueBinding = Field(alias="as", description="name of the count in later steps")


def run_revoke(world: World, step: Step, tokens: str, token: JsonValue, user: JsonValue) -> int:
    """Revoke one token of the user, or all; return the number of those that were still valid."""
    count = 0
    for name in (tokens, REFRESH_TOKENS):
        records = world.records(name)
        for record in records.matching({"user_id": user}):
            key = str(record[records.spec.key])
            if token in (None, key):
                count += not record.get("used") and not is_expired(record, world.now)
                world.remove(records, key)
    world.note(step, "revoked", count)
    return count


VERB = Verb(name="oauth_revoke", fields=OauthRevokeFields, run=run_revoke, details=("tokens",))
