"""Images are known by their first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.image_types import TYPES, image_type
from tests.pictures_made import GIF, JPEG, PNG, WEBP


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (b"GIF87a....", "image/gif"),
        (WEBP, "image/webp"),
        (b"", None),
        (b"\x89PNG", None),
        (b"\x89PNG\n\n\x1a\n", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"RIFFWEBP", None),
        (b"BM......", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"\xff\xd8", None),
        (b" " + PNG, None),
    ],
)
def test_what_it_is(data: bytes, media_type: str | None) -> None:
    """Four types and no others; a name says nothing."""
    assert image_type(data) == media_type


@given(st.binary(max_size=64))
def test_anything_has_one_answer(data: bytes) -> None:
    """A type that is known, or none; what follows the head changes nothing."""
    found = image_type(data)
    assert found is None or found in TYPES
    if len(data) >= 12:
        assert image_type(data + b"more") == found
