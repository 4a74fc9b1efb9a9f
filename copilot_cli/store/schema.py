"""The tables of `conversations.db`, as a list of migrations that only ever grows.

Rule: a migration that was released is never edited; a change is a new one at the end, and the
database's `user_version` is the count of those it has seen. Each runs in a transaction of its own.
"""

APPLICATION_ID = 0x43504348  # "CPCH": tells our file from any other SQLite database

# Version 1. Times are seconds since 1970 (UTC), durations seconds.
# A session's turns are a tree: `parent_id` is the turn before, `head` the last one of the branch
# that is shown, so undo, redo, edit, retry and fork move a pointer and lose nothing. A parent may
# be in another session (a fork). Parts have a rowid of their own, which a search index can name.
_FIRST = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    host TEXT,
    account TEXT,
    model TEXT,
    engine TEXT,
    head INTEGER REFERENCES turns (id) ON DELETE SET NULL
);
CREATE INDEX sessions_by_update ON sessions (updated);
CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES turns (id) ON DELETE SET NULL,
    role TEXT NOT NULL,
    created REAL NOT NULL,
    model TEXT,
    engine TEXT,
    state TEXT NOT NULL,
    finish_reason TEXT,
    request_id TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    cost_amount REAL,
    cost_unit TEXT,
    seconds_first_token REAL,
    seconds_total REAL
);
CREATE INDEX turns_by_session ON turns (session_id);
CREATE INDEX turns_by_parent ON turns (parent_id);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    turn_id INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    data TEXT,
    UNIQUE (turn_id, position)
);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
