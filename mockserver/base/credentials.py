"""Write credentials as a request carries them, and add the name of a sandbox to one.

`presented` returns the text of the header, query parameter or cookie: for the control API
(`control/api_views.py`, `control/sample_requests.py`) and for advice
(`engine/credential_advice.py`). There and in `testing/api_client.py`, `in_sandbox` adds `~` and a
sandbox's name. `engine/security.py` splits credentials at `SANDBOX_MARK`; `engine/refusal_line.py`
and `control/body_redaction.py` hide them without that name, too. No request is read here.
"""

import base64

SANDBOX_MARK = "~"
"""Separates a credential from the name of its sandbox."""


def presented(kind: str, value: str, auth_scheme: str = "Bearer") -> str:
    """Return the value of the header, query parameter or cookie for a credential.

    Args:
        kind: apiKey, basic, bearer, oauth2 or http.
        value: The key or token; for basic, user and password separated by a colon.
        auth_scheme: The name before the credential in `Authorization`.
    """
    if kind == "apiKey":
        return value
    if kind == "basic":
        return f"Basic {base64.b64encode(value.encode()).decode()}"  # RFC 7617, section 2
    if auth_scheme == "Digest":
        return f'Digest username="{value}"'
    return f"{auth_scheme} {value}"


def in_sandbox(kind: str, value: str, sandbox: str) -> str:
    """Add a sandbox's name to a credential; to the user name for basic."""
    if kind == "basic":
        user, colon, password = value.partition(":")
        return f"{user}{SANDBOX_MARK}{sandbox}{colon}{password}"
    return f"{value}{SANDBOX_MARK}{sandbox}"
