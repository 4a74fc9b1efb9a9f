"""What rendering an answer while it comes costs, against rich rendering the finished text once.

Run it as `python -m tests.bench.render`. The text comes in deltas of 20 characters, each of which
is on the screen before the next. Of 100 kB it prints ratios: CPU of this process, and bytes
written to the terminal for each byte of text. Of 1 MB: its CPU against that of 100 kB, and the
time from the delta to the end of the write that shows it, the longest and the 99.9th percentile.
The promises: CPU at most 2 × rich where there are words, bytes at most 3 × the text, ten times
the text at most 11 × the CPU, and no delta later than 50 ms.
"""

import io
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markdown import Markdown

from copilot_cli.ui.rendering import TerminalWriter

DELTA = 20
SMALL, LARGE = 100_000, 1_000_000

_PARAGRAPH = (
    "Streaming output **should** be shown as it arrives, because a person who waits `reads` along;"
    " see [the docs](https://example.com/docs) for more. It is also useful to keep the *finished*"
    " text in the scrollback, where copying works and nothing is ever drawn twice.\n\n"
)
_ANSWER = (
    "## How it works\n\n"
    + 3 * _PARAGRAPH
    + "- the first item, with `code`\n- a second, in **bold**\n  - nested under it\n- a third\n\n"
    "```python\nclass Answer:\n    def text(self, part: str) -> None:\n"
    "        self.parts.append(part)  # kept as it came\n        return None\n```\n\n"
    "| name | meaning | default |\n|---|---|---:|\n| `color` | when to use colours | auto |\n"
    "| `render` | when to render **Markdown** | auto |\n\n"
    "1. sign in\n2. ask\n3. read\n\n> A quotation, of one line only.\n\n"
)
_CODE_LINE = "    return str(value + 1)  # the next one\n"


def _repeated(part: str, size: int, *, before: str = "") -> str:
    return before + (part * (size // len(part) + 1))[: size - len(before)]


SHAPES: dict[str, Callable[[int], str]] = {
    "answer": lambda size: _repeated(_ANSWER, size),
    "prose": lambda size: _repeated(_PARAGRAPH, size),
    "one paragraph": lambda size: _repeated(_PARAGRAPH.strip() + " ", size),
    "one plain line": lambda size: _repeated("some words of no importance ", size),
    "one list": lambda size: _repeated("- an item with **bold** and `code` in it\n", size),
    "one nested list": lambda size: _repeated("  - nested, some more\n", size, before="- outer\n"),
    "one table": lambda size: _repeated(
        "| a cell of text | another, **bold** |\n", size, before="| one | two |\n|---|---|\n"
    ),
    "one code block": lambda size: _repeated(_CODE_LINE, size, before="```python\n"),
    "code of one line": lambda size: _repeated("x = 1; ", size, before="```python\n"),
    "one quotation": lambda size: _repeated("> quoted, and quoted again\n", size),
    "no space at all": lambda size: _repeated("x", size),
    "Chinese": lambda size: _repeated("答案在到达时显示,读者不必等待。", size // 3),
}


def deltas(text: str) -> Iterator[str]:
    """Return the text as it would come."""
    return (text[start : start + DELTA] for start in range(0, len(text), DELTA))


def ours(text: str) -> tuple[float, int]:
    """Return the CPU seconds and the bytes of writing `text` as it comes."""
    written = 0

    def write(data: bytes) -> None:
        nonlocal written
        written += len(data)

    begun = time.process_time()
    with TerminalWriter(write, lambda: (80, 24)) as writer:
        for delta in deltas(text):
            writer.text(delta)
    return time.process_time() - begun, written


def latencies(text: str) -> list[float]:
    """Return the seconds from the arrival of each delta to the end of its last write, ascending."""
    shown = 0.0

    def write(data: bytes) -> None:
        nonlocal shown
        shown = time.perf_counter()

    taken = []
    with TerminalWriter(write, lambda: (80, 24)) as writer:
        for delta in deltas(text):
            came = time.perf_counter()
            writer.text(delta)
            taken.append(shown - came)
    return sorted(taken)


def rich_once(text: str) -> float:
    """Return the CPU seconds of rendering the finished text once."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system="standard")
    begun = time.process_time()
    console.print(Markdown(text, hyperlinks=False))
    return time.process_time() - begun


def main() -> None:
    """Print the table."""
    warm = _repeated(_ANSWER, 3000)
    ours(warm), rich_once(warm)
    sys.stdout.write(
        f"{'':18}{'CPU / rich':>12}{'bytes / text':>14}{'10 × text':>12}"
        f"{'longest':>11}{'99.9 %':>10}\n"
    )
    for name, make in SHAPES.items():
        small, large = make(SMALL), make(LARGE)
        floor = min(rich_once(small) for _ in range(2))
        cpu, written = min(ours(small) for _ in range(3))
        cpu_large, _ = min(ours(large) for _ in range(2))
        share = written / len(small.encode())
        taken = latencies(large)
        late, longest = taken[len(taken) * 999 // 1000] * 1000, taken[-1] * 1000
        sys.stdout.write(
            f"{name:18}{cpu / floor:>10.2f} ×{share:>12.2f} ×{cpu_large / cpu:>10.1f} ×"
            f"{longest:>8.1f} ms{late:>7.2f} ms\n"
        )


if __name__ == "__main__":
    main()
