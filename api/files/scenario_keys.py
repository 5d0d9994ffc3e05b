"""The settings of a scenario, from ``scenario.toml`` or from the sheet 参数 of a workbook, under one table of names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.complaints import nearest_name
from api.files.cells import folded, is_formula_error
from api.files.columns import FORMS, ORDER_TIMES, Column, form_named
from api.files.csv_lists import read_bytes
from api.files.lists import converted
from api.files.table import Cell, Row, Table, is_blank
from api.files.xlsx_lists import Sheet
from geodata.errors import BadInput, Complaint, Text

SETTINGS_SHEETS = frozenset({"参数", "设置", "场景", "scenario", "settings"})
DEFAULT_TIMEZONE = "Asia/Shanghai"

UNKNOWN_KEY = Text("不认识的参数“{key}”", "unknown setting '{key}'")
UNKNOWN_KEY_LIKE = Text("不认识的参数“{key}”，是否为“{like}”？", "unknown setting '{key}'; did you mean '{like}'?")
SAME_KEY = Text("参数“{key}”重复", "the setting '{key}' is given twice")
NOT_A_VALUE = Text("参数“{key}”须为单个值", "the setting '{key}' must be a single value")
NOT_A_TABLE = Text("“{key}”须为一个表", "'{key}' must be a table")
NOT_TABLES = Text("“orders”须写作 [[orders]]", "'orders' must be written as [[orders]]")
NOT_TOML = Text("不是合法的 TOML：{reason}", "is not valid TOML: {reason}")
NOT_UTF8 = Text("须为 UTF-8 编码", "must be in UTF-8")
MORE_CELLS = Text("参数表只有名称和值两列", "the sheet of settings has two columns, name and value")
NO_VALUE_FILE = Text("[files] 中的值须为文件名", "a value in [files] must be a file name")


@dataclass(frozen=True, slots=True)
class Key:
    """A setting: its path in the document, its column (names and meaning), and values in Chinese."""

    path: tuple[str, ...]
    column: Column
    words: Mapping[str, str] = field(default_factory=dict)


def _key(path: str, names: tuple[str, ...], meaning: Any = "text", **words: str) -> Key:
    steps = tuple(path.split("/"))
    return Key(steps, Column(steps[-1], names, meaning), words)


def _minutes(path: str, *names: str) -> Key:
    """A setting kept in seconds, given in minutes; stands after the one for seconds, whose name is the member's."""
    steps = tuple(path.split("/"))
    return Key(steps, Column(steps[-1], names, "number", factor=60))


DATUM_WORDS = {
    "wgs84": "WGS84",
    "wgs-84": "WGS84",
    "gcj02": "GCJ02",
    "gcj-02": "GCJ02",
    "火星坐标": "GCJ02",
    "高德": "GCJ02",
    "bd09": "BD09",
    "bd-09": "BD09",
    "百度": "BD09",
}
REJECT = {"报错": "reject", "拒绝": "reject"}
DATUM_LISTS = ("depots", "sites", "access_points", "closures", "checkpoints", "zones")

