"""Texts in documents that look like real credentials, which everybody who reads them could use."""

import re
from collections.abc import Iterable, Iterator

import orjson

from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.document import Document
from mockserver.documents.references import Place

MOST_REPORTED = 100
"""The maximum number of credentials that are reported for a document."""
_JWT = r"eyJ[\w-]{8,2000}\.eyJ[\w-]{8,8000}\.[\w-]{20,1000}"
_KINDS: tuple[tuple[str, str], ...] = (
    ("a secret key of Stripe", r"[sr]k_live_[0-9A-Za-z]{16,200}"),
    ("a secret of a webhook of Stripe", r"whsec_[0-9A-Za-z+/]{24,200}"),
    ("an access key of AWS", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\bgh[opsur]_[0-9A-Za-z]{36,255}\b|\bgithub_pat_\w{60,255}\b"),
    ("a token of GitLab", r"\bglpat-[\w-]{20,100}"),
    ("a token of Slack", r"\bxox[abeoprs]-[0-9A-Za-z-]{20,200}"),
    ("an API key of Google", r"\bAIza[\w-]{35}\b"),
    ("an API key of SendGrid", r"\bSG\.[\w-]{22}\.[\w-]{43}\b"),
    ("an API key of OpenAI or Anthropic", r"\bsk-(?:proj-|ant-)[\w-]{20,200}"),
    ("a token of npm or PyPI", r"\bnpm_[0-9A-Za-z]{36}\b|\bpypi-[\w-]{50,250}"),
    ("a private key", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
    ("a JSON Web Token", rf"\b{_JWT}"),
    ("a password in a URL", r"\b[a-z][a-z+.-]{1,20}://[^\s/:@{}<>]{1,100}:[^\s/:@{}<>]{6,100}@"),
)
_SECRET = re.compile("|".join(f"({pattern})" for _, pattern in _KINDS))
_INVENTED = re.compile(
    r"example|sample|dummy|fake|placeholder|your|redacted|x{4}|X{4}|0{5}|12345|abcdef|\*{3}|\.{3}|demo"
    r"|SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c|user:pass|password@|secret@",
    re.IGNORECASE,
)
"""Words of credentials that were made up, and the signature of the token that jwt.io shows."""


def secrets_in(documents: Iterable[Document]) -> Iterator[SpecProblem]:
    """Yield a warning for each text that contains what looks like a real credential."""
    count = 0
    for document in documents:
        for place, kind in _found(document):
            message = f"this looks like {kind}"
            hint = "replace it by one that is invented; if it was valid, revoke it"
            yield warning("MS403", place.source, message, hint)
            count += 1
            if count == MOST_REPORTED:
                return


def _found(document: Document) -> Iterator[tuple[Place, str]]:
    waiting = [Place(document, "", document.value)]
    while waiting:
        place = waiting.pop()
        if isinstance(place.value, str):
            if kind := kind_of_secret(place.value):
                yield place, kind
        elif isinstance(place.value, dict):
            waiting.extend(
                one for _, one in place.members() if isinstance(one.value, str | dict | list)
            )
        else:
            waiting.extend(place.items())


def kind_of_secret(text: str) -> str:
    """Return the kind of credential that a text contains; empty if there is none."""
    if len(text) < len("AKIA") + 16:
        return ""
    for found in _SECRET.finditer(text):
        if not _INVENTED.search(found[0]) and _is_varied(found[0]):
            name = _KINDS[(found.lastindex or 1) - 1][0]
            if name != "a JSON Web Token" or _is_signed(found[0]):
                return name
    return ""


def _is_varied(text: str) -> bool:
    """Return True if a text has as many different characters as random ones have."""
    return len(set(text[-16:])) >= min(8, len(text) // 2)


def _is_signed(token: str) -> bool:
    """Return True if a token has a header that names an algorithm."""
    import base64  # noqa: PLC0415 - few documents have tokens

    header = token.partition(".")[0]
    try:
        value = orjson.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        return False
    return isinstance(value, dict) and str(value.get("alg", "none")).lower() != "none"
