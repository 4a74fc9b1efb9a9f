"""The tables of `conversations.db`, as a list of migrations that only ever grows.

Rule: a migration that was released is never edited; a change is a new one at the end, and the
database's `user_version` is the count of those it has seen. Each runs in a transaction of its own.
A statement ends with a semicolon at the end of a line, and nowhere else.
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

# Version 2. `tip` is the last turn of the branch that undo left: redo goes along it.
# A part's text is searched through an index without a copy of it (https://sqlite.org/fts5.html,
# external content tables), which triggers keep: a text is inserted or deleted, and never changed.
# Text of an answer that grew is made one part, because a search takes what stands in one part
# together. A sealed text is a BLOB, and in no index.
# Deleting a turn looks for heads and tips that name it, hence the indexes.
_SEARCH = """
ALTER TABLE sessions ADD COLUMN tip INTEGER REFERENCES turns (id) ON DELETE SET NULL;
CREATE INDEX sessions_by_head ON sessions (head);
CREATE INDEX sessions_by_tip ON sessions (tip);
CREATE TEMP TABLE grown AS
    SELECT turn_id, min(position) AS first FROM parts
    GROUP BY turn_id HAVING count(*) > 1 AND min(kind) = 'text' AND max(kind) = 'text';
UPDATE parts SET text = (
    SELECT group_concat(text, '') FROM (
        SELECT text FROM parts AS piece WHERE piece.turn_id = parts.turn_id ORDER BY position))
    WHERE (turn_id, position) IN (SELECT turn_id, first FROM grown);
DELETE FROM parts
    WHERE turn_id IN (SELECT turn_id FROM grown)
    AND (turn_id, position) NOT IN (SELECT turn_id, first FROM grown);
DROP TABLE grown;
CREATE INDEX parts_by_form ON parts (typeof(text));
CREATE VIEW said AS SELECT id, text FROM parts WHERE kind = 'text' AND typeof(text) = 'text';
CREATE VIRTUAL TABLE parts_index USING fts5 (
    text, content = 'said', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO parts_index (parts_index) VALUES ('rebuild');
CREATE TRIGGER part_made AFTER INSERT ON parts
    WHEN new.kind = 'text' AND typeof(new.text) = 'text'
    BEGIN INSERT INTO parts_index (rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER part_gone AFTER DELETE ON parts
    WHEN old.kind = 'text' AND typeof(old.text) = 'text'
    BEGIN INSERT INTO parts_index (parts_index, rowid, text)
    VALUES ('delete', old.id, old.text); END;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _SEARCH)
