"""List callbacks and webhooks: requests that the real service sends, and the mock does not.

`compiler.py` puts the result, an `Unserved` for each callback or webhook and method, into
`Api.unserved`, which `mockserver routes` prints (`cli/routes_command.py`). Callbacks inside
callbacks and webhooks are not listed; nothing is ever sent.
"""

from collections.abc import Callable, Iterator

from mockserver.base.problems import SpecProblem
from mockserver.documents.references import Place
from mockserver.model.api import Unserved
from mockserver.openapi.paths import methods_of, path_item

_Resolve = Callable[[Place], Place]


def unserved_requests(
    whole: Place, version: str, resolve: _Resolve, problems: list[SpecProblem]
) -> Iterator[Unserved]:
    """Yield the callbacks of all operations, and the webhooks."""
    for _, member in whole.child("paths").members():
        for _, operation in methods_of(resolve(member), version, []):
            for name, callback in operation.child("callbacks").members():
                for address, item in resolve(callback).members():
                    found = path_item(item, resolve, problems)
                    yield from _requests("callback", f"{name} {address}", found, version)
    for name, member in whole.child("webhooks").members():
        yield from _requests("webhook", name, path_item(member, resolve, problems), version)


def _requests(kind: str, name: str, item: Place, version: str) -> Iterator[Unserved]:
    for method, operation in methods_of(item, version, []):
        yield Unserved(kind, method, name, operation.source)
