"""How much slower each class of road is at each hour of the day, from a CSV file ``class,hour,factor``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from geodata.errors import BadInput, Complaint, Text
from geodata.tags import ROADS

ANY_CLASS = "*"
_COLUMNS = ("class", "hour", "factor")
_IN_CHINESE = MappingProxyType({"道路等级": "class", "小时": "hour", "系数": "factor"})
_LEAST, _MOST = 0.1, 20.0


@dataclass(frozen=True, slots=True)
class HourlyFactors:
    """Factors of the time by class (a value of ``highway``, or "*") and hour (0 to 23)."""

    by_class_and_hour: Mapping[tuple[str, int], float]

    def of(self, road_class: str, hour: int) -> float:
        """The class's own factor, else that of any class, else 1."""
        own = self.by_class_and_hour.get((road_class, hour))
        return self.by_class_and_hour.get((ANY_CLASS, hour), 1.0) if own is None else own


def read_hourly_factors(path: Path) -> HourlyFactors:
    """Factors of a CSV file in UTF-8 or GB 18030. Raises ``BadInput`` with everything that is wrong with it."""
    rows = csv.reader(io.StringIO(_text(path), newline=""))
    try:
        table = [[cell.strip() for cell in row] for row in rows]
    except csv.Error:
        raise BadInput.one("不是有效的 CSV 表格", "is not a valid CSV table", file=str(path)) from None
    places = _places(table[0] if table else [], path)
    complaints: list[Complaint] = []
    factors: dict[tuple[str, int], float] = {}
    for number, row in enumerate(table[1:], start=2):
        if any(row):
            entry = _Row(str(path), number, {name: row[at] if at < len(row) else "" for name, at in places.items()})
            wrong = list(entry.complaints(factors))
            complaints += wrong
            if not wrong:
                factors[entry.key] = float(entry.cells["factor"])
    if not complaints and not factors:
        complaints.append(Complaint(Text("表中没有任何系数", "holds no factor"), file=str(path)))
    if complaints:
        raise BadInput(complaints)
    return HourlyFactors(MappingProxyType(factors))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError:
        raise BadInput.one("无法读取文件", "cannot be read", file=str(path)) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput.one("文件编码既不是 UTF-8 也不是 GB 18030", "is neither UTF-8 nor GB 18030", file=str(path))


def _places(header: list[str], path: Path) -> dict[str, int]:
    names = [_IN_CHINESE.get(name, name.lower()) for name in header]
    missing = [
        Complaint(Text(f"缺少“{name}”列", f"lacks the column {name!r}"), file=str(path), row=1, column=name)
        for name in _COLUMNS
        if name not in names
    ]
    if missing:
        raise BadInput(missing)
    return {name: names.index(name) for name in _COLUMNS}


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    number: int
    cells: Mapping[str, str]

    @property
    def key(self) -> tuple[str, int]:
        return self.cells["class"], int(self.cells["hour"])

    def complaints(self, earlier: Mapping[tuple[str, int], float]) -> Iterator[Complaint]:
        known, hour, factor = self.cells["class"], self.cells["hour"], self.cells["factor"]
        if known not in ROADS and known not in {ANY_CLASS, "ferry"}:
            zh = f"未知的道路等级“{known}”；应为 highway 的取值，例如 primary，或用 * 表示所有等级"
            yield self._at("class", zh, f"unknown class {known!r}; a value of highway such as primary, or * for any")
        if not _is_hour(hour):
            yield self._at("hour", f"“{hour}”不是 0 到 23 的整数", f"{hour!r} is not a whole number from 0 to 23")
        elif (known, int(hour)) in earlier:
            yield self._at("hour", "该道路等级在这一小时已有系数", "this class already has a factor for this hour")
        if not _is_factor(factor):
            zh = f"“{factor}”不是 {_LEAST} 到 {_MOST} 之间的数"
            yield self._at("factor", zh, f"{factor!r} is not a number from {_LEAST} to {_MOST}")

    def _at(self, column: str, zh: str, en: str) -> Complaint:
        return Complaint(Text(zh, en), file=self.file, row=self.number, column=column)


def _is_hour(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= 23


def _is_factor(text: str) -> bool:
    try:
        return _LEAST <= float(text) <= _MOST
    except ValueError:
        return False
