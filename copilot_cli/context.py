"""How much of a conversation a model takes: an estimate, and what is left out where it is too much.

The estimate is a rule of thumb and says so: a token is four bytes of UTF-8, which holds for English
prose within a fifth, and every message and the reply to come cost a few more. The service's own
count of the last turn corrects it (`Scale`), so what is wrong about the rule is wrong about one
turn at most.

What is left out: the oldest turns, whole, as many as it takes. A turn is a person's message and all
that followed it, so that no tool result is ever without its call and no conversation begins with an
answer. System messages and the last turn stay, whatever their size, and no message is ever cut.
Where the window is not known nothing is left out, until the service has refused.
"""

import math
from collections.abc import Iterator, Sequence

from copilot_cli.errors import TooLongError
from copilot_cli.image_limits import images_left_out, with_images
from copilot_cli.messages import (
    ImagePart,
    Message,
    ModelInfo,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Usage,
    message,
)
from copilot_cli.values import NamedTuple

RESERVE = 3
"""Tokens of a window that are never used (microsoft/vscode-copilot-chat holds back as many)."""

BYTES_PER_TOKEN = 4
PER_MESSAGE = 4  # role and delimiters; with PER_REPLY as OpenAI's cookbook counts them
PER_REPLY = 3

PER_IMAGE = 1600
"""About what an image takes: the most that Anthropic counts, and twice what OpenAI does for most.

Their own rules go by its size in pixels, which nothing here knows.
"""

PER_IMAGE_LOW = 85  # the detail `low` with OpenAI's models

ROOM_LEFT = 0.75
"""How much of the window is used once something has to be left out.

The rest is for the turns to come: what is left out stays the same for some of them, so that the
service's prompt cache is of use, and the person hears of it once and not at every turn.
"""

AFTER_REFUSAL = 0.6
"""How much of the limit is used after the service has refused the request as too long."""

_ENOUGH = 256  # estimated tokens from which on a ratio says something
_RATIOS = (0.25, 4.0)


class Scale(NamedTuple):
    """What the service counts for an estimate: `overhead + ratio * estimate`."""

    ratio: float = 1.0
    overhead: float = 0.0

    def tokens(self, estimated: int) -> int:
        """Return the tokens that the service is expected to count."""
        return max(0, round(self.overhead + self.ratio * estimated))


class Fitted(NamedTuple):
    """A conversation that fits, as far as that was possible; `left_out` counts turns.

    `images_left_out` counts the images that are not sent with the turns that are.
    """

    messages: Sequence[Message]
    left_out: int
    tokens: int
    images_left_out: int = 0


def estimate(messages: Sequence[Message]) -> int:
    """Return about how many tokens `messages` are, by the rule of thumb alone."""
    return PER_REPLY + sum(map(_weight, messages))


def calibrated(messages: Sequence[Message], counted: int) -> Scale:
    """Return the scale by which `messages` are the `counted` tokens that the service says.

    Of a short text the difference is taken for something the service adds to every request, since
    a ratio of small numbers says nothing; so is what would make an absurd ratio.
    """
    estimated = estimate(messages)
    ratio = 1.0
    if estimated >= _ENOUGH:
        least, most = _RATIOS
        ratio = min(max(counted / estimated, least), most)
    return Scale(ratio, counted - ratio * estimated)


def fit(
    messages: Sequence[Message],
    limit: int,
    *,
    scale: Scale | None = None,
    keep: int = 1,
    aim: int | None = None,
) -> Fitted:
    """Return `messages` without as many of the oldest turns as it takes to be at most `limit`.

    `limit` is in tokens as `scale` counts them; where it is exceeded, `aim` is what to come down to
    (None: the limit). The last `keep` turns stay, so what is returned is beyond the limit where
    they alone are.
    """
    scale = scale or Scale()
    turns = _turns(messages)
    weights = [_weight(each) for each in messages]
    total = PER_REPLY + sum(weights)
    of_turn = [0] * (max(turns, default=-1) + 1)
    for turn, weight in zip(turns, weights, strict=True):
        if turn >= 0:
            of_turn[turn] += weight
    left_out = 0
    if aim is not None and scale.tokens(total) > limit:
        limit = aim
    while scale.tokens(total) > limit and left_out < len(of_turn) - keep:
        total -= of_turn[left_out]
        left_out += 1
    kept = [each for turn, each in zip(turns, messages, strict=True) if not 0 <= turn < left_out]
    return Fitted(kept, left_out, scale.tokens(total))


def divide(messages: Sequence[Message], keep: int) -> tuple[list[Message], list[Message]]:
    """Return the messages before the last `keep` turns, and those turns.

    The first are empty where there is no whole turn among them.
    """
    turns = _turns(messages)
    first_kept = max(turns, default=-1) + 1 - keep
    if first_kept <= 0:
        return [], list(messages)
    old = [each for turn, each in zip(turns, messages, strict=True) if turn < first_kept]
    return old, [each for turn, each in zip(turns, messages, strict=True) if turn >= first_kept]


def prompt_limit(model: ModelInfo) -> int | None:
    """Return how many tokens of prompt `model` takes, None where its entry does not tell.

    Where only the whole window is told it is that, less the longest answer if that is known: beyond
    it a prompt is sure to be refused, and nothing is guessed.
    """
    if model.prompt_tokens is not None:
        return model.prompt_tokens
    if model.context_tokens is None:
        return None
    rest = model.context_tokens - (model.output_tokens or 0)
    return rest if rest > 0 else model.context_tokens


