"""Header fields of an answer: those of the document or of a step, and those of the mock."""

from collections.abc import Iterable

Fields = list[tuple[str, str]]


def replace_headers(headers: Fields, ours: Iterable[tuple[str, str]]) -> None:
    """Add headers that must be true; documented values of the same names are removed.

    Most headers may be sent only once (RFC 9110, section 5.3), and an example does not know this
    request.
    """
    added = list(ours)
    if added:
        names = {name.lower() for name, _ in added}
        headers[:] = [item for item in headers if item[0].lower() not in names]
        headers += added


def add_missing_headers(headers: Fields, more: Iterable[tuple[str, str]]) -> None:
    """Add those headers of which the answer has none of the same name."""
    present = {name.lower() for name, _ in headers}
    headers += [item for item in more if item[0].lower() not in present]
