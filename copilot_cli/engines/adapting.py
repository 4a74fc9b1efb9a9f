"""A request that was refused, written otherwise: what a refusal names is left out, and only that.

Pure: a refusal and what was sent go in, what to do differently comes out. Sending again, and
remembering it, is `answering.py`. Sources: protocol notes of microsoft/vscode-copilot-chat (codes),
opencode and zed (other endpoint), OpenAI's, Anthropic's and vLLM's own wording of refused fields.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from copilot_cli.engines.refusal import Refusal
from copilot_cli.messages import Message, ModelInfo, ReasoningPart, Request, TextPart
from copilot_cli.patterns import pattern
from copilot_cli.wires.table import CHAT, MESSAGES, NEWER_CAP, RESPONSES

WRONG_WIRE = "unsupported_api_for_model"


class Parameter(NamedTuple):
    """Something a model may refuse: its name for the person, and what it is on the wires.

    `field` is what it is of a `Request`, None for what a wire adds by itself; `keys` are the fields
    of the body that hold it, on whatever wire, the inner ones with a dot and first. A refusal may
    name them, or their parts behind a further dot.
    """

    name: str
    field: str | None
    keys: tuple[str, ...]
    empty: object = None


PARAMETERS = (
    Parameter("temperature", "temperature", ("temperature",)),
    Parameter("top_p", None, ("top_p",)),
    Parameter("max-output", "max_output", (NEWER_CAP, "max_tokens", "max_output_tokens")),
    Parameter("stop", "stop", ("stop", "stop_sequences"), ()),
    Parameter(
        "schema", "schema", ("output_config.format", "text.format", "response_format", "text")
    ),
    Parameter(
        "effort",
        "effort",
        ("output_config.effort", "reasoning_effort", "reasoning", "thinking", "output_config"),
    ),
    Parameter("stream_options", None, ("stream_options",)),
    Parameter("include", None, ("include",)),
    Parameter("parallel_tool_calls", None, ("parallel_tool_calls",)),
)
_ORDER = (RESPONSES.path, CHAT.path, MESSAGES.path)
_NEEDED = frozenset({(MESSAGES.path, "max_tokens")})  # Anthropic's API takes no request without it

_SURE_CODES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_LIKELY_CODES = _SURE_CODES | {
    "invalid_request_body", "invalid_request_error", "invalid_value", "bad_request", "",
    "BadRequestError", "400", "422", "extra_forbidden",
}  # fmt: skip
_REFUSING = pattern(
    r"(?i)unsupported|not supported|does(?:n't| not) support|unrecogni[sz]ed|unknown|unexpected"
    r"|not permitted|not allowed|not enabled|extra inputs|deprecated|may only be|only the default"
    r"|incompatible"
)
_SYSTEM = pattern(
    r"(?i)[\"'`](?:system|developer)[\"'`]"
    r"|\b(?:system|developer) (?:role|message|prompt|instruction)s?\b"
)
_UNREADABLE = (
    "does not belong to this connection",
    "could not be decrypted or verified",
    "encrypted content could not be",
)


def other_wire(
    refusal: Refusal, refused: str, model: ModelInfo | None, spoken: Iterable[str]
) -> str | None:
    """Return the endpoint to ask in place of `refused`; None unless `refusal` calls for another.

    An endpoint that the message names counts, unless it is the one that was asked: some messages
    name the right one, some the wrong one. Then what the model lists, then what there is.
    """
    if refusal.code.partition(":")[0] != WRONG_WIRE:
        return None
    others = [path for path in _ORDER if path in spoken and path != refused]
    named = [path for path in others if path in refusal.text]
    listed = [path for path in others if model and path in model.endpoints]
    return next(iter([*named, *listed, *others]), None)


def refused_parameter(
    refusal: Refusal, body: Mapping[str, Any], path: str
) -> tuple[str, str] | None:
    """Return the name of what the model does not take, and the key of `body` that holds it.

    Only a field that was sent counts, so that a word of the message does not pass for one.
    """
    if refusal.status not in {400, 422} or refusal.code not in _LIKELY_CODES:
        return None
    refusing = refusal.code in _SURE_CODES or _REFUSING.search(refusal.text)
    for parameter in PARAMETERS:
        for key in parameter.keys:
            if not _holds(body, key) or (path, key) in _NEEDED:
                continue
            if _is_of(refusal.param, key) or (refusing and _names(refusal.text, key)):
                return parameter.name, key
    return None


def _holds(body: Mapping[str, Any], key: str) -> bool:
    outer, dot, inner = key.partition(".")
    held = body.get(outer)
    return isinstance(held, Mapping) and inner in held if dot else outer in body


def _is_of(named: str, key: str) -> bool:
    """Say whether the field `named` is `key`, or a part of it."""
    return named == key or named.startswith(f"{key}.")


def _names(text: str, key: str) -> bool:
    """Say whether `text` names the field `key`, or a part of it.

    A key of one word is a word of the language too (`stop`, `text`, `reasoning`): it counts where
    it is quoted, in front of a colon, or called a parameter.
    """
    field = rf"{key.replace('.', '[.]')}(?:\.\w+)*"
    if "_" in key or key == "temperature":
        return pattern(rf"(?<![\w.]){field}(?!\w)").search(text) is not None
    named = rf"[\"'`]{field}[\"'`]|^{field}:|(?:parameter|argument|field)s?:? {field}\b"
    return pattern(named).search(text) is not None


def without_fields(request: Request, untaken: Set[str]) -> Request:
    """Return `request` without what the body's keys `untaken` hold.

    The newer name of a cap is no reason to leave the cap out: it goes out under its older one.
    """
    emptied = {
        parameter.field: parameter.empty
        for parameter in PARAMETERS
        if parameter.field and untaken & (set(parameter.keys) - {NEWER_CAP})
    }
    return request._replace(**emptied)  # type: ignore[arg-type]


def unreadable_reasoning(refusal: Refusal) -> bool:
    """Say whether the service cannot read the sealed reasoning that was sent back to it.

    It is good for the credential and host that it came from (opencode#31236).
    """
    text = refusal.text.lower()
    return any(sign in text for sign in _UNREADABLE)


def without_reasoning(messages: Sequence[Message]) -> list[Message] | None:
    """Return `messages` without any reasoning; None where there is none to leave out."""
    if not any(isinstance(part, ReasoningPart) for each in messages for part in each.parts):
        return None
    left = (
        each._replace(parts=tuple(p for p in each.parts if not isinstance(p, ReasoningPart)))
        for each in messages
    )
    return [each for each in left if each.parts]


def refuses_instructions(refusal: Refusal) -> bool:
    """Say whether the model takes no message of the role `system`, as o1 and Gemma do not.

    OpenAI: "'messages[0].role' does not support 'system'"; Google: "Developer instruction is not
    enabled".
    """
    if refusal.status not in {400, 422} or refusal.code not in _LIKELY_CODES:
        return False
    return bool(_SYSTEM.search(refusal.text) and _REFUSING.search(refusal.text))


def without_instructions(messages: Sequence[Message]) -> list[Message] | None:
    """Return `messages` with what is said by `system` in front of the first thing a person said.

    None where there are no instructions, or nobody to say them.
    """
    said = "\n\n".join(each.text for each in messages if each.role == "system")
    left = [each for each in messages if each.role != "system"]
    first = next((at for at, each in enumerate(left) if each.role == "user"), None)
    if not said.strip() or first is None:
        return None
    left[first] = left[first]._replace(parts=(TextPart(f"{said}\n\n"), *left[first].parts))
    return left
