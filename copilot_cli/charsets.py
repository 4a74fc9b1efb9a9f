"""Bytes of a page as text: by its byte order mark, by what it says it is, else as UTF-8.

Rule: only the encodings that browsers read (WHATWG Encoding, §4.2), by name. Python knows more that
are no encodings of text, or are slow on hostile input, and looks any name up.
"""

import codecs
import re

from copilot_cli.patterns import bytes_pattern

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The byte order marks that are read, each with its encoding."""

_LATIN = "windows-1252"  # what browsers read where a page says ISO 8859-1 or ASCII
_SAME = (
    *("utf-8", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "windows-874"),
    *("big5", "gb18030", "euc-jp", "iso-2022-jp", "euc-kr"),
    *(f"windows-{number}" for number in range(1250, 1259)),
    *(f"iso-8859-{number}" for number in (*range(2, 9), 10, *range(13, 17))),
)
_OTHERS = (
    *((name, _LATIN) for name in ("iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii")),
    *(("utf8", "utf-8"), ("utf-16", "utf-16-le"), ("utf-16le", "utf-16-le")),
    *(("utf-16be", "utf-16-be"), ("iso-8859-9", "windows-1254"), ("iso-8859-11", "windows-874")),
    *(("gbk", "gb18030"), ("gb2312", "gb18030"), ("shift_jis", "cp932"), ("windows-31j", "cp932")),
)
_NAMED = {**{name: name for name in _SAME}, **dict(_OTHERS)}
_META = bytes_pattern(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_META_WITHIN = 1024  # bytes; the HTML standard allows no later place


def decoded(data: bytes, charset: str | None = None, *, html: bool = False) -> str:
    """Return `data` as text; what its encoding cannot hold becomes U+FFFD.

    `charset` is what the reply's headers say; a byte order mark wins over it. With `html` a page's
    own `<meta charset>` counts where there is neither.
    """
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if charset is None and html and (found := _META.search(data[:_META_WITHIN])):
        charset = found[1].decode("ascii", "replace")
        if charset.lower().startswith("utf-16"):  # it could not have been read then
            charset = None
    return data.decode(_NAMED.get((charset or "").strip().lower(), "utf-8"), "replace")
