"""The last look before a question with attachments is sent: the model, its window, the words on it.

Rule: what is sure to be refused is refused here, with the figures, and nothing is sent. An estimate
is said to be one.
"""

import hashlib
from base64 import b64decode
from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot_cli.attachments.attachment import Attachment, message, size
from copilot_cli.attachments.images import check_images
from copilot_cli.context import count, estimate, prompt_limit
from copilot_cli.errors import TooLongError
from copilot_cli.image_limits import image_limit
from copilot_cli.messages import ImagePart, Message, Part, Request
from copilot_cli.messages import message as said
from copilot_cli.ui.safe import safe_line

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat

_NAMED = 5  # attachments that are named one by one


def check(
    app: "App",
    chat: "Chat",
    endpoint: str | None,
    attached: Sequence[Attachment],
    asked: str | Sequence[Part],
) -> None:
    """Look at the question `asked`, with all that is `attached` in it, before `chat` sends it.

    `endpoint` answers, None for Copilot. The model's entry is read if nobody ever did. Raises
    `UsageError` for images that the model does not take, `TooLongError` for what does not fit.
    """
    info = app.catalogue.look_up(chat.model, endpoint)
    if info is not None:
        if chat.tokens[1] is None:
            chat.use_model(
                chat.model,
                window=prompt_limit(info),
                images=image_limit(info),
                efforts=info.reasoning,
            )
        check_images(attached, info, app.catalogue.known(endpoint))
    system = [said("system", chat.system)] if chat.system else []
    tokens, limit = estimate([*system, message(asked)]), chat.tokens[1]
    if limit is not None and tokens > limit:
        raise TooLongError(
            f"what goes along is too long for {chat.model}: about {count(tokens)} tokens, and it"
            f" takes {count(limit)}",
            hint=f"the largest: {_largest(attached)}",
            limit=limit,
        )


def told(attached: Sequence[Attachment]) -> str:
    """Return in words what goes along, and how much of a window it takes."""
    named = [f"{safe_line(each.name, 80)} ({each.size})" for each in attached]
    if len(named) > _NAMED:
        rest = attached[_NAMED - 1 :]
        more = f"{len(rest)} more ({size(sum(each.bytes for each in rest))})"
        named = [*named[: _NAMED - 1], more]
    return f"with {', '.join(named)}: about {count(sum(map(tokens_of, attached)))} tokens"


def tokens_of(attachment: Attachment) -> int:
    """Return about how many tokens one attachment is."""
    if attachment.image is not None:
        return estimate([Message("user", (attachment.image,))])
    return estimate([said("user", attachment.text)])


def shortened(request: Request) -> Request:
    """Return `request` as a person can read it: of each image its size and hash."""
    return request._replace(
        messages=[
            each._replace(parts=tuple(map(_readable, each.parts))) for each in request.messages
        ]
    )


def _readable(part: Part) -> Part:
    if not isinstance(part, ImagePart):
        return part
    data = b64decode(part.data)
    digest = hashlib.sha256(data).hexdigest()
    return part._replace(data=f"({len(data)} bytes, sha256 {digest})")


def _largest(attached: Sequence[Attachment]) -> str:
    ordered = sorted(attached, key=tokens_of, reverse=True)[:3]
    return ", ".join(
        f"{safe_line(each.name, 80)} (about {count(tokens_of(each))})" for each in ordered
    )
