"""The values that travel: messages and their parts, requests, events, usage, models. No behaviour.

They are NamedTuples because the path to the first byte of an answer imports them all, and thirty
NamedTuples cost a quarter of what thirty dataclasses cost. Token counts are tokens, durations are
seconds; `None` means that the service did not say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from copilot_cli.values import NamedTuple

AUTO = "auto"
"""The name of no model: with it the service is asked to choose one."""

AUTO_MEANS = "the service chooses, where it offers that"
"""What is said of it where one chooses: whether it is offered is known once it was asked."""

Role = Literal["system", "user", "assistant", "tool"]
Initiator = Literal["user", "agent"]


class TextPart(NamedTuple):
    """Text of a message."""

    text: str


class ImagePart(NamedTuple):
    """An image: its media type, its bytes in base64, and how closely the model is to look at it."""

    media_type: str
    data: str
    detail: Literal["low", "high", "auto"] | None = None


class ReasoningPart(NamedTuple):
    """What a model thought aloud; `opaque` is the provider's own form of it, echoed as it came.

    `opaque` is JSON text that only the wire named `wire` can read, and good only for the credential
    and the model that it came from.
    """

    text: str
    opaque: str | None = None
    wire: str | None = None


class ToolCallPart(NamedTuple):
    """A tool the model asks for; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


class ToolResultPart(NamedTuple):
    """What a tool gave back for the call with the id `call_id`."""

    call_id: str
    output: str
    error: bool = False


Part = TextPart | ImagePart | ReasoningPart | ToolCallPart | ToolResultPart


class Message(NamedTuple):
    """One message of a conversation."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The message's text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


def message(role: Role, text: str) -> Message:
    """Return a message of one text part."""
    return Message(role, (TextPart(text),))


def spoken(parts: Sequence[Part]) -> list[Message]:
    """Return the messages that the parts of one answer are: the assistant's, and the tools'.

    A call that got no result is left out, since no service takes it; so is what has no word in it.
    """
    answered = {part.call_id for part in parts if isinstance(part, ToolResultPart)}
    messages: list[Message] = []
    for part in parts:
        if isinstance(part, ToolCallPart) and part.id not in answered:
            continue
        role: Role = "tool" if isinstance(part, ToolResultPart) else "assistant"
        if messages and messages[-1].role == role:
            messages[-1] = Message(role, (*messages[-1].parts, part))
        else:
            messages.append(Message(role, (part,)))
    return [each for each in messages if _says(each)]


def _says(each: Message) -> bool:
    called = (ToolCallPart, ToolResultPart)
    return bool(each.text.strip()) or any(isinstance(part, called) for part in each.parts)


class ToolSpec(NamedTuple):
    """A tool that the model may ask for; `parameters` is the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class Schema(NamedTuple):
    """The form an answer is to have: a JSON Schema, and the name it goes by on the wire."""

    name: str
    schema: Mapping[str, Any]


class Request(NamedTuple):
    """What an engine is asked: a model, the whole conversation, and who started the turn.

    `initiator` is `user` for what a person sent and `agent` for what the program sent by itself;
    a resend keeps its first value. `request_id` is new for each request (a UUID). `effort` is one
    of the model's own levels of reasoning, None for its default. `temperature` is from 0 to 2, None
    for the model's own; some models refuse it. `max_output` is in tokens, None for no cap; `stop`
    are texts that end the answer. `schema` goes out only where the model's structured outputs are
    wanted. `tool_choice` `none` keeps the model from asking for one of `tools`.
    """

    model: str
    messages: Sequence[Message]
    stream: bool = True
    initiator: Initiator = "user"
    request_id: str = ""
    effort: str | None = None
    temperature: float | None = None
    max_output: int | None = None
    stop: tuple[str, ...] = ()
    schema: Schema | None = None
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: Literal["auto", "none"] = "auto"


class Usage(NamedTuple):
    """Tokens of one answer, as the service counted them."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class Cost(NamedTuple):
    """What an answer was billed: `amount` in `unit` (`credits`, 1 credit = 0.01 USD)."""

    amount: float
    unit: str


class QuotaSnapshot(NamedTuple):
    """What one reply header said of a quota: `remaining` is a percentage, `entitlement` a count."""

    name: str
    entitlement: float | None
    remaining_percent: float | None
    overage: float | None
    overage_permitted: bool | None
    resets: str | None


class Text(NamedTuple):
    """The next piece of the answer."""

    text: str


class Reasoning(NamedTuple):
    """The next piece of the model's reasoning."""

    text: str


