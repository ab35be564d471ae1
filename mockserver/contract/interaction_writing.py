"""Write interactions as YAML, for people and for `mockserver verify`.

`recording.py` and `cli/import_command.py` call `interaction_file`, which returns the bytes of a
whole file with a comment as its first line; if `shared`, it lets `verify` send all interactions in
one sandbox. `recording_file.py` calls `interaction_items` for items that are appended to a file.
Every text is quoted (keys if needed), so that no YAML reader takes one for a number or a boolean.
Values are written as they are: `recording.py` masks and redacts, imported pacts are not masked. No
file is opened here.
"""

import re
from collections.abc import Sequence

import yaml

from mockserver.base.json import JsonValue

_PLAIN_KEY = re.compile(r"(?!(?:null|true|false|yes|no|on|off|y|n)$)[a-z][a-zA-Z0-9_-]*")
_TEXT = "tag:yaml.org,2002:str"


def interaction_file(
    api: str, interactions: Sequence[dict[str, JsonValue]], head: str, *, shared: bool
) -> bytes:
    """Write a file of interactions.

    Args:
        api: The API's name.
        interactions: In the format of the file.
        head: A comment for the first line.
        shared: Send all interactions in order in one sandbox.
    """
    whole: dict[str, JsonValue] = {"api": api}
    if shared:
        whole["sandbox"] = "shared"
    whole["interactions"] = list(interactions)
    return f"# {head}\n{_dump(whole)}".encode()


def interaction_items(interactions: Sequence[dict[str, JsonValue]]) -> bytes:
    """Write interactions so that they can be appended to a file of others."""
    return _dump(list(interactions)).encode()


def _dump(value: JsonValue) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)


class _Dumper(yaml.SafeDumper):
    """Quotes every string, so that no YAML reader takes one for a number or a boolean."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, text, style='"')


def _mapping(dumper: yaml.SafeDumper, value: dict[str, JsonValue]) -> yaml.MappingNode:
    pairs = [(_key(dumper, key), dumper.represent_data(member)) for key, member in value.items()]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


def _key(dumper: yaml.SafeDumper, key: str) -> yaml.ScalarNode:
    style = None if _PLAIN_KEY.fullmatch(key) else '"'
    return dumper.represent_scalar(_TEXT, key, style=style)


_Dumper.add_representer(str, _quoted)
_Dumper.add_representer(dict, _mapping)
