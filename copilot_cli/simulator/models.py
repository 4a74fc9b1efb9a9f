"""What a model of the simulator is: what is listed of it, and how it behaves."""

from __future__ import annotations

from typing import Any, NamedTuple

CHAT = "/chat/completions"
RESPONSES = "/responses"
MESSAGES = "/v1/messages"


class Model(NamedTuple):
    """One model: what is listed of it (`item`), and what answers (`answers`: docs, echo, tool …).

    `refuses` are the options it does not take: max_tokens, temperature, top_p, stop. One that is
    there `by_session` answers only who was given a session for it; `blocked`: its policy is not the
    person's to change; `retired`: it is listed, and gone; `moved`: where it can be asked, whatever
    the list says.
    """

    item: dict[str, Any]
    answers: str = "echo"
    refuses: frozenset[str] = frozenset()
    by_session: bool = False
    blocked: bool = False
    retired: bool = False
    moved: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id that a request names."""
        return str(self.item["id"])

    @property
    def family(self) -> dict[str, Any]:
        """The capabilities block; {} where the item has none."""
        return self.item.get("capabilities") or {}

    @property
    def endpoints(self) -> list[str]:
        """Where it can be asked; a model that names nothing can be asked on chat."""
        return list(self.moved) or list(self.item.get("supported_endpoints", [CHAT]))

    @property
    def streams(self) -> bool:
        """Whether a stream request is answered as a stream."""
        return bool(self.supports.get("streaming"))

    @property
    def supports(self) -> dict[str, Any]:
        """What it says it can do; {} where it says nothing."""
        found = self.family.get("supports")
        return found if isinstance(found, dict) else {}

    @property
    def efforts(self) -> tuple[str, ...]:
        """The levels of reasoning that it takes."""
        return tuple(self.supports.get("reasoning_effort", ()))

    @property
    def structured(self) -> bool:
        """Whether it keeps to a schema."""
        return bool(self.supports.get("structured_outputs"))

    @property
    def thinks(self) -> bool:
        """Whether it takes a budget for thinking, or finds one itself."""
        return bool({"adaptive_thinking", "max_thinking_budget"} & self.supports.keys())

    @property
    def reasons(self) -> bool:
        """Whether it reasons unasked."""
        return bool(self.efforts)

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans that have it, as the list names them; empty where all have."""
        return tuple(self.item.get("billing", {}).get("restricted_to", ()))

    @property
    def max_output(self) -> int | None:
        """The most tokens that it answers; None where the item does not say."""
        limit = self.family.get("limits", {}).get("max_output_tokens")
        return limit if isinstance(limit, int) else None

    @property
    def max_prompt(self) -> int | None:
        """The most prompt tokens it takes; None where the item does not say."""
        limit = self.family.get("limits", {}).get("max_prompt_tokens")
        return limit if isinstance(limit, int) else None
