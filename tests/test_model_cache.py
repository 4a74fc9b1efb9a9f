"""The lists that were read before: each its owner's, and a damaged one is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.model_cache import ModelCache, ModelList

NOW = 1_750_000_000.0
ITEMS: list[Any] = [{"id": "a"}, None, {"id": "b", "name": "Bee"}]


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    made = ModelCache(tmp_path / "cache", NOW)
    made.write(ModelList("github.com octocat ", ITEMS, NOW - 10, plan="pro"))
    return made


def the_file(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache").glob("models-*.json")
    return file


def test_a_list_comes_back_as_it_was(cache: ModelCache, tmp_path: Path) -> None:
    """With its age and the account's plan; nobody else may read it."""
    kept = cache.read("github.com octocat ")
    assert kept is not None
    assert (kept.at, kept.plan, [model.id for model in kept.models]) == (
        NOW - 10,
        "pro",
        ["a", "b"],
    )
    found = kept.find("b")
    assert found is not None
    assert found.name == "Bee"
    assert kept.find("c") is None
    assert the_file(tmp_path).stat().st_mode & 0o077 == 0


def test_the_models_of_an_endpoint_say_so(cache: ModelCache) -> None:
    """Whose list it is belongs to each of them."""
    cache.write(ModelList("endpoint o http://x", ITEMS, NOW))
    kept = cache.read("endpoint o http://x", endpoint="o")
    assert kept is not None
    assert {model.endpoint for model in kept.models} == {"o"}


def test_another_s_list_is_none(cache: ModelCache, tmp_path: Path) -> None:
    """Not even where its file lies in the place of one's own."""
    assert cache.read("github.com hubot ") is None
    file = the_file(tmp_path)
    entry = json.loads(file.read_text())
    entry["data"]["for"] = "github.com hubot "
    file.write_text(json.dumps(entry))
    assert cache.read("github.com octocat ") is None


def test_every_list_the_newest_first(cache: ModelCache) -> None:
    """Whoever it belongs to."""
    cache.write(ModelList("new", ITEMS, NOW))
    cache.write(ModelList("old", ITEMS, NOW - 99))
    assert [kept.whose for kept in cache.everything()] == ["new", "github.com octocat ", "old"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", None),
        ("at", True),
        ("at", "now"),
        ("at", 10**400),
        ("data", {}),
        ("data", None),
        ("for", 7),
    ],
)
def test_a_damaged_entry_is_none(
    cache: ModelCache, tmp_path: Path, field: str, value: object
) -> None:
    """A field of another type is damage."""
    file = the_file(tmp_path)
    entry = json.loads(file.read_text())
    entry["data"][field] = value
    file.write_text(json.dumps(entry))
    assert cache.read("github.com octocat ") is None
    assert list(cache.everything()) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff{", id="no text"),
        pytest.param(b"[]", id="another shape"),
        pytest.param(b'{"at": 1, "data": []}', id="no entry"),
        pytest.param(b"[" * 100_000, id="nested deeply"),
        pytest.param(b'{"at": 1' + b"0" * 400 + b', "data": {}}', id="beyond all time"),
    ],
)
def test_a_damaged_file_is_none(cache: ModelCache, tmp_path: Path, content: bytes) -> None:
    """It is read as a miss, and written over."""
    the_file(tmp_path).write_bytes(content)
    assert cache.read("github.com octocat ") is None
    cache.write(ModelList("github.com octocat ", ITEMS, NOW))
    assert cache.read("github.com octocat ") is not None


def test_a_folder_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    """The list serves this run."""
    (tmp_path / "cache").write_text("a file")
    cache = ModelCache(tmp_path / "cache", NOW)
    cache.write(ModelList("x", ITEMS, NOW))
    assert cache.read("x") is None
    assert list(cache.everything()) == []
