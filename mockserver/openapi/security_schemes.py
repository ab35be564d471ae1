"""Compile security schemes and security requirements.

`compiler.py` calls `compile_schemes` and `check_principals` (errors for `x-mock.principals` of an
unknown scheme), `operations.py` calls `compile_security`. Out come `SecurityScheme` objects, and
for each operation the alternatives that the engine tries. An unknown or unsupported scheme is a
warning and is not enforced; an alternative of only such schemes is left out, and an operation that
has none left needs no credential. `readable_requirements` reads requirements in another form than a
list of mappings, as far as they name schemes; `contract/` uses it too. `engine/security.py` checks
credentials; of HTTP schemes other than basic and bearer, such as digest, only the name.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from mockserver.base.http import is_field_name
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, most_similar, near, warning
from mockserver.documents.references import Place
from mockserver.model.api import Principals, SchemeUse, SecurityScheme

_Schemes = Mapping[str, SecurityScheme]
_LOCATIONS = ("header", "query", "cookie")
_CHECKED = frozenset(("basic", "bearer"))
_AUTH_SCHEMES = {
    name.lower(): name
    for name in ("Basic", "Bearer", "Digest", "DPoP", "HOBA", "Mutual", "Negotiate", "OAuth")
}
"""Authentication schemes as IANA registers their names, by the name in lower case."""


def compile_schemes(
    place: Place,
    resolve: Callable[[Place], Place],
    principals: Mapping[str, Principals],
    problems: list[SpecProblem],
) -> dict[str, SecurityScheme]:
    """Compile the supported security schemes of a document; add a problem for each other one."""
    found = {}
    for name, member in place.members():
        scheme = _scheme(name, resolve(member), principals.get(name))
        if isinstance(scheme, SecurityScheme):
            found[name] = scheme
        else:
            problems.append(scheme)
    return found


def check_principals(
    principals: Mapping[str, Principals], schemes: _Schemes, place: Place
) -> list[SpecProblem]:
    """Return a problem for each name in `principals` that is not a security scheme."""
    return [
        SpecProblem(
            "MS702",
            place.child(name).source,
            f"there is no security scheme {name!r} under components",
            near(name, schemes),
        )
        for name in principals
        if name not in schemes
    ]


def _scheme(name: str, place: Place, owners: Principals | None) -> SecurityScheme | SpecProblem:
    kind, scheme = place.child("type").value, str(place.child("scheme").value or "")
    if kind == "apiKey":
        return _api_key(name, place, owners)
    if kind in ("oauth2", "openIdConnect"):
        return SecurityScheme(name, "oauth2", principals=owners, auth_scheme="Bearer")
    if kind == "http" and is_field_name(scheme):  # both are tokens (RFC 9110, 5.1 and 11.1)
        checked = scheme.lower() if scheme.lower() in _CHECKED else "http"
        known = _AUTH_SCHEMES.get(scheme.lower(), scheme)
        return SecurityScheme(name, checked, principals=owners, auth_scheme=known)
    message = f"security schemes of type {str(kind)[:40]!r} {scheme[:40]} are not supported"
    hint = "use apiKey, http with a `scheme`, or oauth2; it is not enforced"
    return warning("MS703", place.source, message, hint)


def _api_key(name: str, place: Place, owners: Principals | None) -> SecurityScheme | SpecProblem:
    where, parameter = place.child("in").value, place.child("name").value
    if where not in _LOCATIONS or not isinstance(parameter, str) or not parameter:
        message = "an API key needs a `name` and an `in` of header, query or cookie"
        return warning("MS704", place.source, message, "it is not enforced")
    key_name = parameter.lower() if where == "header" else parameter
    return SecurityScheme(name, "apiKey", str(where), key_name, owners)


def names_schemes(value: JsonValue, declared: Collection[str]) -> bool:
    """Return True if `security` is a list, or names declared schemes in another form."""
    if isinstance(value, dict):
        return any(name in declared for name in value)
    return isinstance(value, list) or (isinstance(value, str) and value in declared)


def readable_requirements(place: Place, declared: Collection[str]) -> list[Place]:
    """Return the requirements of `security`; a name of a scheme alone is one without scopes."""
    if not names_schemes(place.value, declared):
        return []
    found = place.items() if isinstance(place.value, list) else [place]
    return [_requirement(item, declared) for item in found]


def _requirement(place: Place, declared: Collection[str]) -> Place:
    name = place.value
    if isinstance(name, str) and name in declared:
        return Place(place.document, place.pointer, {name: []})
    return place


def compile_security(
    place: Place, schemes: _Schemes, declared: Collection[str], problems: list[SpecProblem]
) -> tuple[tuple[SchemeUse, ...], ...]:
    """Compile a list of security requirements; each is one alternative.

    An unknown or unsupported scheme is removed from its alternative. If nothing remains of the
    alternative, it is left out, because an empty one would allow every request. A mapping in place
    of the list, and the name of a scheme in place of a mapping, are problems, but are enforced.

    Args:
        place: The security requirements.
        schemes: The supported schemes.
        declared: Names of all schemes, including unsupported ones; only others are problems.
        problems: Where problems are added.
    """
    problems.extend(_other_forms(place, declared))
    alternatives = []
    for item in readable_requirements(place, declared):
        uses = _uses(item, schemes, declared, problems)
        if uses or item.value == {}:
            alternatives.append(uses)
    # An empty one is tried last, so that a credential is used even where none is needed.
    return tuple(sorted(alternatives, key=lambda uses: not uses))


def _other_forms(place: Place, declared: Collection[str]) -> Iterator[SpecProblem]:
    """Yield a problem for `security` that is no list, and for each of its items that is no map."""
    if isinstance(place.value, list):
        message = "a security requirement must be a mapping of schemes to scopes"
        for item in place.items():
            if not isinstance(item.value, dict):
                yield warning("MS701", item.source, message, _form_hint(item.value, declared))
    elif place.value is not None:
        hint = _form_hint(place.value, declared)
        yield warning("MS701", place.source, "`security` must be a list", hint)


def _form_hint(value: JsonValue, declared: Collection[str]) -> str:
    """Return a hint with the form that is most likely meant."""
    names = list(value) if isinstance(value, dict | list) else [value]
    name = most_similar(str(names[0]), declared) if len(names) == 1 else ""
    hint = f"did you mean `- {name}: []`?" if name else "write a list such as `- NAME: []`;"
    is_enforced = not isinstance(value, list) and names_schemes(value, declared)
    return hint.removesuffix(";") if is_enforced else f"{hint} until then it is not enforced"


def _uses(
    place: Place, schemes: _Schemes, declared: Collection[str], problems: list[SpecProblem]
) -> tuple[SchemeUse, ...]:
    uses = []
    for name, member in place.members():
        if (scheme := schemes.get(name)) is not None:
            uses.append(SchemeUse(scheme, tuple(str(item.value) for item in member.items())))
        elif name not in declared:
            hint = near(name, declared) or "declare it; until then it is not enforced"
            problem = warning("MS702", member.source, f"there is no security scheme {name!r}", hint)
            problems.append(problem)
    return tuple(uses)
