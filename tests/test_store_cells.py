"""Sealed conversations: nothing legible on the disk, and nothing opens in another place."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copilot_cli.errors import Corrupt, KeyringLocked, StoreError, WrongKey
from copilot_cli.messages import ReasoningPart, TextPart, ToolCallPart
from copilot_cli.store.cells import SEALED, Cells
from tests.kept import Kept

KEY, OTHER = b"made up for tests, 32 bytes long", b"another made up one, of 32 bytes"
WORD = "Legible"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A store that seals."""
    kept = Kept(tmp_path / "conversations.db", seal=lambda: KEY)
    yield kept
    kept.sessions.close()


def legible(kept: Kept) -> bool:
    """Say whether the word is anywhere on the disk, in any case."""
    files = [path.read_bytes().lower() for path in kept.path.parent.iterdir()]
    return any(WORD.lower().encode() in data for data in files)


def converse(kept: Kept) -> str:
    """Store a conversation that has the word in all its parts."""
    session = kept.sessions.create()
    asked = kept.sessions.append(session, None, "user", [TextPart(f"{WORD} question")])
    answer = kept.sessions.begin_answer(session, asked)
    kept.sessions.grow(answer, [ReasoningPart(WORD, WORD), TextPart(f"{WORD} ans")])
    kept.sessions.finish(
        answer, "complete", rest=[TextPart("wer"), ToolCallPart("1", WORD, f'"{WORD}"')]
    )
    assert session is not None
    return session


def test_nothing_legible_is_on_the_disk(kept: Kept) -> None:
    """Neither texts nor titles nor names of tools; with the key all of it is there."""
    session = converse(kept)
    kept.sessions.rename(session, f"{WORD} title")
    assert not legible(kept)
    kept.sessions.close()
    assert not legible(kept)
    assert kept.sessions.find("legible t").title == f"{WORD} title"
    assert kept.sessions.history(session)[1].parts == (
        ReasoningPart(WORD, WORD),
        TextPart(f"{WORD} answer"),
        ToolCallPart("1", WORD, f'"{WORD}"'),
    )
    assert kept.sessions.any_sealed()


def test_what_was_plain_is_sealed_too(tmp_path: Path) -> None:
    """The next opening seals what is there, and leaves nothing of it in file, log or index."""
    kept = Kept(tmp_path / "conversations.db")
    session = converse(kept)
    assert legible(kept)
    assert not kept.sessions.any_sealed()
    kept.sessions.close()
    sealing = kept.open(seal=lambda: KEY)
    assert sealing.history(session)[1].text == f"{WORD} answer"
    assert not legible(kept)
    assert [hit.turn_id for hit in sealing.search(WORD)] == [2, 1]
    sealing.close()
    assert kept.notices == []


def test_what_is_sealed_can_be_read_while_nothing_new_is(kept: Kept) -> None:
    """With the setting off again, old and new are listed, read and searched together."""
    session = converse(kept)
    kept.sessions.close()
    both = kept.open(unseal=lambda: KEY)
    new = both.create()
    both.append(new, None, "user", [TextPart("legible again")])
    assert [each.title for each in both.recent()] == ["legible again", f"{WORD} question"]
    assert [hit.session for hit in both.search(WORD)] == [new, session, session]
    both.close()


def test_deleted_is_gone_from_the_disk(tmp_path: Path) -> None:
    """Of a plain conversation nothing stays, not even words in the index."""
    kept = Kept(tmp_path / "conversations.db")
    other = kept.conversation("another")
    session = converse(kept)
    kept.exchange(session, None, f"{WORD} number " * 5000)
    assert kept.sessions.delete(session)
    assert not legible(kept)
    assert kept.texts(other) == ["another", "re: another"]
    assert kept.query("INSERT INTO parts_index (parts_index) VALUES ('integrity-check')") == []
    kept.sessions.close()


def locked() -> bytes:
    """Be a key that is not to be had."""
    raise KeyringLocked("the keyring is locked")


@pytest.mark.parametrize(
    ("key", "kind"), [(locked, KeyringLocked), (lambda: OTHER, WrongKey), (None, WrongKey)]
)
def test_without_the_key_a_list_still_works(
    kept: Kept, key: Callable[[], bytes] | None, kind: type[StoreError]
) -> None:
    """Titles are not shown, what was asked for is an error, and it can be deleted."""
    converse(kept)
    session = converse(kept)
    asked: list[str] = []

    def counted() -> bytes:
        asked.append("key")
        assert key is not None
        return key()

    kept.sessions.close()
    shut = kept.open(unseal=counted if key else None)
    assert [each.title for each in shut.recent()] == [SEALED, SEALED]
    with pytest.raises(kind):
        shut.history(session)
    with pytest.raises(kind):
        shut.search(WORD)
    assert shut.delete(session)
    assert [each.title for each in shut.recent()] == [SEALED]
    assert len(asked) == (1 if key else 0)
    shut.close()


