"""On which line of a TOML text each key and each item of an array stands: what tomllib knows and does not tell.

The text has been through tomllib already, so that nothing here has to refuse anything.
"""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:\\.|[^"\\\n])*"')
_LITERAL = re.compile(r"'[^'\n]*'")
# Up to two quotation marks may stand directly before the three that end a text over several lines.
_LONG_BASIC = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'{3,5}", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")


def lines_of(text: str) -> Mapping[str, int]:
    """The line (from 1) of each dotted path: `classes.priority.steps.2.role`. A table has that of its first mention."""
    scan = _Scan(text.replace("\r\n", "\n"))
    # Better the lines found so far than none.
    with suppress(ValueError, IndexError, RecursionError):
        scan.read()
    return {".".join(map(str, path)): line for path, line in scan.found.items()}


def line_of(lines: Mapping[str, int], place: str) -> int | None:
    """The line of a dotted path, or of the nearest thing around it that the text does mention."""
    while place:
        if place in lines:
            return lines[place]
        place = place.rpartition(".")[0]
    return None


@dataclass
class _Scan:
    text: str
    at: int = 0
    line: int = 1
    found: dict[Path, int] = field(default_factory=dict)
    tables: dict[Path, int] = field(default_factory=dict)
    """How many `[[tables]]` of a name there have been; what follows speaks of the last."""

    def read(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        several = self.text.startswith("[[", self.at)
        self._move(2 if several else 1)
        keys = self._keys()
        path: Path = ()
        for number, key in enumerate(keys):
            path = self._named((*path, key))
            last = number == len(keys) - 1
            if last and several:
                self.tables[path] = self.tables.get(path, 0) + 1
            if path in self.tables:
                path = self._named((*path, self.tables[path] - 1))
        self._move(2 if several else 1)
        return path

    def _pair(self, table: Path) -> None:
        path = table
        for key in self._keys():
            path = self._named((*path, key))
        self._move(1)
        self._value(path)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self.text[self.at] == ".":
            self._move(1)
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip(_SPACE)
        quoted = {'"': _BASIC, "'": _LITERAL}.get(self.text[self.at])
        raw = self._skip(quoted or _BARE)
        self._skip(_SPACE)
        return next(iter(tomllib.loads(f"{raw} = 0"))) if quoted else raw

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        start = self.text[self.at]
        if start == "[":
            self._array(path)
        elif start == "{":
            self._inline(path)
        else:
            self._skip(self._literal(start))

    def _literal(self, start: str) -> re.Pattern[str]:
        if start == '"':
            return _LONG_BASIC if self.text.startswith('"""', self.at) else _BASIC
        if start == "'":
            return _LONG_LITERAL if self.text.startswith("'''", self.at) else _LITERAL
        return _SCALAR

    def _array(self, path: Path) -> None:
        self._move(1)
        number = 0
        self._skip(_BLANK)
        while self.text[self.at] != "]":
            self._value(self._named((*path, number)))
            number += 1
            self._past_comma()
        self._move(1)

    def _inline(self, path: Path) -> None:
        self._move(1)
        self._skip(_BLANK)
        while self.text[self.at] != "}":
            self._pair(path)
            self._past_comma()
        self._move(1)

    def _past_comma(self) -> None:
        self._skip(_BLANK)
        if self.text[self.at] == ",":
            self._move(1)
            self._skip(_BLANK)

    def _named(self, path: Path) -> Path:
        self.found.setdefault(path, self.line)
        return path

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError
        self._move(match.end() - self.at)
        return match.group()

    def _move(self, length: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + length)
        self.at += length
