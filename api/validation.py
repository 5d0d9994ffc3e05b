"""Is this a scenario? Every complaint at once, each at its JSON pointer; the same judgement for HTTP and for files.

A reader of files turns its lists into the document's shape, has it examined here, and translates the pointers back into
file, sheet, row and column.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from api.complaints import complaint_at, nearest_name, pointer_to
from api.cross_checks import ENTRIES, cross_complaints, cross_warnings, readable_parts
from api.restriction_checks import restriction_complaints
from api.schemas import (
    DatumByList,
    DemandEntry,
    Document,
    GeometryEntry,
    PointEntry,
    ScenarioDocument,
    Settings,
    StockEntry,
    UnservedPrices,
)
from geodata.errors import BadInput, Complaint, Text

MOST_DEPTH = 64
# Leaving out a dispatch order would move the clock of every other one, a lock is a decision, and a plan must not use
# roads because somebody misspelt their closure, nor be too fast for a jam that was left out: they are never skipped.
SKIPPABLE = frozenset(ENTRIES) - {"orders", "locks", "closures", "checkpoints", "zones", "hour_factors"}
MAY_BE_EMPTY = frozenset({"access_points", "drivers", "passes"})
LINES: dict[str, type[Document]] = {
    "demand": DemandEntry,
    "stock": StockEntry,
    "geometry": GeometryEntry,
    "gates": PointEntry,
}
TABLES: dict[tuple[str, ...], type[Document]] = {
    (): ScenarioDocument,
    ("datum",): DatumByList,
    ("settings",): Settings,
    ("settings", "prices"): UnservedPrices,
}

Row = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sound scenario, and what was noticed or left out on the way to it."""

    document: ScenarioDocument
    warnings: tuple[Complaint, ...] = ()


def validate_scenario(raw: object) -> ScenarioDocument:
    """The scenario document in ``raw`` (what JSON gives). Raises BadInput with every complaint by JSON pointer."""
    return examine_scenario(raw).document


def examine_scenario(raw: object, *, found: Iterable[Complaint] = (), unread: frozenset[str] = frozenset()) -> Verdict:
    """Like ``validate_scenario``, with warnings and what ``settings.bad_rows = "skip"`` left out.

    ``found`` are complaints a reader of files already has, and ``unread`` the lists ("sites") and list columns
    ("sites/lon") it could not read: what is missing there, or refers to them, is not complained of a second time.
    """
    clean, complaints = _clean(raw)
    if not isinstance(clean, dict):
        raise BadInput([*found, *complaints, complaint_at("", NOT_AN_OBJECT)])
    case = _Case(clean, [*found, *complaints], unread, frozenset(complaint.pointer for complaint in complaints))
    return _examine_skipping(case) if _skips(clean) else _examine(case)


# --- judging as a whole, or row by row ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """What is to be judged, what is already known against it, and pointers that need no second complaint."""

    raw: dict[str, Any]
    complaints: list[Complaint]
    unread: frozenset[str]
    settled: frozenset[str]

    def with_more(self, complaints: Iterable[Complaint], more: Iterable[Complaint]) -> list[Complaint]:
        new = (complaint for complaint in more if complaint.pointer not in self.settled)
        return sorted(dict.fromkeys([*complaints, *new]), key=_in_order)


def _examine(case: _Case) -> Verdict:
    judgement = _judge(case.raw, case.unread)
    complaints = case.with_more(case.complaints, judgement.complaints)
    if complaints or judgement.document is None:
        raise BadInput(complaints or [complaint_at("", NOT_AN_OBJECT)])
    return Verdict(judgement.document, judgement.warnings)


