"""Find verbs by name: the built-in verbs, and the verbs of plug-ins.

`server/sources.py`, `cli/contract_options.py` and `cli/diff_command.py` make a `Verbs` for the
loader; `step_context.py` holds it, and the step compiler asks its `get` for each step's verb (None
for an unknown name). A built-in verb's module is imported when a document first uses it. Plug-ins
are modules that the user names, imported at start, and entry points of installed packages, imported
on first use. A named module that is not found, or a plug-in without a valid verb, is a
`SettingsError`; other exceptions of its code, and all of importing an entry point, are not caught.
None replaces a built-in verb; no document can name a module to load.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from mockserver.base.errors import SettingsError
from mockserver.verbs.verb import Verb

BUILT_IN_VERBS = (
    "require",
    "let",
    "find",
    "list",
    "create",
    "update",
    "delete",
    "take",
    "cooldown",
    "send",
    "each",
    "respond",
    "oauth_authorize",
    "oauth_token",
    "oauth_revoke",
)
"""In the order of the reference; each verb is in the module of the same name in `verbs`."""
ENTRY_POINTS = "mockserver.verbs"
"""The group of entry points with which installed packages declare verbs as `module:VERB`."""

_FAILURES = (Exception, SystemExit)
"""What the import of a module of somebody else may raise."""


class Verbs:
    """The verbs that documents can use: the built-in ones, and those of plug-ins."""

    def __init__(self, plugins: Iterable[str] = ()) -> None:
        """Import the plug-ins that the user names.

        Args:
            plugins: Names of modules with one verb as `VERB`, or with a list of verbs as `VERBS`.

        Raises:
            SettingsError: If a module cannot be imported or has no verb, or if a name is taken or
                invalid.
        """
        self._loaded: dict[str, Verb] = {}
        for plugin in plugins:
            for verb in _plugin_verbs(plugin):
                if verb.name in BUILT_IN_VERBS or verb.name in self._loaded:
                    raise SettingsError(f"{plugin}: there is a verb {verb.name!r} already")
                self._loaded[verb.name] = verb

    def get(self, name: str) -> Verb | None:
        """Return a verb by its name, or None."""
        if (verb := self._loaded.get(name)) is None:
            verb = self._load(name)
            if verb is not None:
                self._loaded[name] = verb
        return verb

    def names(self) -> list[str]:
        """Return the names of all verbs."""
        installed = (point.name for point in entry_points(group=ENTRY_POINTS))
        return list(dict.fromkeys((*BUILT_IN_VERBS, *self._loaded, *installed)))

    def _load(self, name: str) -> Verb | None:
        """Import a built-in verb, or the verb of an entry point."""
        if name in BUILT_IN_VERBS:
            return _check_verb(import_module(f"mockserver.verbs.{name}").VERB, name)
        for point in entry_points(group=ENTRY_POINTS, name=name):
            return _check_verb(_loaded(point), point.value)
        return None


def _loaded(point: EntryPoint) -> object:
    try:
        return point.load()
    except _FAILURES as error:
        raise SettingsError(
            f"the plug-in {point.value!r} of the verb {point.name!r} cannot be imported: "
            f"{_reason(error)}"
        ) from None


def _plugin_verbs(plugin: str) -> Iterable[Verb]:
    try:
        module = import_module(_module_name(plugin))
    except _FAILURES as error:
        message = f"the plug-in {plugin!r} cannot be imported: {_reason(error)}"
        raise SettingsError(message) from None
    verbs = getattr(module, "VERBS", None) or [getattr(module, "VERB", None)]
    if not isinstance(verbs, Iterable) or isinstance(verbs, str):
        raise SettingsError(f"the plug-in {plugin!r} has VERBS that are no list of verbs")
    return [_check_verb(verb, plugin) for verb in verbs]


def _module_name(plugin: str) -> str:
    """Return the name of a module; ImportError if no module can have it."""
    if not all(part.isidentifier() for part in plugin.split(".")):
        raise ImportError("this is no name of a module, such as my_package.my_verbs")
    return plugin


def _reason(error: BaseException) -> str:
    """Return what an import failed for; with the type, unless a module or a name is missing."""
    if isinstance(error, (ImportError, AttributeError)):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _check_verb(verb: object, plugin: str) -> Verb:
    """Return a verb; raise SettingsError if it is not one, or if no step can have its name."""
    if not isinstance(verb, Verb):
        raise SettingsError(
            f"the plug-in {plugin!r} has no VERB made of mockserver.verbs.verb.Verb"
        )
    if not (verb.name.isidentifier() and verb.name.isascii()):
        raise SettingsError(f"the plug-in {plugin!r} has a verb {verb.name!r}, which is no name")
    return verb
