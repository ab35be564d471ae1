"""Convert and check new values of settings, from JSON or from the text of a command line.

`server/sources.py` calls `check_settings` for values given at the start, `sandbox.py` and
`snapshot.py` for those of the control API. It returns the values converted to the types of the API,
or raises `SettingsError` with all problems; nothing is stored here.
"""

from collections.abc import Mapping

from mockserver.base.errors import SettingsError
from mockserver.base.json import JsonValue
from mockserver.model.api import Api

MOST_WRONG = 50
"""Maximum number of unknown settings in one error message."""


def check_settings(api: Api, changes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Convert new values of settings, from JSON or from the text of a command line.

    Raises:
        SettingsError: With a message for each setting that does not exist or is invalid.
    """
    checked: dict[str, JsonValue] = {}
    wrong: list[str] = []
    for name, value in changes.items():
        setting = api.settings.get(name)
        if setting is None:
            known = ", ".join(api.settings) or "none"
            wrong.append(f"{api.name} has no setting {name[:100]!r} (it has: {known})")
            if len(wrong) == MOST_WRONG:
                break
            continue
        try:
            checked[name] = setting.read(value)
        except ValueError as error:
            wrong.append(f"{api.name}.{name}: {error}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    return checked
