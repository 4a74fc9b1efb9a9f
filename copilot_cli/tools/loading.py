"""A person's own tool, named as `module:function`, from the folder they work in.

Rule: what is installed is never shadowed by a file of that folder, and a name that means two
modules is refused. What goes wrong is a `UsageError` that names it.
"""

import sys
import traceback
from contextlib import redirect_stdout
from difflib import get_close_matches
from importlib import import_module, invalidate_caches
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from copilot_cli.errors import UsageError
from copilot_cli.patterns import pattern
from copilot_cli.tools.tool import Tool, made

_REFERENCE = pattern(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_OURS = Path(__file__).parents[1]


def is_reference(name: str) -> bool:
    """Say whether `name` is meant as a person's own tool."""
    return ":" in name


def load(reference: str, folder: Path) -> Tool:
    """Return the tool that `module:function` names, looked for in `folder` first.

    Its module is imported, which runs it. Raises `UsageError` where there is none.
    """
    if not _REFERENCE.fullmatch(reference):
        raise UsageError(
            f"{reference!r} names no tool", hint="--tool module:function, or one that is built in"
        )
    name, _, attribute = reference.partition(":")
    module = _module(name, folder)
    found = getattr(module, attribute, None)
    if found is None:
        near = get_close_matches(attribute, _tools_of(module), n=1)
        raise UsageError(
            f"the module {name} has no {attribute}", hint=f"is it {near[0]}?" if near else None
        )
    if not callable(found) or isinstance(found, type):
        raise UsageError(f"{reference} is no function, but a {type(found).__name__}")
    return made(found)


def _module(name: str, folder: Path) -> ModuleType:
    invalidate_caches()
    _refuse_two(name.partition(".")[0], folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # behind what is installed; for what the module imports, too
    with redirect_stdout(sys.stderr):  # stdout is the answer's
        try:
            return import_module(name)
        except KeyboardInterrupt:
            raise
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(f"{error.name}.")):
                raise UsageError(
                    f"there is no module {name} in {folder}, and none is installed",
                    hint="a tool of your own is named module:function",
                ) from error
            raise _failed(name, error) from error
        except BaseException as error:  # whatever its code raises, SystemExit too
            raise _failed(name, error) from error


def _refuse_two(name: str, folder: Path) -> None:
    """Raise `UsageError` where a module of the folder has the name of one that is installed."""
    here = folder / f"{name}.py", folder / name
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # ValueError: a module that is there, and was not imported
        spec = None
    if spec is None or not any(each.exists() for each in here):
        return
    if not any(each.resolve().is_relative_to(folder.resolve()) for each in _places(spec)):
        raise UsageError(
            f"two modules are called {name}: one in {folder}, and one that is installed",
            hint="give the file here another name",
        )


def _places(spec: ModuleSpec) -> list[Path]:
    places = list(spec.submodule_search_locations or ())
    return [Path(each) for each in (*places, spec.origin) if each]


def _failed(name: str, error: BaseException) -> UsageError:
    frames = [each for each in traceback.extract_tb(error.__traceback__) if _is_theirs(each)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    if isinstance(error, SystemExit):
        return UsageError(f"the module {name} ended the program while it was imported{where}")
    kind, hint = type(error).__name__, None
    if isinstance(error, UsageError):  # of `tool`, about a function of the module
        kind, hint = "", error.hint
    said = ": ".join(each for each in (kind, " ".join(str(error).split())[:200]) if each)
    return UsageError(f"the module {name} cannot be imported: {said}{where}", hint=hint)


def _is_theirs(frame: traceback.FrameSummary) -> bool:
    """Say whether a frame is of the person's own code: neither of Python's import nor of ours."""
    name = frame.filename
    importing = name.startswith("<") or name == import_module.__code__.co_filename
    return not importing and not Path(name).is_relative_to(_OURS)


def _tools_of(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and not isinstance(value, type)
    ]
