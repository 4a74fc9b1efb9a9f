"""Finding what was said: words as SQLite's full-text index has them, and a marked excerpt.

A query is words and "phrases"; all must be in one message. A word of three letters or more may go
on. Case and accents do not matter. Scripts without spaces between words, and signs that are no
words, are not in the index: then the texts themselves are looked through, newest first. Sealed
texts are opened and indexed in memory, a batch at a time.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple

from copilot_cli.patterns import pattern
from copilot_cli.store.cells import Cells, title_of_cell

MARK, END = "\x02", "\x03"
"""What stands before and after each match in an excerpt."""

TOKENIZER = "unicode61 remove_diacritics 2"
_CHARACTERS_AROUND = 60
_BATCH = 2000  # sealed texts that are in memory at a time
_SHORT = 3  # letters: what begins with fewer is half of all words
_TERM = pattern(r'"([^"]*)"|(\S+)')
# Han, kana, Hangul, Thai, Lao, Khmer, Burmese, Tibetan: a word has no space before it.
_NO_SPACES = pattern(
    "[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)

_INDEXED = (  # 24 words around a match
    "SELECT rowid, snippet(parts_index, 0, char(2), char(3), '…', 24)"
    " FROM parts_index WHERE parts_index MATCH ? ORDER BY rowid DESC LIMIT ?"
)
_TEXTS = (
    "SELECT id, turn_id, position, kind, text FROM parts"
    " WHERE typeof(text) = ? AND kind = 'text' AND id < ?{also} ORDER BY id DESC LIMIT ?"
)
_ABOUT = (
    "SELECT parts.id, turns.session_id, sessions.title, turns.id, turns.role, turns.created"
    " FROM parts JOIN turns ON turns.id = turn_id JOIN sessions ON sessions.id = session_id"
    " WHERE parts.id IN ({marks})"
)
_NEWEST = 2**63 - 1

Read = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
Found = tuple[int, str]  # a part's id and its excerpt


class Hit(NamedTuple):
    """One message that matches, or a title (`turn_id` None, role `title`).

    In `excerpt` each match stands between MARK and END; `created` is seconds since 1970.
    """

    session: str
    title: str
    turn_id: int | None
    role: str
    excerpt: str
    created: float


def search(read: Read, cells: Cells, query: str, limit: int) -> list[Hit]:
    """Return the newest messages that match, after the conversations whose title does.

    `read` returns the rows of a query. Raises `StoreError` where a sealed text cannot be opened.
    """
    terms = terms_of(query)
    if not terms:
        return []
    found = sorted(
        [*_among_plain(read, terms, limit), *_among_sealed(read, cells, terms, limit)], reverse=True
    )[:limit]
    excerpts = dict(found)
    about = read(_ABOUT.format(marks=", ".join("?" * len(found))), tuple(excerpts))
    hits = [
        Hit(session, title_of_cell(cells, session, title), turn, role, excerpts[part], created)
        for part, session, title, turn, role, created in sorted(about, reverse=True)
    ]
    known = {hit.session for hit in hits}
    titles = [hit for hit in _titles(read, cells, terms) if hit.session not in known]
    return [*titles, *hits][:limit]


class Term(NamedTuple):
    """One thing to look for; a phrase ends where it ends, another word may go on."""

    text: str
    phrase: bool


def terms_of(query: str) -> list[Term]:
    """Return what a query asks for."""
    found = (_term(phrase, word) for phrase, word in _TERM.findall(query.replace("\0", " ")))
    return [term for term in found if term.text.strip()]


def _term(phrase: str, word: str) -> Term:
    short = len(word) < _SHORT and not _NO_SPACES.search(word)
    return Term(phrase or word, bool(phrase) or short)


def needs_scan(terms: Sequence[Term]) -> bool:
    """Say whether the index cannot answer: it knows words that spaces or signs part."""
    return any(_unindexed(term) for term in terms)


def _unindexed(term: Term) -> bool:
    return bool(_NO_SPACES.search(term.text)) or not re.search(r"\w", term.text)


def match_of(terms: Sequence[Term]) -> str:
    """Return the terms in the index's own language (https://sqlite.org/fts5.html#full_text_query_syntax)."""

    def quoted(term: Term) -> str:
        text = term.text.replace('"', '""')
        return f'"{text}"' if term.phrase else f'"{text}"*'

    return " ".join(quoted(term) for term in terms)