def _examine_skipping(case: _Case) -> Verdict:
    """Leaves out rows with complaints, then what referred to them, until nothing is left to complain of."""
    left_out: dict[Row, Complaint] = {}
    complaints = case.complaints
    while True:
        kept = {name: _kept(case.raw.get(name), name, left_out) for name in ENTRIES}
        judgement = _judge(_without(case.raw, kept), case.unread)
        complaints = case.with_more(complaints, (_moved(complaint, kept) for complaint in judgement.complaints))
        if not complaints and judgement.document is not None:
            warnings = (_moved(warning, kept) for warning in judgement.warnings)
            return Verdict(judgement.document, (*map(_left_out, left_out.values()), *warnings))
        rows = {_row_of(complaint): complaint for complaint in reversed(complaints)}
        if not rows or not all(row and row[0] in SKIPPABLE for row in rows) or _empties(rows, kept):
            raise BadInput([*left_out.values(), *complaints])
        left_out |= {row: complaint for row, complaint in reversed(rows.items()) if row}
        complaints = []


def _skips(raw: Mapping[str, Any]) -> bool:
    settings = raw.get("settings")
    return isinstance(settings, dict) and settings.get("bad_rows") == "skip"


def _kept(entries: object, name: str, left_out: Mapping[Row, Complaint]) -> list[int]:
    return (
        [index for index in range(len(entries)) if (name, index) not in left_out] if isinstance(entries, list) else []
    )


def _without(raw: dict[str, Any], kept: Mapping[str, list[int]]) -> dict[str, Any]:
    chosen = {name: [raw[name][index] for index in kept[name]] for name in kept if isinstance(raw.get(name), list)}
    return raw | chosen


def _row_of(complaint: Complaint) -> Row | None:
    steps = complaint.pointer.split("/")
    return (steps[1], int(steps[2])) if len(steps) > 2 and steps[1] in ENTRIES and steps[2].isdecimal() else None


def _moved(complaint: Complaint, kept: Mapping[str, list[int]]) -> Complaint:
    """The complaint with the row number the entry had before others were left out."""
    row = _row_of(complaint)
    if row is None or row[1] >= len(kept[row[0]]):
        return complaint
    rest = complaint.pointer.split("/")[3:]
    return replace(complaint, pointer="/".join(["", row[0], str(kept[row[0]][row[1]]), *rest]))


def _empties(rows: Iterable[Row | None], kept: Mapping[str, list[int]]) -> bool:
    losses = Counter(row[0] for row in rows if row)
    return any(loss >= len(kept[name]) for name, loss in losses.items() if name not in MAY_BE_EMPTY)


def _left_out(complaint: Complaint) -> Complaint:
    message = complaint.message
    return replace(complaint, message=Text(f"此行已跳过：{message.zh}", f"this row was left out: {message.en}"))


NOT_AN_OBJECT = Text("应为一个场景对象", "must be a scenario object")
TOO_DEEP = Text("嵌套超过 {most} 层", "nested more than {most} levels deep")
NOT_FINITE = Text("须为有限的数", "must be a finite number")
CONTROL = Text("含有不可见的控制字符 {code}", "holds the control character {code}")
NOT_JSON = Text("此类值不能出现在场景中", "a value of this type has no place in a scenario")


# --- values no scenario may hold, wherever they stand -------------------------------------------------------------


def _clean(raw: object) -> tuple[object, list[Complaint]]:
    """A copy without what JSON cannot carry, so that the rest can still be judged, and complaints about it."""
    complaints: list[Complaint] = []
    return _clean_value(raw, (), complaints), complaints


def _clean_value(value: object, path: tuple[str | int, ...], complaints: list[Complaint]) -> object:
    if isinstance(value, str):
        return _clean_text(value, path, complaints)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return max(-(10**18), min(value, 10**18))
    if isinstance(value, float):
        return _clean_number(value, path, complaints)
    return _clean_container(value, path, complaints)


