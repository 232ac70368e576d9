"""Reading one CSV file of a roster into rows, every fault collected with its line and column."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from services.routing.rules.roster.fields import BadCell
from services.routing.rules.roster.rows import BadLine

T = TypeVar("T")

LARGEST_FILE = 32 * 1024 * 1024
"""Bytes: a fortnight's shifts of fifty thousand officers."""
MAX_CELL = 4000
MOST_FAULTS = 500
"""Of one file; somebody who mends five hundred lines will ask again, and a wrong file is not read to its end."""


class _Reader(Protocol):
    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class Columns:
    """What a file's header must and may name."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass
class Row:
    """One line being read; a cell that cannot be read is noted, and the reading goes on."""

    file: str
    line: int
    cells: Mapping[str, str]
    bad: list[BadLine] = field(default_factory=list)

    def refuse(self, column: str, reason: str) -> None:
        """Note that this line is wrong."""
        self.bad.append(BadLine(self.file, self.line, column, reason))

    def optional(self, column: str, read: Callable[[str], T]) -> T | None:
        """The cell, or None where it is empty or cannot be read."""
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            return read(text)
        except BadCell as error:
            self.refuse(column, error.reason)
            return None

    def needed(self, column: str, read: Callable[[str], T], instead: T) -> T:
        """The cell; where it is empty or cannot be read, the line is refused and `instead` returned."""
        if not self.cells.get(column, ""):
            self.refuse(column, "required")
            return instead
        value = self.optional(column, read)
        return instead if value is None else value

    def several(self, column: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """A cell of values parted by `;`, in the order given, each once."""
        values: list[T] = []
        for part in self.cells.get(column, "").split(";"):
            if not part.strip():
                continue
            try:
                values.append(read(part.strip()))
            except BadCell as error:
                self.refuse(column, error.reason)
        return tuple(dict.fromkeys(values))


def rows(file: str, content: bytes, columns: Columns, bad: list[BadLine]) -> Iterator[Row]:
    """The lines of a CSV file (UTF-8, comma, header first); faults of the file itself go to `bad`."""
    if len(content) > LARGEST_FILE:
        bad.append(BadLine(file, 0, "", "too_large"))
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad.append(BadLine(file, content[: error.start].count(b"\n") + 1, "", "not_utf8"))
        return
    if "\x00" in text:
        bad.append(BadLine(file, text[: text.index("\x00")].count("\n") + 1, "", "nul_character"))
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    yield from _lines(file, reader, columns, bad)


def _lines(file: str, reader: "_Reader", columns: Columns, bad: list[BadLine]) -> Iterator[Row]:
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _header_stands(file, header, columns, bad):
            return
        line, before = reader.line_num + 1, len(bad)
        for cells in reader:
            if len(bad) - before >= MOST_FAULTS:
                bad.append(BadLine(file, line, "", "too_many_faults"))
                return
            if any(cell.strip() for cell in cells):
                yield from _row(Row(file, line, {}, bad), header, cells)
            line = reader.line_num + 1
    except csv.Error:
        bad.append(BadLine(file, reader.line_num, "", "not_csv"))


def _row(row: Row, header: list[str], cells: list[str]) -> Iterator[Row]:
    if len(cells) != len(header):
        row.refuse("", "wrong_number_of_columns")
    elif any(len(cell) > MAX_CELL for cell in cells):
        row.refuse("", "cell_too_long")
    else:
        row.cells = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        yield row


def _header_stands(file: str, header: list[str], columns: Columns, bad: list[BadLine]) -> bool:
    known = columns.required + columns.optional
    faults = [BadLine(file, 1, name, "missing_column") for name in columns.required if name not in header]
    faults += [
        BadLine(file, 1, name if name.isidentifier() else "", "unknown_column") for name in header if name not in known
    ]
    faults += [BadLine(file, 1, name, "repeated_column") for name in known if header.count(name) > 1]
    bad.extend(faults)
    return not faults
