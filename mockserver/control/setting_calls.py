"""Calls about an API's settings."""

from mockserver.base.errors import SettingsError
from mockserver.base.json import JsonValue
from mockserver.control import api_views
from mockserver.control.declarations import Ask, Call, InSandbox
from mockserver.control.problem_responses import ControlError

TAG = "Settings"
Values = dict[str, JsonValue]


def show_settings(ask: Ask[InSandbox, None]) -> Values:
    """Return the current value of every setting."""
    return api_views.settings(ask.api(), ask.sandbox())


def change_settings(ask: Ask[InSandbox, Values]) -> Values:
    """Change settings, all or none."""
    api, sandbox = ask.api(), ask.sandbox()
    try:
        sandbox.change_settings(api.name, ask.body)
    except SettingsError as error:
        raise ControlError(422, str(error)) from None
    return api_views.settings(api, sandbox)


_EXAMPLE = {"requests_per_minute": 3}
CALLS = (
    Call(
        "GET",
        "/settings/{api}",
        "getSettings",
        TAG,
        "Return the value of every setting",
        show_settings,
        result=Values,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
    Call(
        "PATCH",
        "/settings/{api}",
        "changeSettings",
        TAG,
        "Change settings, all or none",
        change_settings,
        body=Values,
        tells="settings",
        body_example=_EXAMPLE,
        result=Values,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
)