def _clean_container(value: object, path: tuple[str | int, ...], complaints: list[Complaint]) -> object:
    if not isinstance(value, dict | list | tuple):
        complaints.append(complaint_at(pointer_to(*path), NOT_JSON))
        return None
    if len(path) >= MOST_DEPTH:
        complaints.append(complaint_at(pointer_to(*path[:3]), TOO_DEEP, most=MOST_DEPTH))
        return None
    if isinstance(value, dict):
        return {
            _clean_text(str(key), path, complaints): _clean_value(item, (*path, str(key)), complaints)
            for key, item in value.items()
        }
    return [_clean_value(item, (*path, index), complaints) for index, item in enumerate(value)]


def _clean_number(value: float, path: tuple[str | int, ...], complaints: list[Complaint]) -> float | int | None:
    if not math.isfinite(value):
        complaints.append(complaint_at(pointer_to(*path), NOT_FINITE))
        return None
    # JSON has one kind of number: 20.0 is a whole one.
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _clean_text(value: str, path: tuple[str | int, ...], complaints: list[Complaint]) -> str:
    if value.isprintable():
        return value
    bad = [character for character in value if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")]
    if bad:
        complaints.append(complaint_at(pointer_to(*path), CONTROL, code=f"U+{ord(bad[0]):04X}"))
    return "".join(character for character in value if character not in bad)


# --- shape: what pydantic says, in both languages -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judgement:
    document: ScenarioDocument | None
    complaints: list[Complaint]
    warnings: tuple[Complaint, ...]


def _judge(raw: dict[str, Any], unread: frozenset[str]) -> _Judgement:
    document, complaints = _shape(raw, unread)
    parts = readable_parts(raw, document, unread)
    found = [*complaints, *cross_complaints(parts), *restriction_complaints(parts)]
    return _Judgement(document, found, tuple(cross_warnings(parts)))


def _in_order(complaint: Complaint) -> tuple[int, int]:
    row = _row_of(complaint)
    return (list(ENTRIES).index(row[0]), row[1]) if row else (-1, 0)


def _shape(raw: dict[str, Any], unread: frozenset[str]) -> tuple[ScenarioDocument | None, list[Complaint]]:
    try:
        return ScenarioDocument.model_validate_json(json.dumps(raw), strict=True), []
    except ValidationError as errors:
        details = errors.errors(include_url=False)
        return None, [translated(detail, _members) for detail in details if not _is_echo(detail, unread)]


def _is_echo(detail: Any, unread: frozenset[str]) -> bool:
    """Pydantic counts only good items ("too short" when all are bad), and a reader has named what it could not read."""
    loc, kind = detail["loc"], detail["type"]
    if kind == "too_short" and detail["input"]:
        return True
    if loc[0] in unread and len(loc) == 1:
        return True
    # sites/3/lon is in the column sites/lon; sites/3/demand/0/units in sites/demand/units, the column of a list
    return kind == "missing" and "/".join(step for step in loc if isinstance(step, str)) in unread


MESSAGES = {
    "missing": Text("缺少此项", "is missing"),
    "string_type": Text("须为文字", "must be text"),
    "string_too_short": Text("不能为空", "must not be empty"),
    "string_too_long": Text("超过 {max_length} 个字", "is longer than {max_length} characters"),
    "int_type": Text("须为整数，而不是 {input}", "must be a whole number, not {input}"),
    "int_parsing": Text("须为整数，而不是 {input}", "must be a whole number, not {input}"),
    "int_parsing_size": Text("数值过大", "is too large a number"),
    "int_from_float": Text("须为整数，而不是 {input}", "must be a whole number, not {input}"),
    "float_type": Text("须为数字，而不是 {input}", "must be a number, not {input}"),
    "float_parsing": Text("须为数字，而不是 {input}", "must be a number, not {input}"),
    "finite_number": NOT_FINITE,
    "greater_than": Text("须大于 {gt}，而不是 {input}", "must be greater than {gt}, not {input}"),
    "greater_than_equal": Text("不得小于 {ge}，而不是 {input}", "must be at least {ge}, not {input}"),
    "less_than": Text("须小于 {lt}，而不是 {input}", "must be less than {lt}, not {input}"),
    "less_than_equal": Text("不得大于 {le}，而不是 {input}", "must be at most {le}, not {input}"),
    "bool_type": Text("须为是或否，而不是 {input}", "must be yes or no (true or false), not {input}"),
    "literal_error": Text("须为 {expected} 之一，而不是 {input}", "must be {expected}, not {input}"),
    "enum": Text("须为 {expected} 之一，而不是 {input}", "must be {expected}, not {input}"),
    "datetime_type": Text(
        "须为日期时间文字，如 2022-11-23T07:30:00+08:00", "must be a time such as 2022-11-23T07:30:00+08:00"
    ),
    "datetime_parsing": Text(
        "不是日期时间：{input}；应如 2022-11-23T07:30:00+08:00", "not a time: {input}; write 2022-11-23T07:30:00+08:00"
    ),
    "datetime_from_date_parsing": Text(
        "不是日期时间：{input}；应如 2022-11-23T07:30:00+08:00", "not a time: {input}; write 2022-11-23T07:30:00+08:00"
    ),
    "timezone_aware": Text(
        "时间须带时区，如 2022-11-23T07:30:00+08:00", "needs an offset from UTC, as in 2022-11-23T07:30:00+08:00"
    ),
    "too_short": Text("至少要有一项", "must hold at least one entry"),
    "too_long": Text("超过 {max_length} 项", "holds more than {max_length} entries"),
    "tuple_type": Text("须为列表", "must be a list"),
    "model_type": Text("须为对象", "must be an object"),
    "dict_type": Text("须为对象", "must be an object"),
}
OTHER = Text("此值无法识别：{input}", "cannot be read: {input}")
UNKNOWN_MEMBER = Text("不认识此项", "is not a known member")
UNKNOWN_MEMBER_LIKE = Text("不认识此项，是否为“{like}”？", "is not a known member; did you mean '{like}'?")
NOT_A_GEOMETRY = Text(
    "须为 GeoJSON 图形；清单中写作 WKT，如 LINESTRING (…) 或 POLYGON ((…))",
    "must be a GeoJSON geometry; in a list, write WKT such as LINESTRING (121.60 38.90, 121.61 38.90)",
)
SWAPPED_RANGE = Text(
    "纬度不得超过 ±90，而不是 {input}；经度与纬度是否写反了？",
    "a latitude is at most ±90, not {input}; were longitude and latitude swapped?",
)


def translated(detail: Any, members: Callable[[tuple[str | int, ...]], Iterable[str]]) -> Complaint:
    """One of pydantic's errors in both languages. ``members``: what an object at a path may hold."""
    loc, kind = detail["loc"], detail["type"]
    pointer = pointer_to(*loc)
    if kind == "extra_forbidden":
        like = nearest_name(str(loc[-1]), members(loc[:-1]))
        return complaint_at(pointer, UNKNOWN_MEMBER_LIKE if like else UNKNOWN_MEMBER, like=like)
    if loc[-1:] == ("geometry",) and kind == "model_type":
        return complaint_at(pointer, NOT_A_GEOMETRY)
    if (
        kind in ("less_than_equal", "greater_than_equal")
        and str(loc[-1]).endswith("lat")
        and abs(detail["input"]) <= 180
    ):
        return complaint_at(pointer, SWAPPED_RANGE, input=_shown(detail["input"]))
    words = {name: _figure(value) for name, value in detail.get("ctx", {}).items()}
    return complaint_at(pointer, MESSAGES.get(kind, OTHER), **(words | {"input": _shown(detail["input"])}))


def _members(path: tuple[str | int, ...]) -> Iterable[str]:
    table = TABLES.get(tuple(str(step) for step in path))
    if table is None:
        line = next((entry for member, entry in LINES.items() if member in path), None)
        table = line or ENTRIES.get(str(path[0]))
    return table.model_fields if table else ()


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _figure(value: object) -> str | Text:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return Text(text.replace(" or ", "、").replace(", ", "、"), text)
