"""Write credentials as a request carries them, and add the name of a sandbox to one.

`control/api_views.py` and `control/sample_requests.py` call `presented`; `testing/api_client.py`
calls `in_sandbox`. `engine/security.py` splits at `SANDBOX_MARK`, and `control/body_redaction.py`
uses it to find secrets. Nothing here reads a request or checks a credential.
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
