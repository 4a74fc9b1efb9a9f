"""How many images a model takes in one request, and a conversation that has more of them.

Rule: the newest go out; in the place of each of the others stands that it is not sent any more, and
what is stored keeps them all.
"""

from collections.abc import Sequence

from copilot_cli.messages import ImagePart, Message, ModelInfo, Part, TextPart

NOT_SENT = "[This image is not sent any more.]\n\n"
"""What stands in the place of an image that is left out."""


def takes_images(model: ModelInfo) -> bool:
    """Say whether `model` takes images, as far as its entry tells.

    Copilot's list names vision only where there is some; other lists mostly say nothing at all.
    """
    return model.vision is True or (model.vision is None and model.endpoint is not None)


def image_limit(model: ModelInfo) -> int | None:
    """Return how many images `model` takes in one request, None where its entry does not tell."""
    return model.image_count if takes_images(model) else 0


def with_images(messages: Sequence[Message], most: int | None) -> tuple[Sequence[Message], int]:
    """Return `messages` with their `most` last images (None: all), and how many are left out."""
    images = sum(isinstance(part, ImagePart) for each in messages for part in each.parts)
    left_out = 0 if most is None else max(0, images - most)
    if not left_out:
        return messages, 0
    rest = left_out
    shorter: list[Message] = []
    for role, parts in messages:
        kept: list[Part] = []
        for part in parts:
            gone = isinstance(part, ImagePart) and rest > 0
            rest -= gone
            kept.append(TextPart(NOT_SENT) if gone else part)
        shorter.append(Message(role, tuple(kept)))
    return shorter, left_out


def images_left_out(images: int, model: str, most: int | None) -> str:
    """Return what is said of `images` that `model`, which takes `most`, does not get."""
    which = "an image is" if images == 1 else f"{images} images are"
    takes = "takes no images" if not most else f"takes {most} at a time"
    return f"{which} not sent any more: {model} {takes}"