KEYS = (
    _key("name", ("名称", "场景名称", "场景")),
    _key("timezone", ("时区",)),
    _key("network", ("网络", "路网", "路网文件")),
    *(Key(("orders", column.field), column) for column in ORDER_TIMES),
    _key("datum", ("坐标系",), **DATUM_WORDS),
    _key("datum/depots", ("储备库坐标系", "datum_depots"), **DATUM_WORDS),
    _key("datum/sites", ("点位坐标系", "datum_sites"), **DATUM_WORDS),
    _key("datum/access_points", ("停靠点坐标系", "datum_access_points"), **DATUM_WORDS),
    _key("datum/closures", ("封闭坐标系", "datum_closures"), **DATUM_WORDS),
    _key("datum/checkpoints", ("检查点坐标系", "datum_checkpoints"), **DATUM_WORDS),
    _key("datum/zones", ("防控区坐标系", "datum_zones"), **DATUM_WORDS),
    _key("settings/after_target", ("超时处理",), 仍送达="deliver_late", 迟到也送="deliver_late", 不送="leave_out"),
    _key("settings/objective", ("目标",), 逐级比较="lexicographic", 计价="prices"),
    _key("settings/prices/priority_1", ("未送达代价1", "price_1"), "number"),
    _key("settings/prices/priority_2", ("未送达代价2", "price_2"), "number"),
    _key("settings/prices/priority_3", ("未送达代价3", "price_3"), "number"),
    _key("settings/snap_limit_m", ("贴路距离上限(米)", "贴路距离上限"), "number"),
    _key("settings/ferries", ("可乘渡轮", "渡轮"), "boolean"),
    _key("settings/service_s", ("固定卸货时间(秒)", "固定卸货时间"), "number"),
    _key("settings/service_per_crate_s", ("每箱卸货时间(秒)", "每箱卸货时间"), "number"),
    _key("settings/vehicle_fixed_cost_s", ("车辆固定成本(秒)", "车辆固定成本"), "number"),
    _key("settings/target_from", ("时限起算",), 下达="order", 按下达="order", 出发="departure", 按出发="departure"),
    _key("settings/longest_route_s", ("最长线路(秒)",), "number"),
    _minutes("settings/longest_route_s", "最长线路(分钟)", "最长线路", "longest_route_min"),
    _key("settings/disinfection_s", ("消毒时间(秒)",), "number"),
    _minutes("settings/disinfection_s", "消毒时间(分钟)", "消毒时间", "disinfection_min"),
    _key("settings/unpreferred_price_s", ("非优先车辆代价(秒)", "非优先车辆代价"), "number"),
    _key("settings/longest_route_price", ("最长线路代价(每秒)", "最长线路代价"), "number"),
    _key("settings/change_price_s", ("变动代价(秒)", "变动代价"), "number"),
    _key("settings/unreadable_hours", ("无法识别的时间",), 列出="list", **REJECT),
    _key("settings/bad_rows", ("问题行",), 跳过="skip", **REJECT),
)


@dataclass(frozen=True, slots=True)
class Given:
    """One setting as written: in which table of the TOML file ("" at the top), under which name, on which row."""

    section: tuple[str, ...]
    name: str
    value: Any
    row: int | None

    @property
    def shown(self) -> str:
        return ".".join((*self.section, self.name))


