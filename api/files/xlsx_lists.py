"""Lists and settings in XLSX workbooks.

A workbook from outside is taken apart first: it is unpacked under limits, its parts are searched for what Excel never
writes, and only the parts that passed are packed again and given to the reader. The reader keeps each sheet as one
rectangle, so a single cell in the far corner would cost gigabytes: where the cells stand is checked before.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.files.cells import folded
from api.files.csv_lists import read_bytes
from api.files.table import MOST_COLUMNS, MOST_ROWS, Cell, Table, table_from_grid
from geodata.errors import BadInput, Complaint, Text

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

MOST_UNPACKED = 200 * 2**20
MOST_RATIO = 100
# Small parts compress well without meaning harm; the ratio is asked of what could fill the memory.
RATIO_FROM = 5 * 2**20
MOST_PARTS = 2_000
MOST_CELLS = 2_000_000
MOST_TEXT = 50 * 2**20

NEEDED = re.compile(
    r"(\[Content_Types\]\.xml|_rels/.*|xl/[^/]+\.xml|xl/_rels/.*|xl/(work|chart|dialog|macro)sheets/.*\.(xml|rels))",
    re.IGNORECASE,
)
CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
REFERENCE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,7})(\d{1,12})\s*["']""")
DIMENSION = re.compile(rb"""<(?:\w+:)?dimension\b[^<>]*\bref\s*=\s*["'](?:[A-Za-z]+\d+:)?([A-Za-z]{1,7})(\d{1,9})""")
SHARED = re.compile(
    rb"""<(?:\w+:)?c\b[^<>]*\bt\s*=\s*["']s["'][^<>]*>(?:\s*<(?:\w+:)?f\b.*?)?\s*<(?:\w+:)?v>\s*(\d{1,9})""", re.DOTALL
)
SHARED_ITEM = re.compile(rb"<(?:\w+:)?si\b(?:[^<>]*/>|.*?</(?:\w+:)?si>)", re.DOTALL)

DAMAGED = Text("不是完好的 XLSX 工作簿", "is not an undamaged XLSX workbook")
ENCRYPTED = Text(
    "工作簿有密码或是旧版 XLS 格式；请另存为无密码的 XLSX",
    "has a password or is in the old XLS format; save it as XLSX without a password",
)
BOMB = Text("解压后过大", "unpacks to more than is reasonable")
ENTITIES = Text("含有 Excel 不会写入的 XML 声明（DTD）", "holds an XML declaration that Excel never writes (a DTD)")
TOO_MANY_CELLS = Text(
    f"工作表的范围过大（上限 {MOST_ROWS} 行、{MOST_COLUMNS} 列、{MOST_CELLS} 个单元格）；请删除多余的行和列",
    f"has a sheet that reaches too far (at most {MOST_ROWS} rows, {MOST_COLUMNS} columns, {MOST_CELLS} cells); "
    "delete the empty rows and columns",
)
NO_SHEET = Text("没有可读的工作表", "has no sheet that can be read")

COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as a grid of cells, its first row being line 1."""

    file: str
    name: str
    grid: tuple[tuple[Cell, ...], ...]

    def table(self) -> Table:
        return table_from_grid(self.grid, file=self.file, sheet=self.name)

    @property
    def blank(self) -> bool:
        return not any(cell not in (None, "") for row in self.grid for cell in row)


def read_workbook(path: Path) -> tuple[Sheet, ...]:
    """Every sheet with cells of an XLSX workbook. Raises BadInput, one complaint, if it is damaged or not to be trusted."""
    safe = _repacked(read_bytes(path), file=path.name)
    return _sheets(safe, file=path.name)


def read_list_workbook(path: Path, names: frozenset[str]) -> Table:
    """The list in a workbook of its own: the sheet with one of the list's names, else the first."""
    sheets = [sheet for sheet in read_workbook(path) if not sheet.blank]
    if not sheets:
        raise BadInput([Complaint(NO_SHEET, file=path.name)])
    return next((sheet for sheet in sheets if folded(sheet.name) in names), sheets[0]).table()


