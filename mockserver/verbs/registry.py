"""Every verb, in the one list; a verb's module is imported when a document first uses it."""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points

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
"""In the order in which the reference lists them; each is the module of this name in `verbs`."""
ENTRY_POINTS = "mockserver.verbs"
"""The group in which installed packages announce a verb: its name, and `module:VERB`."""


class Verbs:
    """The verbs that documents may use: the built-in ones, and those of plug-ins."""

    def __init__(self, plugins: Iterable[str] = ()) -> None:
        """Import plug-ins.

        Args:
            plugins: Names of modules with a `VERB`, or with several `VERBS`.

        Raises:
            SettingsError: If one cannot be imported, has no verb, or a name that is taken.
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
        """List the names of all verbs."""
        installed = (point.name for point in entry_points(group=ENTRY_POINTS))
        return list(dict.fromkeys((*BUILT_IN_VERBS, *self._loaded, *installed)))

    def _load(self, name: str) -> Verb | None:
        if name in BUILT_IN_VERBS:
            return _check_verb(import_module(f"mockserver.verbs.{name}").VERB, name)
        for point in entry_points(group=ENTRY_POINTS, name=name):
            return _check_verb(point.load(), point.value)
        return None


def _plugin_verbs(plugin: str) -> Iterable[Verb]:
    try:
        module = import_module(plugin)
    except ImportError as error:
        raise SettingsError(f"the plug-in {plugin!r} cannot be imported: {error}") from None
    found = getattr(module, "VERBS", None) or [getattr(module, "VERB", None)]
    return [_check_verb(verb, plugin) for verb in found]


def _check_verb(verb: object, plugin: str) -> Verb:
    if not isinstance(verb, Verb):
        raise SettingsError(
            f"the plug-in {plugin!r} has no VERB made of mockserver.verbs.verb.Verb"
        )
    if not (verb.name.isidentifier() and verb.name.isascii()):
        raise SettingsError(f"the plug-in {plugin!r} has a verb {verb.name!r}, which is no name")
    return verb