@dataclass(frozen=True, slots=True)
class ScenarioKeys:
    """``raw``: the document's members set here. ``places``: where each of them, by path, was written."""

    file: str
    sheet: str
    raw: dict[str, Any]
    places: Mapping[tuple[str, ...], Given]
    complaints: tuple[Complaint, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    orders: Table | None = None

    @property
    def zone(self) -> tzinfo:
        """The scenario's timezone; the usual one where none, or none that exists, is given."""
        try:
            return ZoneInfo(str(self.raw.get("timezone", DEFAULT_TIMEZONE)))
        except (KeyError, ValueError, OSError):
            return ZoneInfo(DEFAULT_TIMEZONE)

    def locate(self, complaint: Complaint, path: tuple[str, ...]) -> Complaint:
        """The complaint at the setting it is about, or at the file where the setting is missing."""
        given = self.places.get(path)
        if given is not None:
            return Complaint(complaint.message, self.file, self.sheet, given.row, given.shown)
        return Complaint(complaint.message, self.file, self.sheet, column=_shown_path(path))


def _shown_path(path: tuple[str, ...]) -> str:
    key = next((key for key in KEYS if key.path == path), None)
    name = "order_at" if path[0] == "orders" and len(path) == 1 else ".".join(path)
    return name if key is None else f"{key.column.names[0]} ({name})"


# --- TOML --------------------------------------------------------------------------------------------------------


def read_toml(path: Path) -> ScenarioKeys:
    """The settings in ``scenario.toml``. Raises BadInput if it is not TOML."""
    file = path.name
    text = _toml_text(read_bytes(path), file)
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        line = re.search(r"at line (\d+)", str(error))
        row = int(line[1]) if line else max(1, len(text.splitlines()))
        reason = str(error).splitlines()[0][:200]
        message = Text(NOT_TOML.zh.format(reason=reason), NOT_TOML.en.format(reason=reason))
        raise BadInput([Complaint(message, file=file, row=row)]) from error
    rows = _key_rows(text)
    complaints: list[Complaint] = []
    files = _files(value.pop("files", {}), file, complaints)
    orders = _orders(value, file, rows, complaints)
    given = list(_flattened(value, rows))
    return _gathered(given, file=file, sheet="", complaints=complaints, files=files, orders=orders)


def _toml_text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BadInput([Complaint(NOT_UTF8, file=file)]) from error


def _key_rows(text: str) -> dict[tuple[str, ...], int]:
    """The line of each ``key =``; good enough to show, since the values themselves come from the TOML reader."""
    rows: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    orders = 0
    for number, line in enumerate(text.splitlines(), 1):
        table = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
        key = re.match(r"""\s*["']?([^"'=#\[\]]+?)["']?\s*=""", line)
        if table:
            section = tuple(step.strip(" \"'") for step in table[1].split("."))
            rows.setdefault(section, number)
            if section == ("orders",):
                rows["orders", str(orders)] = number
                orders += 1
        elif key:
            rows.setdefault((*section, *(step.strip(" \"'") for step in key[1].split("."))), number)
    return rows


def _flattened(
    value: Mapping[str, Any], rows: Mapping[tuple[str, ...], int], section: tuple[str, ...] = ()
) -> Iterator[Given]:
    for name, item in value.items():
        path = (*section, name)
        if isinstance(item, dict) and len(path) < 4:
            yield from _flattened(item, rows, path)
        else:
            yield Given(section, name, item, rows.get(path) or rows.get(section))


def _files(value: object, file: str, complaints: list[Complaint]) -> dict[str, str]:
    if not isinstance(value, dict):
        message = Text(NOT_A_TABLE.zh.format(key="files"), NOT_A_TABLE.en.format(key="files"))
        complaints.append(Complaint(message, file=file, column="files"))
        return {}
    files: dict[str, str] = {}
    for name, item in value.items():
        form = form_named(name)
        if form is None:
            like = nearest_name(name, (known.name for known in FORMS))
            complaints.append(
                Complaint(_unknown(f"files.{name}", f"files.{like}" if like else ""), file=file, column=name)
            )
        elif not isinstance(item, str) or not item.strip():
            complaints.append(Complaint(NO_VALUE_FILE, file=file, column=f"files.{name}"))
        else:
            files[form.name] = item.strip()
    return files


def _orders(
    value: dict[str, Any], file: str, rows: Mapping[tuple[str, ...], int], complaints: list[Complaint]
) -> Table | None:
    orders = value.pop("orders", None)
    if orders is None:
        return None
    if not isinstance(orders, list) or not orders or not all(isinstance(order, dict) for order in orders):
        complaints.append(Complaint(NOT_TABLES, file=file, row=rows.get(("orders",)), column="orders"))
        return None
    headings = tuple(dict.fromkeys(name for order in orders for name in order))
    cells = [tuple(_plain(order.get(name)) for name in headings) for order in orders]
    first = rows.get(("orders",))
    numbers = [rows.get(("orders", str(index)), first) for index in range(len(orders))]
    table_rows = tuple(Row(number, row) for number, row in zip(numbers, cells, strict=True))
    return Table(file, "", headings, first, table_rows)


def _plain(value: Any) -> Cell:
    return repr(value) if isinstance(value, dict | list) else value


def _unknown(key: str, like: str) -> Text:
    message = UNKNOWN_KEY_LIKE if like else UNKNOWN_KEY
    return Text(message.zh.format(key=key, like=like), message.en.format(key=key, like=like))


# --- the sheet of a workbook -------------------------------------------------------------------------------------


def read_settings_sheet(sheet: Sheet) -> ScenarioKeys:
    """The settings on a sheet with two columns, 名称 and 值; a heading line is passed over."""
    given: list[Given] = []
    complaints: list[Complaint] = []
    for number, row in enumerate(sheet.grid, 1):
        cells = [*row, None, None]
        if any(not is_blank(cell) for cell in row[2:]):
            complaints.append(Complaint(MORE_CELLS, sheet.file, sheet.name, number))
        heading = number == 1 and folded(str(cells[1])) in {"值", "value", "取值"}
        if not is_blank(cells[0]) and not is_blank(cells[1]) and not heading:
            given.append(Given((), " ".join(str(cells[0]).split()), cells[1], number))
    return _gathered(given, file=sheet.file, sheet=sheet.name, complaints=complaints)


# --- names to members --------------------------------------------------------------------------------------------


def _gathered(
    given: Sequence[Given],
    *,
    file: str,
    sheet: str,
    complaints: list[Complaint],
    files: Mapping[str, str] | None = None,
    orders: Table | None = None,
) -> ScenarioKeys:
    places: dict[tuple[str, ...], Given] = {}
    keys: dict[tuple[str, ...], Key] = {}
    for item in given:
        key = _key_of(item)
        problem = _problem(item, key, places)
        if problem is not None or key is None:
            complaints.append(Complaint(problem or NOT_UTF8, file, sheet, item.row, item.shown))
        else:
            places[key.path], keys[key.path] = item, key
    raw: dict[str, Any] = {}
    result = ScenarioKeys(file, sheet, raw, places, tuple(complaints), files or {}, orders)
    for path in sorted(places, key=lambda path: path != ("timezone",)):
        _put(raw, path, _value(places[path].value, keys[path], result.zone))
    _finish_datum(raw)
    _finish_orders(raw)
    return result


def _key_of(item: Given) -> Key | None:
    """A key by its name, said in full (``settings.service_s``), or by its name alone at the top."""
    name = folded(item.name)
    for key in KEYS:
        names = {folded(other) for other in (*key.column.names, key.path[-1])}
        if name in names and item.section in (key.path[:-1], ()):
            if key.path[0] == "datum" and len(key.path) > 1 and not item.section and name == key.path[-1]:
                continue
            return key
    return None


def _problem(item: Given, key: Key | None, places: Mapping[tuple[str, ...], Given]) -> Text | None:
    if key is None:
        known = {name: name for key in KEYS for name in (key.path[-1], *key.column.names)}
        return _unknown(item.shown, nearest_name(item.name, known))
    if isinstance(item.value, dict | list):
        return Text(NOT_A_VALUE.zh.format(key=item.shown), NOT_A_VALUE.en.format(key=item.shown))
    if key.path in places:
        return Text(SAME_KEY.zh.format(key=item.shown), SAME_KEY.en.format(key=item.shown))
    if is_formula_error(item.value):
        return Text(f"公式出错：{item.value}", f"the formula failed: {item.value}")
    return None


def _value(cell: Cell, key: Key, zone: tzinfo) -> object:
    value = converted(cell, key.column, zone)
    if not key.words:
        # In TOML a text is written as text: a number there is a mistake the examination should see.
        return value
    word = folded(str(value))
    return key.words.get(word, value)


def _put(raw: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for step in path[:-1]:
        raw = raw.setdefault(step, {})
    raw[path[-1]] = value


def _finish_datum(raw: dict[str, Any]) -> None:
    """``datum = "BD09"`` alone is meant for every list."""
    if isinstance(raw.get("datum"), str):
        raw["datum"] = dict.fromkeys(DATUM_LISTS, raw["datum"])


def _finish_orders(raw: dict[str, Any]) -> None:
    if "orders" in raw:
        raw["orders"] = [{"id": "1"} | raw["orders"]]
