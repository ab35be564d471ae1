"""Find texts in documents that look like real credentials, which any reader could use.

`thorough_checks.py` calls `secrets_in` with documents as they are written; out come warnings with
kind and place, together up to `MOST_REPORTED`, and never the text itself. Texts are all string
values, of which each is reported once; keys are not searched. Credentials that seem invented are
not reported. Nothing is removed, and no credential is tried.
"""

import re
from collections.abc import Iterable, Iterator

import orjson

from mockserver.base.problems import SpecProblem, warning
from mockserver.base.trails import containers, pointer_of
from mockserver.documents.document import Document

MOST_REPORTED = 100
"""The maximum number of credentials that are reported for a document."""
_KINDS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("a secret key of Stripe", ("k_live_",), r"[sr]k_live_[0-9A-Za-z]{16,200}"),
    ("a webhook secret of Stripe", ("whsec_",), r"whsec_[0-9A-Za-z+/]{24,200}"),
    ("an access key of AWS", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    (
        "a token of GitHub",
        ("ghp_", "gho_", "ghs_", "ghu_", "ghr_"),
        r"gh[opsur]_[0-9A-Za-z]{36,255}",
    ),
    ("a token of GitHub", ("github_pat_",), r"github_pat_\w{60,255}"),
    ("a token of GitLab", ("glpat-",), r"glpat-[\w-]{20,100}"),
    ("a token of Slack", ("xox",), r"\bxox[abeoprs]-[0-9A-Za-z-]{20,200}"),
    ("an API key of Google", ("AIza",), r"AIza[\w-]{35}\b"),
    ("an API key of SendGrid", ("SG.",), r"\bSG\.[\w-]{22}\.[\w-]{43}\b"),
    ("an API key of OpenAI", ("sk-proj-",), r"sk-proj-[\w-]{20,200}"),
    ("an API key of Anthropic", ("sk-ant-",), r"sk-ant-[\w-]{20,200}"),
    ("a token of npm", ("npm_",), r"\bnpm_[0-9A-Za-z]{36}\b"),
    ("a token of PyPI", ("pypi-",), r"\bpypi-[\w-]{50,250}"),
    ("a private key", ("PRIVATE KEY",), r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
    ("a JSON Web Token", ("eyJ",), r"\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,8000}\.[\w-]{20,1000}"),
    ("a password in a URL", ("://",), r"://[^\s/:@{}<>]{1,100}:[^\s/:@{}<>]{6,100}@"),
)
"""The kinds of credentials: a name, texts of which one occurs in them, and a pattern."""
_PATTERNS = tuple((name, marks, re.compile(pattern)) for name, marks, pattern in _KINDS)
_SHORTEST = 15
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
        for pointer, kind in _found(document):
            message = f"this looks like {kind}"
            hint = "replace it by one that is invented; if it was valid, revoke it"
            yield warning("MS403", document.source(pointer), message, hint)
            count += 1
            if count == MOST_REPORTED:
                return


def _found(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the JSON Pointers of texts with credentials, and their kinds."""
    for trail, value in containers(document.value):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(member, str) and (kind := kind_of_secret(member)):
                yield pointer_of((trail, key)), kind


def kind_of_secret(text: str) -> str:
    """Return the kind of credential that a text contains; empty if there is none."""
    if len(text) < _SHORTEST:
        return ""
    for name, marks, pattern in _PATTERNS:
        if any(mark in text for mark in marks):
            for found in pattern.finditer(text):
                if _is_real(found[0]) and (marks != ("eyJ",) or _is_signed(found[0])):
                    return name
    return ""


def _is_real(text: str) -> bool:
    """Return True unless words or a lack of variety say that a credential was made up."""
    return not _INVENTED.search(text) and _is_varied(text)


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
