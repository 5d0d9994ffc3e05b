"""Lists as CSV: the encodings and separators Excel and its relatives write."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from api.files.table import MOST_ROWS, Table, table_from_grid
from geodata.errors import BadInput, Complaint, Text

MOST_BYTES = 50 * 2**20
SEPARATORS = (",", ";", "\t")

NOT_TEXT = Text(
    "编码无法识别（可用 UTF-8、GB18030 或带 BOM 的 UTF-16）",
    "is in no known encoding (UTF-8, GB18030, UTF-16 with a BOM)",
)
HAS_NUL = Text("含有空字符，不是文本文件", "holds NUL bytes, so it is not a text file")
TOO_LARGE = Text("文件超过 50 MB 的上限", "is larger than the limit of 50 MB")
NOT_A_FILE = Text("不是文件", "is not a file")
UNREADABLE = Text("无法读取：{reason}", "cannot be read: {reason}")
QUOTES = Text("引号没有闭合或位置不对", "quotation marks are not closed or stand in the wrong place")


def read_bytes(path: Path, *, most: int = MOST_BYTES) -> bytes:
    """The content of a file. Raises BadInput if it is none, cannot be read, or is too large."""
    try:
        if not path.is_file():
            raise BadInput([Complaint(NOT_A_FILE, file=path.name)])
        if path.stat().st_size > most:
            raise BadInput([Complaint(TOO_LARGE, file=path.name)])
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        message = Text(UNREADABLE.zh.format(reason=reason), UNREADABLE.en.format(reason=reason))
        raise BadInput([Complaint(message, file=path.name)]) from error


def decoded(data: bytes, *, file: str) -> str:
    """Text in UTF-8, GB18030 or UTF-16 with a BOM. Raises BadInput otherwise."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise BadInput([Complaint(HAS_NUL, file=file)])
        return text
    raise BadInput([Complaint(NOT_TEXT, file=file)])


def read_csv(path: Path) -> Table:
    """The list in a CSV file. Raises BadInput."""
    text = decoded(read_bytes(path), file=path.name)
    return table_from_grid(_grid(text, file=path.name), file=path.name)


def _grid(text: str, *, file: str) -> list[list[str]]:
    grid: list[list[str]] = []
    csv.field_size_limit(MOST_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        for row in reader:
            grid.append(row)
            if len(grid) > MOST_ROWS + 20:
                break
    except csv.Error as error:
        raise BadInput([Complaint(QUOTES, file=file, row=len(grid) + 1)]) from error
    return grid


def _separator(text: str) -> str:
    """The separator that stands most often in the first line that has any."""
    for line in text.splitlines()[:20]:
        outside = "".join(line.split('"')[::2])
        best = max(SEPARATORS, key=outside.count)
        if best in outside:
            return best
    return ","