def excerpt_of(text: str, terms: Sequence[Term]) -> str | None:
    """Return what surrounds the first match, every match marked; None without all terms."""
    plain, words = _folded(text), [_folded(term.text) for term in terms]
    if len(plain) != len(text):  # a place in one is no place in the other: look less closely
        plain, words = text, [term.text for term in terms]
    patterns = [_pattern(term, word) for term, word in zip(terms, words, strict=True)]
    matches = [re.search(pattern, plain, re.IGNORECASE) for pattern in patterns]
    places = [match.start() for match in matches if match]
    if len(places) < len(terms):
        return None
    start = max(0, min(places) - _CHARACTERS_AROUND)
    end = min(len(text), min(places) + 2 * _CHARACTERS_AROUND)
    pieces, last = ["…" if start else ""], start
    for match in re.compile("|".join(patterns), re.IGNORECASE).finditer(plain, start, end):
        pieces += [text[last : match.start()], MARK, text[match.start() : match.end()], END]
        last = match.end()
    return "".join([*pieces, text[last:end], "…" if end < len(text) else ""])


def _pattern(term: Term, text: str) -> str:
    """Return what finds a term as the index would: at a word's beginning, a phrase to its end."""
    before = r"(?<![^\W_])" if text[0].isalnum() and not _NO_SPACES.match(text) else ""
    after = r"(?![^\W_])" if term.phrase and text[-1].isalnum() else ""
    return before + re.escape(text) + after


def _folded(text: str) -> str:
    """Return `text` without case and accents."""
    if text.isascii():
        return text.lower()
    bare = (char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", "".join(bare).casefold())


def _among_plain(read: Read, terms: Sequence[Term], limit: int) -> list[Found]:
    if not needs_scan(terms):
        return [(part, excerpt) for part, excerpt in read(_INDEXED, (match_of(terms), limit))]
    texts = ((part, text) for part, *_, text in _batches(read, "text", terms))
    return _scanned(texts, terms, limit)


def _among_sealed(read: Read, cells: Cells, terms: Sequence[Term], limit: int) -> list[Found]:
    opened = (
        (part, cells.read(cell, turn, position, kind, "text"))
        for part, turn, position, kind, cell in _batches(read, "blob")
    )
    if needs_scan(terms):
        return _scanned(opened, terms, limit)
    found: list[Found] = []
    while len(found) < limit and (batch := list(islice(opened, _BATCH))):
        found += _indexed(batch, match_of(terms), limit)
    return found


def _batches(read: Read, form: str, terms: Sequence[Term] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the parts whose text has this form of SQLite's, newest first.

    Only those that hold what of `terms` is in no index: SQLite sees that ten times as fast as we.
    """
    wanted = [re.sub(r"([%_\\])", r"\\\1", term.text) for term in terms if _unindexed(term)]
    query = _TEXTS.format(also=r" AND text LIKE ? ESCAPE '\'" * len(wanted))
    patterns = [f"%{text}%" for text in wanted]
    before = _NEWEST
    while rows := read(query, (form, before, *patterns, _BATCH)):
        yield from rows
        before = rows[-1][0]


def _scanned(texts: Iterable[Found], terms: Sequence[Term], limit: int) -> list[Found]:
    found = ((part, excerpt_of(text, terms)) for part, text in texts)
    return list(islice(((part, excerpt) for part, excerpt in found if excerpt), limit))


def _indexed(batch: Sequence[Found], match: str, limit: int) -> list[Found]:
    """Return what of a batch of texts matches, through an index that lives no longer than this."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("PRAGMA temp_store=MEMORY")
        memory.execute(
            f"CREATE VIRTUAL TABLE parts_index USING fts5 (text, tokenize='{TOKENIZER}')"
        )
        memory.executemany("INSERT INTO parts_index (rowid, text) VALUES (?, ?)", batch)
        return memory.execute(_INDEXED, (match, limit)).fetchall()


def _titles(read: Read, cells: Cells, terms: Sequence[Term]) -> Iterator[Hit]:
    query = "SELECT id, title, created FROM sessions ORDER BY updated DESC"
    for session, cell, created in read(query, ()):
        title = title_of_cell(cells, session, cell)
        if (excerpt := excerpt_of(title, terms)) is not None:
            yield Hit(session, title, None, "title", excerpt, created)
