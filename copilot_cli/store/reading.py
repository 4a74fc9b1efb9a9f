"""Reading stored conversations: the list, one of them by its name, its turns, and what was said.

Rule: a list shows what it can, a title that does not open as `(sealed)`; a conversation that was
asked for opens whole, or the `StoreError` that says why not goes to the caller.
"""

from typing import TYPE_CHECKING, Any

from copilot_cli.errors import UsageError
from copilot_cli.messages import Part
from copilot_cli.store import tree
from copilot_cli.store.cells import Cells, title_of_cell
from copilot_cli.store.lenient import LenientDatabase
from copilot_cli.store.turns import Session, Turn, turn_of
from copilot_cli.store.writing import part_at

if TYPE_CHECKING:
    from copilot_cli.store.search import Hit

LATEST = "latest"

_LIST = (
    "SELECT id, title, created, updated, host, account, model, engine, head,"
    " (SELECT count(*) FROM turns WHERE session_id = sessions.id) FROM sessions"
)


class Reading:
    """What can be read from `database`, whose texts are in `cells`."""

    def __init__(self, database: LenientDatabase, cells: Cells) -> None:
        self._database = database
        self._cells = cells

    def recent(self, limit: int | None = None) -> list[Session]:
        """Return the sessions, the one used last first, at most `limit` of them."""
        return self._sessions("", (), -1 if limit is None else limit)

    def latest(self, host: str | None = None, account: str | None = None) -> Session | None:
        """Return the session used last, of `host` and `account` where given."""
        found = self._sessions(
            "WHERE host IS coalesce(?, host) AND account IS coalesce(?, account)",
            (host, account),
            1,
        )
        return found[0] if found else None

    def find(self, reference: str) -> Session:
        """Return the session with this id, or title, or the beginning of one; or the latest.

        Case does not matter. Raises UsageError where there is none, or more than one.
        """
        if reference == LATEST:
            if latest := self.latest():
                return latest
            raise UsageError("there is no conversation yet")
        wanted = reference.strip()
        found = self._by_id(wanted.lower()) if wanted else []
        if len(found) != 1 and wanted:
            found = self._by_title(wanted) or found
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                "there is no conversation with this id or title", hint="copilot-chat sessions list"
            )
        ids = ", ".join(session.id for session in found[:5])
        more = ", ..." if len(found) > 5 else ""
        raise UsageError(f"more than one conversation begins so: {ids}{more}")

    def history(self, session_id: str | None) -> list[Turn]:
        """Return the turns from the first to the head of the session."""
        return [] if session_id is None else self._branch(tree.OF_SESSION, session_id)

    def branch(self, turn_id: int) -> list[Turn]:
        """Return the turns from the first to this one."""
        return self._branch(tree.OF_TURN, turn_id)

    def turns(self, session_id: str) -> list[Turn]:
        """Return every turn of the session, those on branches that were left too."""
        return self._turns("WHERE session_id = ?", session_id)

    def any_sealed(self) -> bool:
        """Say whether anything here can be read only with the key of the secret store."""
        return bool(
            self._database.read(
                "SELECT 1 WHERE EXISTS (SELECT 1 FROM parts WHERE typeof(text) = 'blob')"
                " OR EXISTS (SELECT 1 FROM sessions WHERE typeof(title) = 'blob')"
            )
        )

    def search(self, text: str, limit: int = 20) -> "list[Hit]":
        """Return the newest messages and titles with all words of `text`; see `store.search`."""
        from copilot_cli.store.search import search

        return search(self._database.read, self._cells, text, limit)

    # Rows

    def _branch(self, branch: str, start: str | int) -> list[Turn]:
        rows = self._database.read(branch + tree.TURNS, (start,))
        return self._with_parts(rows, self._database.read(branch + tree.PARTS, (start,)))

    def _turns(self, where: str, value: int | str) -> list[Turn]:
        rows = self._database.read(f"SELECT * FROM turns {where} ORDER BY id", (value,))  # noqa: S608
        parts = (
            "SELECT turn_id, position, kind, text, data FROM parts"  # noqa: S608 - ours, all of it
            f" WHERE turn_id IN (SELECT id FROM turns {where}) ORDER BY turn_id, position"
        )
        return self._with_parts(rows, self._database.read(parts, (value,)))

    def _with_parts(self, rows: list[tuple[Any, ...]], cells: list[tuple[Any, ...]]) -> list[Turn]:
        parts: dict[int, list[Part]] = {}
        for turn_id, *cell in cells:
            parts.setdefault(turn_id, []).append(part_at(self._cells, turn_id, *cell))
        return [turn_of(row, parts.get(row[0], ())) for row in rows]

    def _sessions(self, where: str, values: tuple[Any, ...], limit: int) -> list[Session]:
        rows = self._database.read(
            f"{_LIST} {where} ORDER BY updated DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [Session(row[0], title_of_cell(self._cells, *row[:2]), *row[2:]) for row in rows]

    def _by_id(self, prefix: str) -> list[Session]:
        return self._sessions("WHERE id >= ? AND id < ?", (prefix, prefix + "\x7f"), 6)

    def _by_title(self, wanted: str) -> list[Session]:
        """Return the sessions with this title, else those whose title begins so; at most six."""
        folded = wanted.casefold()
        titles = [
            (session_id, title_of_cell(self._cells, session_id, cell).casefold())
            for session_id, cell in self._database.read("SELECT id, title FROM sessions")
        ]
        ids = [session_id for session_id, title in titles if title == folded]
        ids = ids or [session_id for session_id, title in titles if title.startswith(folded)]
        return [found for each in ids[:6] for found in self._sessions("WHERE id = ?", (each,), 1)]
