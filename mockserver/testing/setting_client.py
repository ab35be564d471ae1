"""Show and change the settings of an API in a sandbox, as items or attributes.

`api_client.py` makes a `Settings` as `api.settings`. Each access calls the control API, and a
change is for this sandbox only; `change` makes several, all or none. An unknown setting is a
`KeyError` (as an attribute, an `AttributeError`) with a similar name, an invalid value a
`ControlCallError`. A setting cannot be removed (`TypeError`).
"""

from collections.abc import Iterator, MutableMapping
from typing import Never

from mockserver.testing import name_lookup
from mockserver.testing.control_connection import ControlConnection, Json


class Settings(MutableMapping[str, Json]):
    """Settings as items or attributes; an assignment changes only this sandbox."""

    def __init__(self, control: ControlConnection, api: str, sandbox: str) -> None:
        self.__dict__.update(_control=control, _api=api, _query={"sandbox": sandbox})

    def change(self, **changes: Json) -> None:
        """Change several settings at once; a duration is ISO 8601 text.

        If an error is raised, no setting changes.

        Raises:
            KeyError: If a setting does not exist.
            ControlCallError: If a value is invalid.
        """
        known = self._values()
        for name in changes:
            if name not in known:
                raise KeyError(name_lookup.unknown(f"setting of {self._api}", name, known))
        self._control.call("PATCH", f"settings/{self._api}", changes, self._query)

    def __getitem__(self, name: str) -> Json:
        known = self._values()
        if name not in known:
            raise KeyError(name_lookup.unknown(f"setting of {self._api}", name, known))
        return known[name]

    def __setitem__(self, name: str, value: Json) -> None:
        self.change(**{name: value})

    def __delitem__(self, name: str) -> Never:
        raise TypeError(f"the setting {name!r} cannot be removed; assign a value to change it")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def __getattr__(self, name: str) -> Json:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __setattr__(self, name: str, value: Json) -> None:
        try:
            self[name] = value
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values()]

    def _values(self) -> dict[str, Json]:
        values: dict[str, Json] = self._control.call(
            "GET", f"settings/{self._api}", query=self._query
        )
        return values

    def __repr__(self) -> str:
        return f"<settings of {self._api}: {self._values()}>"
