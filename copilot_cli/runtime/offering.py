"""Having all that the engine `official` needs: its SDK, and a runtime, installed on a yes."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from copilot_cli.errors import SettingsError
from copilot_cli.runtime import health, installed, platforms, versions
from copilot_cli.runtime.installed import PATH_VARIABLE
from copilot_cli.runtime.packages import Wanted

if TYPE_CHECKING:
    from copilot_cli.app import App

SIZE = "130 MB to fetch, 150 MB on the disk"
NO_SDK = "pip install 'copilot-chat[official]'"


def have_ready(app: "App", *, yes: bool | None = None) -> None:
    """Return once the engine `official` can be started; `yes` None asks the person.

    Raises `SettingsError` where something is missing and nobody wants it installed, and what
    installing it raises.
    """
    platforms.here()
    if find_spec("copilot") is None:
        raise SettingsError(
            "the engine official needs GitHub's SDK, which is not installed", hint=NO_SDK
        )
    environ, cache = app.effects.environ, app.settings.paths.cache_dir
    try:
        health.version_of(installed.find(app), environ, cache, app.effects.now())
    except SettingsError:
        if environ.get(PATH_VARIABLE, "").strip() or not _agreed(app, yes):
            raise
        from copilot_cli.runtime.installing import fetch

        done = fetch(app, Wanted(versions.wanted(environ)))
        app.streams.notice(f"installed the official runtime {done.runtime.version}")


def _agreed(app: "App", yes: bool | None) -> bool:  # noqa: FBT001 - an answer, or none yet
    if yes is not None or not app.streams.person:
        return bool(yes)
    question = f"GitHub's runtime is not installed. Install it now ({SIZE})?"
    return app.prompts.confirm(question, default=True, flag="`copilot-chat engine install`")