class SealedReasoning(NamedTuple):
    """The provider's own form of the reasoning so far: see `ReasoningPart`."""

    opaque: str
    wire: str


class ToolCall(NamedTuple):
    """A whole tool call; `executed` says that the engine ran it itself."""

    id: str
    name: str
    arguments: str
    executed: bool = False


class UsageReport(NamedTuple):
    """What the answer used and, where the service says so, cost."""

    usage: Usage
    cost: Cost | None = None


class Notice(NamedTuple):
    """Something the person should know: one line, on stderr."""

    message: str


class Waiting(NamedTuple):
    """The request is going to be sent again in `seconds`, because of `reason`."""

    seconds: float
    reason: str


class Switched(NamedTuple):
    """Another model or engine answers from here on; nothing was shown yet.

    `said` is what the person is told of it: one line, with the reason.
    """

    engine: str
    model: str
    said: str


class ToolResult(NamedTuple):
    """What a tool gave back for the call with this id; `error`: why there is nothing better."""

    id: str
    name: str
    output: str
    error: bool = False


class Started(NamedTuple):
    """The service accepted the request; its own name of model and request, where given."""

    model: str | None
    request_id: str | None
    quotas: tuple[QuotaSnapshot, ...] = ()


class End(NamedTuple):
    """The last event. `complete` is true only after the wire's own terminal event.

    `reason` is the wire's finish reason (`stop`, `length`, `tool_calls`, `content_filter`), or our
    word for why there was none: `cut`, `stalled`, `error`, `interrupted`. `detail` says more.
    `resend` is false where a tool call had begun: such a request is never sent again.
    """

    reason: str
    complete: bool
    detail: str | None = None
    resend: bool = True


Event = (
    Started
    | Text
    | Reasoning
    | SealedReasoning
    | ToolCall
    | ToolResult
    | UsageReport
    | Notice
    | Waiting
    | Switched
    | End
)


State = Literal["complete", "incomplete", "interrupted", "failed"]


class Outcome(NamedTuple):
    """How a turn ended: what is written down beside its text.

    A turn that `failed` has no answer at all; the seconds are from the request on. `quotas` are
    what the reply's headers said is left, `instead` who answered if it was not who was asked.
    """

    state: State
    finish_reason: str | None
    usage: Usage
    cost: Cost | None
    request_id: str | None
    first_token: float | None
    total: float
    quotas: tuple[QuotaSnapshot, ...] = ()
    instead: Switched | None = None


class ModelInfo(NamedTuple):
    """One model of the list; `disabled` says why it cannot be used, None that it can.

    `policy` is the state of the consent that it wants (`enabled`, `disabled`, `unconfigured`), None
    where it wants none, `terms` what is consented to, `page` where that can be changed. `thinking`
    is the range of its thinking budget in tokens. `endpoint` names whose list it is on: None is
    Copilot's. `plans` are those that have it, empty where all do; `warnings` are the service's own
    words. `image_bytes` and `image_count` bound the images of one request, `image_types` are their
    media types, empty where it does not say.
    """

    id: str
    name: str
    vendor: str | None
    family: str | None
    type: str | None
    preview: bool
    picker: bool
    chat_default: bool
    chat_fallback: bool
    context_tokens: int | None
    prompt_tokens: int | None
    output_tokens: int | None
    endpoints: tuple[str, ...]
    streaming: bool | None
    tools: bool | None
    vision: bool | None
    reasoning: tuple[str, ...]
    multiplier: float | None
    premium: bool | None
    prices: dict[str, Any] | None
    disabled: str | None
    structured: bool | None = None
    parallel_tools: bool | None = None
    adaptive_thinking: bool | None = None
    thinking: tuple[int, int] | None = None
    policy: str | None = None
    terms: str | None = None
    page: str | None = None
    endpoint: str | None = None
    plans: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    image_bytes: int | None = None
    image_count: int | None = None
    image_types: tuple[str, ...] = ()
