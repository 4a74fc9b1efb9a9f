"""Images and the model that is to see them: what it takes, said before anything is sent.

Rule: what a model does not say of itself is left to the service.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from copilot_cli.attachments.attachment import Attachment, size
from copilot_cli.errors import UsageError
from copilot_cli.image_limits import takes_images

if TYPE_CHECKING:
    from copilot_cli.messages import ModelInfo

_NAMED = 5  # models that are named instead


def check_images(
    attached: Sequence[Attachment], model: "ModelInfo", others: Iterable["ModelInfo"]
) -> None:
    """Raise `UsageError` where `model` does not take the images among `attached`.

    `others` are the models that could be chosen instead.
    """
    images = [each for each in attached if each.image is not None]
    if not images:
        return
    if not takes_images(model):
        able = [each.id for each in others if each.disabled is None and each.vision]
        hint = f"these do: {', '.join(able[:_NAMED])}; choose one with -m" if able else None
        raise UsageError(f"{model.id} takes no images", hint=hint)
    for each in images:
        _check(each, model)
    if model.image_count is not None and len(images) > model.image_count:
        most = "one image" if model.image_count == 1 else f"{model.image_count} images"
        raise UsageError(f"{model.id} takes {most} with a question, and here are {len(images)}")


def _check(attachment: Attachment, model: "ModelInfo") -> None:
    assert attachment.image is not None
    types = model.image_types
    if types and attachment.image.media_type not in types:
        taken = ", ".join(each.removeprefix("image/").upper() for each in types)
        raise UsageError(
            f"{attachment.name} is {attachment.size}; {model.id} takes images as {taken}"
        )
    if model.image_bytes is not None and attachment.bytes > model.image_bytes:
        raise UsageError(
            f"{attachment.name} is {attachment.size}; {model.id} takes images of at most"
            f" {size(model.image_bytes)}",
            hint="make it smaller: most of an image's pixels say nothing to a model",
        )
