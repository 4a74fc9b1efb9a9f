"""Large letters for the code that has to be read from a screen and typed elsewhere.

Seven rows of five dots each, as on every character display; 0 is slashed, I and 1 differ, since the
codes hold both letters and digits. Two rows make a line, by half blocks.
"""

_DOTS = {
    "A": "0e 11 11 1f 11 11 11",
    "B": "1e 11 11 1e 11 11 1e",
    "C": "0e 11 10 10 10 11 0e",
    "D": "1e 11 11 11 11 11 1e",
    "E": "1f 10 10 1e 10 10 1f",
    "F": "1f 10 10 1e 10 10 10",
    "G": "0e 11 10 17 11 11 0f",
    "H": "11 11 11 1f 11 11 11",
    "I": "1f 04 04 04 04 04 1f",
    "J": "07 02 02 02 02 12 0c",
    "K": "11 12 14 18 14 12 11",
    "L": "10 10 10 10 10 10 1f",
    "M": "11 1b 15 15 11 11 11",
    "N": "11 19 15 13 11 11 11",
    "O": "0e 11 11 11 11 11 0e",
    "P": "1e 11 11 1e 10 10 10",
    "Q": "0e 11 11 11 15 12 0d",
    "R": "1e 11 11 1e 14 12 11",
    "S": "0f 10 10 0e 01 01 1e",
    "T": "1f 04 04 04 04 04 04",
    "U": "11 11 11 11 11 11 0e",
    "V": "11 11 11 11 11 0a 04",
    "W": "11 11 11 15 15 1b 11",
    "X": "11 11 0a 04 0a 11 11",
    "Y": "11 11 0a 04 04 04 04",
    "Z": "1f 01 02 04 08 10 1f",
    "0": "0e 11 13 15 19 11 0e",
    "1": "04 0c 04 04 04 04 0e",
    "2": "0e 11 01 06 08 10 1f",
    "3": "0e 11 01 06 01 11 0e",
    "4": "02 06 0a 12 1f 02 02",
    "5": "1f 10 1e 01 01 11 0e",
    "6": "06 08 10 1e 11 11 0e",
    "7": "1f 01 02 04 04 04 04",
    "8": "0e 11 11 0e 11 11 0e",
    "9": "0e 11 11 0f 01 02 0c",
    "-": "00 00 00 0e 00 00 00",
}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def half_blocks(rows: list[list[bool]]) -> list[str]:
    """Return the lines that draw `rows` of dots, two rows a line; a missing last row is empty."""
    if len(rows) % 2:
        rows = [*rows, [False] * len(rows[0])]
    return [
        "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def large(text: str) -> list[str]:
    """Return the four lines that draw `text`, six columns a character but the last.

    KeyError for a character other than A-Z, 0-9 and the hyphen.
    """
    glyphs = [[int(row, 16) for row in _DOTS[char].split()] for char in text]
    rows = [
        [bool(glyph[y] >> (4 - x) & 1) if x < 5 else False for glyph in glyphs for x in range(6)]
        for y in range(7)
    ]
    return [line[:-1] for line in half_blocks(rows)]
