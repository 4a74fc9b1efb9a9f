"""Plays the transcripts of whole sessions; see `transcripts.py` for their form."""

from pathlib import Path

import pytest

from tests.transcripts import Session

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.txt"))


@pytest.mark.real
@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_the_session_goes_as_written(path: Path, tmp_path: Path) -> None:
    """Every command of the transcript prints, exits and asks the service as it says."""
    Session(tmp_path / "home").play(path)