# --- what is in the package --------------------------------------------------------------------------------------


def _repacked(data: bytes, *, file: str) -> bytes:
    if data.startswith(COMPOUND_FILE):
        raise BadInput([Complaint(ENCRYPTED, file=file)])
    try:
        parts = dict(_parts(data))
        _inspect(parts)
    except _Refused as refusal:
        raise BadInput([Complaint(refusal.message, file=file)]) from refusal
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise BadInput([Complaint(DAMAGED, file=file)]) from error
    return _packed(parts)


class _Refused(Exception):
    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entries = package.infolist()
        names = {entry.filename.lower() for entry in entries}
        if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise _Refused(BOMB)
        if len(names) < len(entries):
            raise _Refused(DAMAGED)
        for entry in entries:
            if entry.file_size > max(RATIO_FROM, entry.compress_size * MOST_RATIO):
                raise _Refused(BOMB)
            if NEEDED.fullmatch(entry.filename):
                yield entry.filename, package.read(entry)


def _packed(parts: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _inspect(parts: Mapping[str, bytes]) -> None:
    if "xl/workbook.xml" not in {name.lower() for name in parts}:
        raise _Refused(DAMAGED)
    lengths: list[int] = []
    for name, content in parts.items():
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise _Refused(ENTITIES)
        if b"\0" in content:  # UTF-16, in which the search above is blind
            raise _Refused(DAMAGED)
        if name.lower() == "xl/sharedstrings.xml":
            lengths = [len(item) for item in SHARED_ITEM.findall(content)]
    text = 0
    for name, content in parts.items():
        if name.lower() != "xl/sharedstrings.xml":
            _inspect_extent(content)
            text += sum(lengths[index] for index in map(int, SHARED.findall(content)) if index < len(lengths))
    if text > MOST_TEXT:
        raise _Refused(BOMB)


def _inspect_extent(sheet: bytes) -> None:
    """Refuses a sheet whose cells, or whose stated extent, would not fit the limits."""
    references = set(REFERENCE.findall(sheet))
    lines = max((int(number) for _, number in references), default=0)
    columns = max((_column(letters) for letters, _ in references), default=0) + _most_unnumbered(sheet)
    stated = max((_column(letters) * int(number) for letters, number in DIMENSION.findall(sheet)), default=0)
    # Rows and columns of white space to the right and below are for the list to complain of, or to ignore.
    too_far = lines > 2 * MOST_ROWS or columns > 4 * MOST_COLUMNS
    if too_far or columns * lines > MOST_CELLS or stated > MOST_CELLS:
        raise _Refused(TOO_MANY_CELLS)


def _most_unnumbered(sheet: bytes) -> int:
    """The most cells in one row, if there are cells that leave it to the reader to number them."""
    numbered = sum(1 for letters, _ in REFERENCE.findall(sheet) if letters)
    if numbered >= sum(1 for _ in CELL.finditer(sheet)):
        return 0
    return max(sum(1 for _ in CELL.finditer(row)) for row in ROW.split(sheet))


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - 64
    return column


# --- reading what passed -----------------------------------------------------------------------------------------


def _sheets(data: bytes, *, file: str) -> tuple[Sheet, ...]:
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        return tuple(_sheet(workbook, sheet.name, file) for sheet in sheets)
    except (CalamineError, ValueError, OSError) as error:
        raise BadInput([Complaint(DAMAGED, file=file)]) from error
    except BaseException as error:
        # The reader is written in Rust; where it fails without an error of its own, the failure is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise BadInput([Complaint(DAMAGED, file=file)]) from error


def _sheet(workbook: CalamineWorkbook, name: str, file: str) -> Sheet:
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return Sheet(file, name, tuple(tuple(row) for row in rows))
