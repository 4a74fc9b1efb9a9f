"""Words on a quota that is nearly used up: at 75 and 90 per cent, once each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.engines.quota_headers import Watched, low
from copilot_cli.messages import Notice, QuotaSnapshot, Started
from copilot_cli.quota_warnings import QuotaWarnings
from tests.chat_world import CUT, WHOLE, Engine, Step, answered
from tests.engine_world import ask

START = 1_750_000_000.0
DAY = 86_400.0
ANEW = ", anew on 2025-07-01"
NEARLY = f"your quota is nearly used up: premium interactions: 15 of 300 left (5%){ANEW}"


def quota(left: float | None, **fields: Any) -> QuotaSnapshot:
    """Return a quota of 300 of which `left` per cent are left."""
    made = QuotaSnapshot("premium_interactions", 300.0, left, 0.0, False, "2025-07-01T00:00:00Z")
    return made._replace(**fields)


LOW: dict[str, tuple[QuotaSnapshot, bool]] = {
    "plenty": (quota(25.1), False),
    "a quarter": (quota(25.0), True),
    "overdrawn": (quota(-3.0), True),
    "not told": (quota(None), False),
    "unlimited": (quota(0.0, entitlement=-1.0), False),
    "none of it in this plan": (quota(0.0, entitlement=0.0), False),
    "none of it, and used": (quota(0.0, entitlement=0.0, overage=2.0), True),
    "the free plan's chat": (quota(10.0, name="chat", entitlement=50.0), True),
    "another product": (quota(0.0, name="completions"), False),
    "no entitlement told": (quota(10.0, entitlement=None), True),
}


@pytest.mark.parametrize(("snapshot", "is_low"), LOW.values(), ids=LOW)
def test_a_quota_is_low_where_little_of_a_limited_one_is_left(
    snapshot: QuotaSnapshot, is_low: bool
) -> None:
    """Only what counts in a chat, and what the plan has at all."""
    assert low([snapshot]) == ([snapshot] if is_low else [])


def watched(quotas: Sequence[QuotaSnapshot], *rest: Step) -> tuple[list[Any], list[Any]]:
    """Return what `tell` heard of an answer with `quotas`, and the answer's events."""
    heard: list[Any] = []

    def tell(found: Sequence[QuotaSnapshot]) -> list[str]:
        heard.append(found)
        return ["low"]

    engine = Watched(Engine([Started(None, None, tuple(quotas)), *rest]), tell)
    assert (engine.name, engine.dry_run(ask())) == ("scripted", {"messages": 1})
    return heard, list(engine.answer(ask()))


def test_the_word_comes_at_the_end_of_the_answer() -> None:
    """So it stands where the person looks last, and only of the low ones."""
    heard, events = watched([quota(80.0), quota(20.0)], WHOLE)
    assert heard == [[quota(20.0)]]
    assert events[1:] == [Notice("low"), WHOLE]


def test_an_answer_that_was_cut_says_it_too() -> None:
    """It was billed."""
    assert watched([quota(20.0)], CUT)[1][1:] == [Notice("low"), CUT]


def test_nothing_is_said_while_there_is_enough() -> None:
    """And nobody is asked for words."""
    heard, events = watched([quota(80.0)], *answered()[1:])
    assert heard == []
    assert events[1:] == answered()[1:]


class World:
    """Warnings on a clock, remembered in a file or not."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.now = START

    def process(self, account: str = "github.com octocat") -> QuotaWarnings:
        return QuotaWarnings(account, self.file, lambda: self.now)


WORDS: dict[str, tuple[QuotaSnapshot, str]] = {
    "low": (
        quota(20.0),
        f"your quota is running low: premium interactions: 60 of 300 left (20%){ANEW}",
    ),
    "very low": (
        quota(5.0),
        NEARLY,
    ),
    "billed beyond": (
        quota(5.0, overage_permitted=True),
        f"{NEARLY}; what goes beyond is billed",
    ),
    "nothing left": (
        quota(0.0, resets=None),
        "your quota is used up: premium interactions: 0 of 300 left (0%)",
    ),
    "overdrawn": (
        quota(-2.0, resets=None, overage=6.0),
        "your quota is used up: premium interactions: 6 over",
    ),
}


@pytest.mark.parametrize(("snapshot", "words"), WORDS.values(), ids=WORDS)
def test_the_words_say_what_is_left_and_when_it_starts_anew(
    snapshot: QuotaSnapshot, words: str
) -> None:
    """And whether what goes beyond is billed."""
    assert list(World().process()([snapshot])) == [words]


def test_a_chat_says_each_threshold_once() -> None:
    """The second is said though the first was; what was 90 is not 75 afterwards."""
    warn = World().process()
    counts = [len(list(warn([quota(left)]))) for left in (26.0, 25.0, 20.0, 10.0, 5.0, -1.0, 20.0)]
    assert counts == [0, 1, 0, 1, 0, 0, 0]


def test_every_quota_has_its_own_words() -> None:
    """Two that are low are two lines."""
    warn = World().process()
    assert len(list(warn([quota(20.0), quota(20.0, name="chat")]))) == 2


def test_questions_of_one_day_say_it_once(tmp_path: Path) -> None:
    """Each is a process of its own; the next day it is said again, and for another account too."""
    world = World(tmp_path / "cache" / "quota-warnings.json")
    assert len(list(world.process()([quota(20.0)]))) == 1
    assert list(world.process()([quota(20.0)])) == []
    assert len(list(world.process("github.com hubot")([quota(20.0)]))) == 1
    assert len(list(world.process()([quota(9.0)]))) == 1
    assert list(world.process()([quota(9.0)])) == []
    world.now += DAY
    assert len(list(world.process()([quota(20.0)]))) == 1


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"at": 1750000000, "data": 5}'])
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    """The word comes again, and the file is made anew."""
    world = World(tmp_path / "quota-warnings.json")
    assert world.file is not None
    world.file.write_bytes(content)
    world.file.chmod(0o600)
    assert len(list(world.process()([quota(20.0)]))) == 1
    assert list(world.process()([quota(20.0)])) == []


def test_a_folder_that_is_not_private_keeps_no_note(tmp_path: Path) -> None:
    """The word comes each time, and the answer is not broken by it."""
    folder = tmp_path / "cache"
    folder.symlink_to(tmp_path)
    world = World(folder / "quota-warnings.json")
    assert len(list(world.process()([quota(20.0)]))) == 1
    assert len(list(world.process()([quota(20.0)]))) == 1