def test_a_key_that_is_not_to_be_had_stops_no_answer(tmp_path: Path) -> None:
    """Nothing is stored in its place in plain; one notice says so; the key is asked for once."""
    asked: list[str] = []

    def key() -> bytes:
        asked.append("key")
        return locked()

    kept = Kept(tmp_path / "conversations.db", seal=key)
    for _ in range(2):
        session = kept.sessions.create()
        assert kept.sessions.append(session, None, "user", [TextPart(WORD)]) is None
    assert kept.notices == ["this conversation is not saved from here on: the keyring is locked"]
    assert asked == ["key"]
    assert not legible(kept)
    kept.sessions.close()


def test_a_text_in_another_place_does_not_open(kept: Kept) -> None:
    """Who can write to the file cannot put one message in the place of another."""
    session = converse(kept)
    kept.sessions.close()
    kept.query(
        "UPDATE parts SET text = (SELECT text FROM parts WHERE turn_id = 1)"
        " WHERE turn_id = 2 AND kind = 'text'"
    )
    with pytest.raises(WrongKey):
        kept.sessions.history(session)


@pytest.mark.parametrize("cell", [b"", b"\x02" + bytes(40), b"\x01" + bytes(5)])
def test_a_cell_of_another_form_is_damaged(cell: bytes) -> None:
    """An unknown version, or too short for a nonce."""
    with pytest.raises(Corrupt):
        Cells(seal=lambda: KEY).read(cell, 1)


def test_each_seal_is_another_one() -> None:
    """The same text twice gives two cells; an empty one and half a pair are texts too."""
    cells = Cells(seal=lambda: KEY)
    assert cells.write("a", 1) != cells.write("a", 1)
    for text in ("", "a", "é🦊"):
        assert cells.read(cells.write(text, 1, "x"), 1, "x") == text
    with pytest.raises(WrongKey):
        cells.read(cells.write("a", 1, "12"), 11, "2")


# Keys of before


def test_an_older_key_opens_what_it_sealed(tmp_path: Path) -> None:
    """Only where the present one does not, and it is asked for then."""
    kept = Kept(tmp_path / "conversations.db", seal=lambda: KEY)
    session = converse(kept)
    kept.sessions.close()
    asked: list[int] = []

    def older() -> tuple[bytes, ...]:
        asked.append(1)
        return b"neither made up, of 32 bytes lon", KEY

    later = kept.open(seal=lambda: OTHER, older=older)
    again = later.append(session, later.find(session).head, "user", [TextPart("again")])
    assert again is not None
    assert [turn.text for turn in later.history(session)][-1] == "again"
    assert later.history(session)[0].text == f"{WORD} question"
    assert asked == [1]
    later.close()
    with pytest.raises(WrongKey):
        kept.open(seal=lambda: OTHER).history(session)


def test_what_older_keys_sealed_is_sealed_anew(tmp_path: Path) -> None:
    """Texts, data and titles, once; then the older key is needed no more."""
    kept = Kept(tmp_path / "conversations.db", seal=lambda: KEY)
    session = converse(kept)
    before = kept.sessions.history(session)
    kept.sessions.close()
    later = kept.open(seal=lambda: OTHER, older=lambda: (KEY,))
    assert later.reseal() > 2
    assert later.reseal() == 0
    later.close()
    alone = kept.open(seal=lambda: OTHER)
    assert alone.history(session) == before
    assert alone.recent()[0].title == f"{WORD} question"
    alone.close()
    assert kept.notices == []
    assert not legible(kept)


def test_what_no_key_opens_stays_as_it_is(tmp_path: Path) -> None:
    """It stops nothing, and the key may turn up one day."""
    kept = Kept(tmp_path / "conversations.db", seal=lambda: KEY)
    session = converse(kept)
    kept.sessions.close()
    later = kept.open(seal=lambda: OTHER)
    assert later.reseal() == 0
    later.close()
    assert kept.open(unseal=lambda: KEY).history(session)[0].text == f"{WORD} question"


def test_nothing_is_laid_open_by_sealing_anew(tmp_path: Path) -> None:
    """Where nothing is to be sealed, what is stays under its old key."""
    kept = Kept(tmp_path / "conversations.db", seal=lambda: KEY)
    converse(kept)
    kept.sessions.close()
    assert kept.open(unseal=lambda: OTHER, older=lambda: (KEY,)).reseal() == 0
    assert not legible(kept)
