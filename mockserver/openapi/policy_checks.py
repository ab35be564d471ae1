"""Find limits and principals of `x-mock` that do not do what their author most likely expects.

`thorough_checks.py` calls `doubtful_policies` with a document and its compiled `Api`; out come
notes: for operations without need of a credential, under a limit of the document that counts by
principal, so that anonymous callers are not counted; and for principals whose tokens a step
`oauth_token` issues with an expiry, while `expires: null` ignores it. Nothing is changed or
refused.
"""

from collections.abc import Iterator

from mockserver.base.problems import SpecProblem, note
from mockserver.documents.references import Place
from mockserver.model.api import Api, Operation

_OWNER = "principal"
_EXPIRY = "expires"


def doubtful_policies(whole: Place, api: Api) -> Iterator[SpecProblem]:
    """Yield a note for each limit without a subject, and each token that never expires."""
    behaviour = whole.child("x-mock")
    yield from _limits_without_subject(behaviour.child("limits"), api)
    yield from _endless_tokens(behaviour.child("principals"), _issued(whole), api)


def _limits_without_subject(limits: Place, api: Api) -> Iterator[SpecProblem]:
    """Yield a note for each operation whose anonymous callers a limit leaves uncounted."""
    for limit in limits.items():
        name, per = limit.child("name").value, limit.child("per")
        if not isinstance(per.value, str) or _OWNER not in per.value:
            continue
        for operation in api.operations:
            if any(one.source == limit.source for one in operation.limits) and _is_open(operation):
                message = f"the limit {name!r} does not apply to callers without a credential"
                hint = "give the operation a limit of the same name, or let `per` allow for it"
                yield note("MS706", operation.source, message, hint)


def _is_open(operation: Operation) -> bool:
    return not operation.security or any(not uses for uses in operation.security)


def _endless_tokens(principals: Place, issued: set[str], api: Api) -> Iterator[SpecProblem]:
    """Yield a note for each principal whose tokens are issued with an expiry that is ignored."""
    for name, place in principals.members():
        collection = place.child("in").value
        is_endless = any(key == _EXPIRY and one.value is None for key, one in place.members())
        conditions = str(place.child("require").value)
        if (
            name in api.schemes
            and isinstance(collection, str)
            and collection in issued
            and is_endless
            and _EXPIRY not in conditions
        ):
            message = f"the tokens in {collection!r} have an expiry, but an expired one is accepted"
            hint = "remove `expires: null`"
            yield note("MS707", place.source, message, hint)


def _issued(whole: Place) -> set[str]:
    """Return the collections that token endpoints of the document write to."""
    found: set[str] = set()
    for _, item in whole.child("paths").members():
        for _, operation in item.members():
            for step in operation.child("x-mock").child("steps").items():
                tokens = step.child("oauth_token").child("tokens").value
                if isinstance(tokens, str):
                    found.add(tokens)
    return found
