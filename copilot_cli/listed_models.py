"""All lists, one after the other: Copilot's, then each endpoint's. None hides another."""

from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import (
    CopilotChatError,
    Interrupted,
    LimitError,
    ServiceError,
    SettingsError,
)

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.catalogue import Catalogue
    from copilot_cli.messages import ModelInfo
    from copilot_cli.model_cache import ModelList


class Listed(NamedTuple):
    """The models of all lists; `wrong` says which setting keeps an endpoint's from being read."""

    models: "list[ModelInfo]"
    wrong: SettingsError | None


def everything(app: "App", catalogue: "Catalogue", *, fresh: bool) -> Listed:
    """Return the models of every list; see `Catalogue.everything`."""
    names: list[str | None] = [None, *app.endpoints.names()]
    failed: list[tuple[str | None, CopilotChatError]] = []
    lists = []
    for name in names:
        try:
            lists.append(_read(app, catalogue, name, fresh=fresh))
        except Interrupted:
            raise
        except CopilotChatError as error:
            failed.append((name, error))
    first = None if lists else failed.pop(0)[1]
    wrong = None
    for name, why in failed:
        if isinstance(why, SettingsError):
            wrong = wrong or why
        else:
            app.streams.notice(f"{_whose(name)}: {why.message}")
    if first is not None:
        raise first
    return Listed([model for read in lists for model in read.models], wrong)


def ago(seconds: float) -> str:
    """Return how long ago something was, in words: the largest unit that is whole."""
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "a moment ago"


def _read(app: "App", catalogue: "Catalogue", name: str | None, *, fresh: bool) -> "ModelList":
    """Return a list, as it was read before where the service cannot be asked now."""
    from copilot_cli.catalogue import FRESH

    try:
        return catalogue.read(name, patience=0.0 if fresh else FRESH)
    except (ServiceError, LimitError) as error:
        kept = catalogue.kept(name)
        if kept is None:
            raise
        whose = "" if name is None else f"{name}, "
        app.streams.notice(
            f"{whose}as of {ago(catalogue.age(kept))}: could not be read now: {error.message}"
        )
        return kept


def _whose(name: str | None) -> str:
    models = "Copilot's models" if name is None else f"the models of {name}"
    return f"{models} are not listed"
