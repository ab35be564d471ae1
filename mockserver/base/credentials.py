"""How credentials are presented in requests."""

import base64

SANDBOX_MARK = "~"
"""Separates a credential from the name of the sandbox it is used in."""


def presented(kind: str, value: str) -> str:
    """Write what a header, query parameter or cookie holds that carries a credential.

    Args:
        kind: apiKey, basic, bearer or oauth2.
        value: The key or token; for basic user and password, with a colon between them.
    """
    if kind == "apiKey":
        return value
    if kind == "basic":
        return f"Basic {base64.b64encode(value.encode()).decode()}"  # RFC 7617, section 2
    return f"Bearer {value}"


def in_sandbox(kind: str, value: str, sandbox: str) -> str:
    """Put a sandbox's name into a credential; into the user's name for basic."""
    if kind == "basic":
        user, colon, password = value.partition(":")
        return f"{user}{SANDBOX_MARK}{sandbox}{colon}{password}"
    return f"{value}{SANDBOX_MARK}{sandbox}"
