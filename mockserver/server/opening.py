"""From the command line's words to an engine and the words it greets with."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from mockserver.clock import Instant
from mockserver.engine.pipeline import Engine, Options
from mockserver.engine.sandbox import BUILT_IN, DEFAULT_SANDBOX, Sandboxes, check_settings
from mockserver.errors import SettingsError
from mockserver.exchange import JsonValue
from mockserver.model import Api
from mockserver.server import views
from mockserver.spec.compiler import load_apis

_MOST_SHOWN = 10
"""Resources of an API that the greeting names."""


def bundled_specs() -> Path:
    """Return the folder with the documents that come with the package."""
    packaged = Path(str(files("mockserver") / "_bundled" / "specs"))
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "specs"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def open_engine(
    documents: Sequence[Path],
    seed: int = 0,
    settings: Iterable[str] = (),
    options: Options | None = None,
    *,
    stateful: bool = False,
) -> Engine:
    """Load documents, the bundled ones if there are none, and make an engine of them.

    With `stateful`, what operations do is inferred where the documents don't say it.

    Raises:
        SpecError: If documents are wrong.
        SettingsError: If `settings` (each `api.setting=value`) are.
    """
    apis = load_apis(documents or [bundled_specs()], BUILT_IN, stateful=stateful)
    by_name = {api.name: api for api in apis}
    overrides = _overrides(settings, by_name)
    return Engine(apis, Sandboxes(by_name, seed, overrides), options)


def _overrides(settings: Iterable[str], apis: dict[str, Api]) -> dict[str, dict[str, JsonValue]]:
    overrides: dict[str, dict[str, JsonValue]] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        api, dot, setting = name.partition(".")
        if not equals or not dot:
            raise SettingsError(f"{text!r} is not api.setting=value")
        if api not in apis:
            raise SettingsError(f"there is no API {api!r}; there are: {', '.join(apis)}")
        overrides.setdefault(api, {}).update(check_settings(apis[api], {setting: value}))
    return overrides


def greeting(engine: Engine, origin: str, now: Instant, *, control: bool) -> str:
    """Say where everything is, in aligned columns."""
    sandbox = engine.sandboxes.get(DEFAULT_SANDBOX)
    rows = [_row(api, origin, engine, now) for api in engine.apis.values()]
    width = max((len(row[0]) for row in rows), default=0)
    length = max((len(row[1]) for row in rows), default=0)
    lines = [f"  {name:<{width}}  {url:<{length}}  {key}".rstrip() for name, url, key in rows]
    where = f"{origin}/_mock" if control else "off"
    count = len(engine.apis)
    return "\n".join(
        [
            f"mockserver serves {count} API{'' if count == 1 else 's'} (sandbox {sandbox.name!r}):",
            *lines,
            *(f"  {line}" for api in engine.apis.values() for line in recognised(api)),
            f"Control API: {where}",
        ]
    )


def recognised(api: Api) -> list[str]:
    """Say which resources of an API are kept, where that was asked for."""
    if api.recognised is None:
        return []
    found = [f"{name} ({path})" for name, path in api.recognised.resources.items()]
    if not found:
        return [f"{api.name} keeps nothing: no resource was recognised in its paths"]
    hidden = len(found) - _MOST_SHOWN
    more = [f"{hidden} more (mockserver routes --stateful)"] if hidden > 0 else []
    return [f"{api.name} keeps {', '.join([*found[:_MOST_SHOWN], *more])}"]


def _row(api: Api, origin: str, engine: Engine, now: Instant) -> tuple[str, str, str]:
    sandbox = engine.sandboxes.get(DEFAULT_SANDBOX)
    found = views.credentials(api, sandbox, now)
    demo = found[0] if found else None
    return api.name, views.base_url(api, origin), "" if demo is None else how_to_send(demo)


def how_to_send(credential: views.Json) -> str:
    """Say how a credential is presented."""
    kind, value = credential["kind"], credential["value"]
    if kind == "apiKey" and credential["where"] == "header":
        return f"{credential['name']}: {value}"
    if kind == "apiKey":
        return f"{credential['where']} {credential['name']}={value}"
    scheme = "Basic" if kind == "basic" else "Bearer"
    return f"Authorization: {scheme} {value}"
