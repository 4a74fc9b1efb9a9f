"""Model lists that nobody would send, at the program's boundary: no traceback, nothing hidden."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot_cli.main import main
from copilot_cli.simulator import catalogue
from tests.wizard_world import Terminal, World

ITEMS: list[Any] = catalogue.listing(catalogue.models(), broken=True)["data"]
GOOD = {"id": "good", "model_picker_enabled": True, "capabilities": {"type": "chat"}}

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([10**400, "\x1b[2J", "\ud800", "enabled", "chat", "/responses", {}, []]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


def put(item: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The item with another value at one place."""
    if not path:
        return value
    changed = copy.copy(item)
    changed[path[0]] = put(item[path[0]], path[1:], value)
    return changed


@st.composite
def mangled(draw: st.DrawFn) -> list[Any]:
    """A list of which some items were changed at a few places, dropped, or put there twice."""
    found: list[Any] = []
    for item in draw(st.lists(st.sampled_from(ITEMS), max_size=4)):
        for _ in range(draw(st.integers(0, 3))):
            item = put(item, draw(st.sampled_from(places(item))), draw(ANY))  # noqa: PLW2901
        found.append(item)
    found.insert(draw(st.integers(0, len(found))), GOOD)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(Path(tmp_path_factory.mktemp("fuzz")) / "home")
    made.environ["COPILOT_CHAT_TOKEN"] = made.sim.sign_in()
    return made


def reply(items: Any) -> bytes:
    """A body that no encoder of ours would refuse to write."""
    return json.dumps({"data": items}).encode("utf-8", "surrogatepass")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=mangled())
def test_no_item_hides_another(world: World, items: list[Any]) -> None:
    """Every form of the list has the good one, and JSON is JSON."""
    world.sim.fault("models", status=200, body=reply(items))
    code, out, err = world.run("models", "--refresh", "--json")
    assert code == 0
    assert "Traceback" not in err
    assert "good" in [model["id"] for model in json.loads(out, parse_constant=pytest.fail)]
    code, out, _ = world.run("models")
    assert code == 0
    assert "good" in [line.split("\t")[0] for line in out.splitlines()]
    assert "\x1b" not in out
    assert shown(world).startswith("id")


def shown(world: World) -> str:
    """The list as a terminal gets it, without colours."""
    app = world.build(None)
    screen = app.effects.stdout = Terminal()
    app.effects.stderr = io.StringIO()
    world.environ["NO_COLOR"] = "1"
    assert main(["models", "--all"], app.effects) == 0
    return screen.getvalue()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    items=mangled(), name=st.text(max_size=6) | st.sampled_from(["good", "goo", "sim-e", "auto"])
)
def test_any_name_is_judged(world: World, items: list[Any], name: str) -> None:
    """A name is taken, refused, or wrong usage; `auto` may be chosen."""
    if "\0" in name or name.startswith("-"):
        return
    world.time += 3600
    world.sim.fault("models", status=200, body=reply(items), times=2)
    code, _, err = world.run("ask", "-m", name, "hello")
    assert code in {0, 2, 4}
    assert "Traceback" not in err
    world.run("models", "--refresh")  # what was foretold and not asked for is played out
    world.run("models", "--refresh")


BODIES = {
    "no JSON": b"<html>",
    "nothing": b"",
    "a list": b"[]",
    "no list": b'{"data": {}}',
    "too deep": b'{"data": [' + b'{"id":' * 50_000,
    "deep": b'{"data": [{"id": "a", "x": ' + b"[" * 400 + b"]" * 400 + b"}]}",
    "no number": b'{"data": [{"id": "a", "billing": {"multiplier": NaN}}]}',
    "endless": b'{"data": [{"id": "a", "billing": {"token_prices": {"default": {"input_price":'
    b' 1e999, "output_price": -1e999}}}}]}',
    "no UTF-8": b'{"data": [{"id": "\xff\xfe"}]}',
    "a long number": b'{"data": [{"id": "a", "x": ' + b"9" * 5000 + b"}]}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_of_any_kind(tmp_path: Path, body: bytes) -> None:
    """It is a list, or an error of the service's."""
    world = World(tmp_path / "home")
    world.environ["COPILOT_CHAT_TOKEN"] = world.sim.sign_in()
    world.sim.fault("models", status=200, body=body, times=9)
    code, out, err = world.run("models", "--json")
    assert code in {0, 6}
    assert "Traceback" not in err
    assert code != 0 or isinstance(json.loads(out, parse_constant=pytest.fail), list)
    assert world.run("models")[0] == code
