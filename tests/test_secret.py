"""A secret keeps out of sight, and what looks like one is taken out of text."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.secret import Secret, names_github, redact, strip_newline, unsendable_position

TOKEN = "ghu_madeUpForTests0000000000000000000000"


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__, ascii])
def test_no_way_of_printing_shows_it(show: object) -> None:
    """Every way of turning it into text gives the same stars."""
    assert callable(show)
    assert show(Secret(TOKEN)) == "Secret(****)"


@pytest.mark.parametrize("move", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_it_does_not_travel(move: object) -> None:
    """What would carry it elsewhere is refused."""
    assert callable(move)
    with pytest.raises(TypeError):
        move(Secret(TOKEN))


def test_equal_secrets_are_equal_and_hash_alike() -> None:
    """It can be a key, and compared with what was refused."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a").reveal() == "a"


@pytest.mark.parametrize(
    ("value", "position"),
    [
        (TOKEN, None),
        ("short", 6),
        ("with space", 5),
        (TOKEN + "\n", len(TOKEN) + 1),
        ("ümlautümlaut", 1),
        ("x" * 1024, None),
        ("x" * 1025, 1025),
        ("", 1),
    ],
)
def test_where_a_token_cannot_be_sent(value: str, position: int | None) -> None:
    """The first character that no header takes is named by its place."""
    assert unsendable_position(value) == position


@pytest.mark.parametrize(
    ("value", "left"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("a\r", "a\r")]
)
def test_one_newline_at_the_end_is_taken_off(value: str, left: str) -> None:
    """A file's last newline is no part of a token; a second one is."""
    assert strip_newline(value) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {TOKEN} refused", "token **** refused"),
        ("gho_madeUp00000000000000", "****"),
        ("github_pat_madeUp0000000", "****"),
        ("ghx_not_one_of_theirs", "ghx_not_one_of_theirs"),
        ("tid=madeup;exp=1;sku=x:sig and more", "**** and more"),
        ("Authorization: token abcdefgh", "****"),
        ("authorization: Bearer abcdefgh", "****"),
        ("a Bearer abcdefghij here", "a **** here"),
        ("http://me:hunter2@proxy:80/", "http://****@proxy:80/"),
        ("?access_token=abc&x=1", "?access_token=****&x=1"),
    ],
)
def test_what_looks_like_a_credential_is_taken_out(text: str, left: str) -> None:
    """Each form in which a credential turns up in messages is recognised."""
    assert redact(text) == left


@given(st.text(), st.text())
def test_a_token_never_survives_in_any_text(before: str, after: str) -> None:
    """Whatever stands around it, the token is gone."""
    assert TOKEN not in redact(f"{before} {TOKEN} {after}")


def test_redacting_takes_time_in_proportion() -> None:
    """A text made to be matched from every place is done in one pass over it."""
    assert redact("://" + ":" * 200_000) == "://" + ":" * 200_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("ghu_madeUp", True, id="a token"),
        pytest.param("Bearer github_pat_madeUp", True, id="in a header"),
        pytest.param("exp=1;tid=madeUp:sig", True, id="Copilot's"),
        pytest.param("sk-madeUp0ghp_inside", False, id="within a word"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_token_of_github_is_known_by_its_beginning(text: str, *, found: bool) -> None:
    """Wherever it stands, but not within another word."""
    assert names_github(text) is found
