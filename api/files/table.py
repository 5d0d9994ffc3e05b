"""A list as it was written: headings, rows, and where each stands. What the cells mean is for others to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from geodata.errors import BadInput, Complaint, Text

MOST_ROWS = 50_000
MOST_COLUMNS = 200

Cell = str | int | float | bool | datetime | date | time | timedelta | None

EMPTY = Text("没有任何内容", "holds nothing at all")
NO_ROWS = Text("只有表头，没有数据行", "has headings but no rows")
TOO_MANY_ROWS = Text(f"超过 {MOST_ROWS} 行的上限", f"has more than the limit of {MOST_ROWS} rows")
TOO_MANY_COLUMNS = Text(f"超过 {MOST_COLUMNS} 列的上限", f"has more than the limit of {MOST_COLUMNS} columns")


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` counts lines from 1, as a spreadsheet shows them; a GeoJSON feature has a ``pointer`` instead."""

    number: int | None
    cells: tuple[Cell, ...]
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    file: str
    sheet: str
    headings: tuple[str, ...]
    heading_row: int | None
    rows: tuple[Row, ...]

    def complaint(self, message: Text, *, row: Row | None = None, column: str = "") -> Complaint:
        """A complaint about a cell, a row, a heading, or the whole table."""
        number = row.number if row else self.heading_row if column else None
        pointer = row.pointer if row else ""
        return Complaint(message, file=self.file, sheet=self.sheet, row=number, column=column, pointer=pointer)


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def table_from_grid(grid: Sequence[Sequence[Cell]], *, file: str, sheet: str = "") -> Table:
    """The table in a grid of cells whose first row is line 1. Raises BadInput if it is empty or too large.

    The headings are the first row with two cells or more, so that a title above them does no harm.
    """
    whole = Table(file, sheet, (), None, ())
    at = _heading_row(grid)
    if at is None:
        raise BadInput([whole.complaint(EMPTY)])
    headings = _trimmed([_text(cell) for cell in grid[at]])
    rows = tuple(_rows(grid, at + 1))
    complaints = [
        message
        for message, wrong in (
            (NO_ROWS, not rows),
            (TOO_MANY_ROWS, len(rows) > MOST_ROWS),
            (TOO_MANY_COLUMNS, len(headings) > MOST_COLUMNS),
        )
        if wrong
    ]
    if complaints:
        raise BadInput([whole.complaint(message) for message in complaints])
    return Table(file, sheet, headings, at + 1, rows)


def _heading_row(grid: Sequence[Sequence[Cell]]) -> int | None:
    filled = [sum(not is_blank(cell) for cell in row) for row in grid[:20]]
    several = (index for index, count in enumerate(filled) if count > 1)
    some = (index for index, row in enumerate(grid) if any(not is_blank(cell) for cell in row))
    return next(several, next(some, None))


def _rows(grid: Sequence[Sequence[Cell]], first: int) -> Iterator[Row]:
    for index in range(first, len(grid)):
        if any(not is_blank(cell) for cell in grid[index]):
            yield Row(index + 1, tuple(grid[index]))


def _text(cell: Cell) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _trimmed(headings: list[str]) -> tuple[str, ...]:
    while headings and not headings[-1]:
        headings.pop()
    return tuple(headings)
