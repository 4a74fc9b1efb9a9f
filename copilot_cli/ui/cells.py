"""How wide text is on a terminal, and where its lines are broken.

Widths are those of `rich.cells`, except that a ZWJ sequence counts as the sum of its parts: some
terminals draw it so, and a row believed too wide does no harm where one believed too narrow does.
"""

from rich.cells import cell_len, get_character_cell_size

_ZWJ = "\N{ZERO WIDTH JOINER}"
_VS16 = "\N{VARIATION SELECTOR-16}"


def cells(text: str) -> int:
    """Return the number of cells that `text`, one line without control characters, takes."""
    return len(text) if text.isascii() else cell_len(text.replace(_ZWJ, ""))


def weight(text: str) -> int:
    """Return the cells of `text` by its characters alone: `weight(a + b)` is the sum of both."""
    if text.isascii():
        return len(text)
    return cell_len(text.replace(_ZWJ, "").replace(_VS16, ""))


def fit(text: str, room: int, start: int = 0) -> int:
    """Return the end of the longest `text[start:end]` of at most `room` cells.

    A base character is not parted from what combines with it. At least one character is taken, so
    that a wide one in a column of one cell cannot stop the caller for ever.
    """
    if text.isascii():
        return min(len(text), start + max(room, 1))
    end, used = start, 0
    while end < len(text):
        used += 1 if text[end] == _VS16 else get_character_cell_size(text[end])
        if used > room:
            break
        end += 1
    whole = end
    while start < whole < len(text) and _combines(text, whole):
        whole -= 1
    return max(whole if whole > start else end, start + 1)


def _combines(text: str, index: int) -> bool:
    """Tell whether the character at `index` belongs to the one before it."""
    return text[index - 1] == _ZWJ or get_character_cell_size(text[index]) == 0


def breaks(text: str, width: int, first: int | None = None) -> list[tuple[int, int]]:
    r"""Break one line of text at its spaces into rows of at most `width` cells.

    `first` is the room left in the first row, when something stands there already: it may stay
    empty, where no other row may. Returns each row as (start, end), the spaces between two rows in
    neither. A word longer than a row is cut; wide characters may be parted anywhere.
    """
    rows: list[tuple[int, int]] = []
    start, room, length = 0, width if first is None else first, len(text)
    while True:
        end = fit(text, room, start)
        if room < width and cells(text[start:end]) > room:
            end = start
        if end >= length:
            rows.append((start, length))
            return rows
        end = _word_end(text, start, end, may_be_empty=room < width)
        rows.append((start, len(text[start:end].rstrip(" ")) + start))
        start, room = end, width
        while start < length and text[start] == " ":
            start += 1


def _word_end(text: str, start: int, end: int, *, may_be_empty: bool) -> int:
    """Move the end of a row that is too long for its text back to where a word ends."""
    if end == start or text[end] == " " or cells(text[end]) == 2 or cells(text[end - 1]) == 2:
        return end
    space = text.rfind(" ", start, end)
    if space > start:
        return space + 1
    return start if may_be_empty else end