def summary(text: str) -> Message:
    """Return the message that stands for the turns that `text` sums up."""
    return message("system", f"Summary of the conversation so far:\n{text}")


def count(tokens: int) -> str:
    """Return a number of tokens as people write it: `812`, `1.2k`, `128k`, `1M`."""
    for unit, name in ((1_000_000, "M"), (1000, "k")):
        if tokens >= unit * 0.9995:
            figure = f"{tokens / unit:.1f}" if tokens < unit * 9.95 else f"{tokens / unit:.0f}"
            return figure.removesuffix(".0") + name
    return str(tokens)


class Window:
    """What one conversation has learned of its model's window; `limit` None: nothing yet.

    `left_out` is how many of the oldest turns its requests do without, `images_left_out` how many
    images; `images` is how many the model takes, None where that is not known.
    """

    def __init__(
        self, limit: int | None = None, scale: Scale | None = None, images: int | None = None
    ) -> None:
        self.limit = limit
        self.left_out = 0
        self.images = images
        self.images_left_out = 0
        self.scale = scale
        """How the service counts; None before its first word on it."""

    def tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of `messages` less what is left out; of none it is 0."""
        carried = _without(messages, self.left_out)
        return (self.scale or Scale()).tokens(estimate(carried)) if carried else 0

    def fit(self, messages: Sequence[Message], *, keep: int = 1) -> Fitted:
        """Return what to send: what is left out already stays out, and more where it has to."""
        scale = self.scale or Scale()
        rest, images = with_images(_without(messages, self.left_out), self.images)
        if self.limit is None:
            return Fitted(rest, self.left_out, scale.tokens(estimate(rest)), images)
        aim = int(self.limit * ROOM_LEFT)
        fitted = fit(rest, self.limit - RESERVE, scale=scale, keep=keep, aim=aim)
        return fitted._replace(left_out=self.left_out + fitted.left_out, images_left_out=images)

    def refused(
        self, messages: Sequence[Message], sent: Fitted, error: TooLongError, *, keep: int = 1
    ) -> Fitted | None:
        """Learn from the refusal of `sent`; return less of `messages`, None if there is no less.

        What the service says of the limit and of its count is believed. Less is 60 % of the limit,
        or of what was sent where that should have fitted: then limit or estimate were wrong.
        """
        if error.limit is not None:
            self.limit = error.limit
        if error.counted is not None:
            self.scale = calibrated(sent.messages, error.counted)
        scale = self.scale or Scale()
        tokens = scale.tokens(estimate(sent.messages))
        limit = tokens if self.limit is None else min(self.limit, tokens)
        rest, images = with_images(messages, self.images)
        fitted = fit(rest, int(limit * AFTER_REFUSAL), scale=scale, keep=keep)
        if fitted.left_out <= sent.left_out:
            return None
        return fitted._replace(images_left_out=images)

    def news(self, fitted: Fitted, model: str) -> Iterator[str]:
        """Yield what is to be said of a request that carries less than the one before."""
        if fitted.left_out > self.left_out:
            self.left_out = fitted.left_out
            yield _left_out(fitted.left_out, model, self.limit)
        if fitted.images_left_out > self.images_left_out:
            self.images_left_out = fitted.images_left_out
            yield images_left_out(fitted.images_left_out, model, self.images)

    def counted(self, sent: Sequence[Message], answer: Message | None, usage: Usage) -> None:
        """Learn from what the service counted for `sent` and the `answer` to it.

        Reasoning is part of the answer's count, and not of what the next request carries.
        """
        if not usage.input_tokens or usage.input_tokens < 0:
            return
        total, messages = usage.input_tokens, list(sent)
        if answer is not None and usage.output_tokens is not None:
            total += max(0, usage.output_tokens - (usage.reasoning_tokens or 0))
            messages.append(answer)
        self.scale = calibrated(messages, total)


def _without(messages: Sequence[Message], turns: int) -> Sequence[Message]:
    if not turns:
        return messages
    numbers = _turns(messages)
    return [each for turn, each in zip(numbers, messages, strict=True) if not 0 <= turn < turns]


def _turns(messages: Sequence[Message]) -> list[int]:
    """Return the number of the turn that each message belongs to; -1 for the system's.

    What stands before the first message of the person belongs to the first turn.
    """
    numbers: list[int] = []
    asked = 0
    for role, parts in messages:
        if role == "system":
            numbers.append(-1)
            continue
        if role == "user" and not any(isinstance(part, ToolResultPart) for part in parts):
            asked += 1
        numbers.append(max(asked - 1, 0))
    return numbers


def _weight(of: Message) -> int:
    """Return the estimated tokens of one message; reasoning is never sent, and weighs nothing."""
    size = images = 0
    for part in of.parts:
        match part:
            case TextPart(text):
                size += _bytes(text)
            case ToolCallPart(_, name, arguments):
                size += _bytes(name) + _bytes(arguments)
            case ToolResultPart(_, output, _):
                size += _bytes(output)
            case ImagePart(_, _, detail):
                images += PER_IMAGE_LOW if detail == "low" else PER_IMAGE
            case _:
                pass
    return PER_MESSAGE + images + math.ceil(size / BYTES_PER_TOKEN)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _left_out(turns: int, model: str, window: int | None) -> str:
    which = "the oldest turn was" if turns == 1 else f"the {turns} oldest turns were"
    size = "" if window is None else f" {count(window)}"
    return f"{which} left out: the conversation no longer fits {model}'s{size} window"
