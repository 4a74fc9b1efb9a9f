"""The lines of texts that a regular expression is found in: a program of its own.

A pattern can take for ever, and Python lets nothing else run meanwhile, not even Ctrl-C. So this
runs as a process, which can be ended. It imports nothing of ours: it is started by its path.

On stdin: a line of JSON with `pattern` and `ignore_case`, then any number of texts, each behind a
line with its size in bytes. On stdout, for each text, a line of JSON: the lines that fit, with
their numbers. The first line there is null, or says what is wrong with the pattern.
"""

import json
import re
import sys

_MOST = 201  # lines of one text: one more than are shown
_LONGEST = 300  # characters of one line


def main() -> None:
    """Answer until nothing more comes."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    asked = json.loads(stdin.readline())
    try:
        found = re.compile(asked["pattern"], re.IGNORECASE if asked["ignore_case"] else 0)
    except (re.error, OverflowError, RecursionError) as error:
        stdout.write(json.dumps(str(error)).encode() + b"\n")
        return
    stdout.write(b"null\n")
    stdout.flush()
    while size := stdin.readline():
        text = stdin.read(int(size)).decode("utf-8-sig", "replace")
        stdout.write(json.dumps(_lines(text, found)).encode() + b"\n")
        stdout.flush()


def _lines(text: str, pattern: "re.Pattern[str]") -> "list[tuple[int, str]]":
    fitting: list[tuple[int, str]] = []
    for number, ended in enumerate(text.split("\n"), start=1):
        line = ended.removesuffix("\r")
        found = pattern.search(line)
        if found is None:
            continue
        fitting.append((number, _around(line, found.start())))
        if len(fitting) == _MOST:
            break
    return fitting


def _around(line: str, place: int) -> str:
    """Return `line`, or as much of it around `place` as is shown."""
    if len(line) <= _LONGEST:
        return line
    start = max(0, min(place - _LONGEST // 3, len(line) - _LONGEST))
    head, tail = "…" if start else "", "…" if start + _LONGEST < len(line) else ""
    return f"{head}{line[start : start + _LONGEST]}{tail}"


if __name__ == "__main__":
    main()
