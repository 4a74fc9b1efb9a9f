"""How many images of a conversation go out."""

import pytest

from copilot_cli.context import PER_IMAGE, PER_IMAGE_LOW, Window, estimate
from copilot_cli.engines.models import parse_model
from copilot_cli.image_limits import NOT_SENT, image_limit, takes_images, with_images
from copilot_cli.messages import ImagePart, Message, ModelInfo, TextPart, message

IMAGE = ImagePart("image/png", "AAAA")
TALK = [
    Message("user", (TextPart("a"), IMAGE, TextPart("b"))),
    message("assistant", "c"),
    Message("user", (IMAGE, IMAGE._replace(detail="low"), TextPart("d"))),
]


def model(
    *, vision: bool | None, count: int | None = None, endpoint: str | None = None
) -> ModelInfo:
    return parse_model({"id": "m"})._replace(vision=vision, image_count=count, endpoint=endpoint)


@pytest.mark.parametrize(
    ("info", "most"),
    [
        (model(vision=True), None),
        (model(vision=True, count=5), 5),
        (model(vision=None), 0),
        (model(vision=False), 0),
        (model(vision=None, endpoint="mine"), None),
        (model(vision=False, endpoint="mine"), 0),
    ],
)
def test_what_a_model_takes(info: ModelInfo, most: int | None) -> None:
    """Copilot's list names vision only where there is some; other lists mostly do not."""
    assert image_limit(info) == most
    assert takes_images(info) == (most != 0)


@pytest.mark.parametrize(("most", "left_out"), [(None, 0), (3, 0), (9, 0), (2, 1), (1, 2), (0, 3)])
def test_the_newest_go_out(most: int | None, left_out: int) -> None:
    """In the place of each other stands that it does not; every other part is as it was."""
    messages, count = with_images(TALK, most)
    assert count == left_out
    parts = [part for each in messages for part in each.parts]
    images = [number for number, part in enumerate(parts) if isinstance(part, ImagePart)]
    assert images == [1, 4, 5][left_out:]
    gone = [number for number, part in enumerate(parts) if part == TextPart(NOT_SENT)]
    assert gone == [1, 4, 5][:left_out]
    assert [each.role for each in messages] == ["user", "assistant", "user"]
    assert [
        part.text for part in parts if isinstance(part, TextPart) and part.text != NOT_SENT
    ] == [*"abcd"]


def test_a_conversation_without_images_is_not_touched() -> None:
    """Nor copied."""
    talk = [message("user", "a")]
    assert with_images(talk, 0)[0] is talk


def test_an_image_weighs_something() -> None:
    """About what the dearest service counts; with little detail, little."""
    words = [message("user", "d")]
    high = [Message("user", (IMAGE, TextPart("d")))]
    low = [Message("user", (IMAGE._replace(detail="low"), TextPart("d")))]
    assert estimate(high) - estimate(words) == PER_IMAGE
    assert estimate(low) - estimate(words) == PER_IMAGE_LOW


def test_images_are_left_out_with_their_turn_where_the_window_is_short() -> None:
    """They count against it."""
    window = Window(PER_IMAGE * 2, images=3)
    fitted = window.fit(TALK)
    assert (fitted.left_out, list(fitted.messages)) == (1, TALK[2:])
    assert [*window.news(fitted, "m")] == [
        "the oldest turn was left out: the conversation no longer fits m's 3.2k window"
    ]


def test_what_is_left_out_is_said_once() -> None:
    """And once more when there is more of it."""
    window = Window(images=1)
    first = window.fit(TALK)
    assert [*window.news(first, "m")] == ["2 images are not sent any more: m takes 1 at a time"]
    assert [*window.news(first, "m")] == []
    more = window.fit([*TALK, Message("user", (IMAGE,))])
    assert [*window.news(more, "m")] == ["3 images are not sent any more: m takes 1 at a time"]
