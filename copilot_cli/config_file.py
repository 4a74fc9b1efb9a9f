"""`config.toml` as it is read: its values, and the line each stands on.

Rule: a file that is not there holds nothing; one that cannot be read or parsed is a SettingsError
naming file and line. Writing is `store/toml.py`.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copilot_cli.errors import SettingsError
from copilot_cli.values import NamedTuple


class ConfigFile(NamedTuple):
    """What `config.toml` holds; a file that is not there holds nothing."""

    path: Path
    text: str
    values: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "ConfigFile":
        """Read `path`; raise SettingsError naming file and line where it is not TOML."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls(path, "", {})
        except OSError as exc:
            raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from exc
        return cls.parse(path, data)

    @classmethod
    def parse(cls, path: Path, data: bytes) -> "ConfigFile":
        """Parse the bytes of `path`."""
        data = data.removeprefix(BOM_UTF8)
        try:
            text = data.decode()
        except UnicodeDecodeError as exc:
            line = data.count(b"\n", 0, exc.start) + 1
            raise SettingsError(f"{path}:{line}: is not UTF-8") from exc
        plain = _plain(text)
        if plain is not None:
            return cls(path, text, plain)
        import tomllib

        try:
            return cls(path, text, tomllib.loads(text))
        except (ValueError, RecursionError) as exc:  # ValueError: also numbers of absurd length
            raise SettingsError(_located(path, text, str(exc))) from exc

    def get(self, name: str) -> object:
        """Return the value of the dotted key `name`, or None."""
        value: Any = self.values
        for part in name.split("."):
            if not isinstance(value, dict) or part not in value:
                if not isinstance(value, dict) and value is not None:
                    raise self.fault(name.partition(".")[0], "must be a table")
                return None
            value = value[part]
        return value

    def table(self, name: str) -> Mapping[str, Mapping[str, object]]:
        """Return the table of tables `name`."""
        value = self.values.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(row, dict) for row in value.values()):
            raise self.fault(name, "must be a table of tables")
        return value

    def fault(self, name: str, complaint: str) -> SettingsError:
        """Return the error for key `name`, with its line where it can be found."""
        line = self.line(name)
        place = f"{self.path}:{line}" if line else f"{self.path}"
        return SettingsError(f"{place}: {name}: {complaint}")

    def line(self, name: str) -> int | None:
        """Return the line that sets the dotted key `name`, counted from 1."""
        section = ""
        for count, line in enumerate(self.text.splitlines(), start=1):
            if header := re.match(r"\s*\[\[?\s*([^]]+?)\s*\]", line):
                section = re.sub(r"[\s\"']", "", header[1])
                found = section
            elif key := re.match(r"\s*([\w.\s\"'-]+?)\s*=", line):
                found = f"{section}.{key[1]}" if section else key[1]
            else:
                continue
            if re.sub(r"[\s\"']", "", found) == name:
                return count
        return None


def _plain(text: str) -> dict[str, str] | None:
    """Return the values of a file that has only lines as `onboard` writes them: `name = "text"`.

    None for every other file, which is TOML all the same, and read as that. Importing the reader
    of TOML, which compiles its patterns, costs a short answer two per cent of its CPU.
    """
    values: dict[str, str] = {}
    for line in text.split("\n"):
        if line.isprintable() and line[:1] in {"", "#"}:
            continue
        name, _, value = line.partition(" = ")
        inner = value[1:-1]
        is_text = value == f'"{inner}"' and inner.isprintable() and not {'"', "\\"} & set(inner)
        if not is_text or name in values or not (name.isascii() and name.isidentifier()):
            return None
        values[name] = inner
    return values


def _located(path: Path, text: str, message: str) -> str:
    """Return tomllib's `message` with its place in front, as compilers write it."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message)
    if match is None:
        return f"{path}: is not TOML"
    line = match[2] or str(text.count("\n") + 1)
    return f"{path}:{line}: {match[1][:1].lower()}{match[1][1:]}"
