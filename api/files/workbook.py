"""A finished plan as an Excel workbook: what a coordinator reads, filters and prints.

Nothing in it is a formula: text that a spreadsheet would take for one stays text. Same plan, same language: same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, cast
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from api.schemas import (
    Bilingual,
    DirectionsDocument,
    LineEntry,
    LoopEntry,
    PlanDocument,
    ReasonEntry,
    RouteEntry,
    StopEntry,
    UnservedEntry,
)
from geodata.errors import Text

Value = str | int | float | datetime | timedelta | None
Row = Sequence[Value]

CLOCK = "hh:mm:ss"
CLOCK_AND_DATE = "yyyy-mm-dd hh:mm:ss"
DURATION = "[h]:mm:ss"
_DECIMALS = "#,##0.0##"
_DEGREES = "0.0000000"
_LONGEST_TEXT = 32_767
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t")
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Column:
    heading: Text
    width: float
    format: str = _DECIMALS
    """Of its numbers that are not whole."""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: name, columns, and rows of values in column order."""

    name: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns instants into the local wall time a cell holds (a cell knows no time zone)."""

    zone: ZoneInfo
    day: date

    @classmethod
    def of(cls, plan: PlanDocument) -> Clock:
        zone = ZoneInfo(plan.scenario.timezone)
        return cls(zone, plan.orders[0].order_at.astimezone(zone).date())

    def __call__(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def format(self, local: datetime) -> str:
        """The date is written only where it is not that of the first order."""
        return CLOCK if local.date() == self.day else CLOCK_AND_DATE


def write_workbook(
    plan: PlanDocument, stream: IO[bytes], *, directions: DirectionsDocument | None = None, lang: str = "zh"
) -> None:
    """Write the plan as .xlsx with complete headings in ``lang`` ("zh" or "en"), and the turn lists if they are given."""
    clock = Clock.of(plan)
    ordered_at = plan.orders[0].order_at
    tables = [*_tables(plan, clock, lang), *([_directions(directions, lang)] if directions else [])]
    write_tables(tables, stream, clock=clock, title=plan.scenario.name, at=ordered_at, lang=lang)


def write_tables(
    tables: Iterable[Table], stream: IO[bytes], *, clock: Clock, title: str, at: datetime, lang: str
) -> None:
    """Write the tables as .xlsx, a sheet each; ``at``: the instant it says it was made at."""
    book = Workbook()
    book.remove(book["Sheet"])
    for table in tables:
        _write_sheet(book.create_sheet(table.name.in_language(lang)), table, clock, lang)
    ordered_at = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.created = ordered_at
    book.properties.creator = "Baogong"
    book.properties.title = _printable(title)
    raw = io.BytesIO()
    book.save(raw)
    _copy_without_clock(raw, stream, ordered_at)


def _tables(plan: PlanDocument, clock: Clock, lang: str) -> tuple[Table, ...]:
    return (
        _summary(plan, clock, lang),
        _routes(plan, clock),
        _stops(plan, clock, lang),
        _late_and_unserved(plan, clock, lang),
        _loads(plan, clock, lang),
        *((_transfers(plan, clock),) if plan.transfers else ()),
        *((_restrictions(plan, lang),) if plan.restrictions else ()),
        *((_changes(plan, clock),) if plan.changes else ()),
    )


# --- what the sheets say ----------------------------------------------------------------------------------------


IN_TIME, LATE, UNSERVED = Text("按时", "in time"), Text("迟到", "late"), Text("未送达", "unserved")
_YES, _NO = Text("是", "yes"), Text("否", "no")


def _summary(plan: PlanDocument, clock: Clock, lang: str) -> Table:
    rows = [(label.in_language(lang), value) for label, value in _figures(plan, clock, lang)]
    warning = Text("提醒", "Warning").in_language(lang)
    rows += [(warning, text.en if lang == "en" else text.zh) for text in plan.warnings]
    columns = (Column(Text("项目", "Item"), 30), Column(Text("内容", "Value"), 70))
    return Table(Text("概要", "Summary"), columns, tuple(rows))


def _figures(plan: PlanDocument, clock: Clock, lang: str) -> Iterator[tuple[Text, Value]]:
    summary, first = plan.summary, plan.orders[0]
    yield Text("方案名称", "Scenario"), plan.scenario.name
    for order in plan.orders:
        yield Text(f"调配指令 {order.id}", f"Dispatch order {order.id}"), clock(order.order_at)
        yield Text(f"送达时限 {order.id}", f"Dispatch target {order.id}"), timedelta(seconds=order.target_s)
    yield Text("时区", "Time zone"), plan.scenario.timezone
    yield Text("地点数", "Sites"), summary.sites
    yield Text("已送达地点", "Sites served"), summary.sites_served
    yield Text("配送任务", "Visits"), summary.visits
    yield Text("按时", "Served in time"), summary.served_in_time
    yield Text("迟到", "Served late"), summary.served_late
    yield Text("未送达", "Unserved"), summary.unserved
    if summary.latest_start_s is not None:
        yield Text("最后开始卸货", "Last unloading begins"), clock(_after(first.order_at, summary.latest_start_s))
    yield Text("可用车辆", "Vehicles available"), summary.vehicles
    yield Text("使用车辆", "Vehicles used"), summary.vehicles_used
    yield Text("行驶里程（公里）", "Distance driven (km)"), _km(summary.length_m)
    yield Text("行驶时间", "Driving time"), timedelta(seconds=summary.travel_s)
    yield Text("总重量（千克）", "Load (kg)"), summary.load.kg
    yield Text("总体积（立方米）", "Load (m³)"), summary.load.m3
    yield Text("总箱数", "Load (crates)"), summary.load.crates
    yield Text("规则检查", "Rules checked"), Text("通过", "passed").in_language(lang)
    if summary.skipped:
        yield Text("未检查的规则", "Rules not checked"), ", ".join(summary.skipped)
    yield Text("求解引擎", "Solver"), f"{plan.solver.engine} {plan.solver.engine_version}"
    yield Text("随机种子", "Seed"), plan.solver.seed
    yield Text("可复现", "Reproducible"), (_YES if summary.reproducible else _NO).in_language(lang)
    yield Text("路网", "Road network"), f"{plan.network.name} ({plan.network.fingerprint})"
    yield Text("地图数据", "Map data"), plan.network.attribution


def _after(instant: datetime, seconds: int) -> datetime:
    """Seconds later in real time, whatever the clocks do that night."""
    return (instant.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(instant.tzinfo)


_VEHICLE = (Column(Text("车辆", "Vehicle"), 16), Column(Text("趟次", "Loop"), 7))
_LOAD = (
    Column(Text("重量（千克）", "Load (kg)"), 11),
    Column(Text("体积（立方米）", "Load (m³)"), 11),
    Column(Text("箱数", "Crates"), 8),
)


def _routes(plan: PlanDocument, clock: Clock) -> Table:
    columns = (
        *_VEHICLE,
        Column(Text("车辆名称", "Vehicle name"), 18),
        Column(Text("车型", "Vehicle kind"), 12),
        Column(Text("司机", "Driver"), 14),
        Column(Text("需先踏勘的点位", "Sites new to the driver"), 24),
        Column(Text("出发库点", "Depot"), 14),
        Column(Text("出发", "Departure"), 12),
        Column(Text("停靠数", "Stops"), 8),
        Column(Text("其中迟到", "Late stops"), 9),
        Column(Text("返回地点", "Returns to"), 14),
        Column(Text("返回", "Back at"), 12),
        Column(Text("里程（公里）", "Distance (km)"), 11),
        Column(Text("行驶", "Driving"), 10),
        Column(Text("卸货", "Unloading"), 10),
        Column(Text("等候", "Waiting"), 10),
        *_LOAD,
    )
    rows = tuple(_route_row(route, loop, clock) for route, loop in _every_loop(plan))
    return Table(Text("线路", "Routes"), columns, rows)


def _every_loop(plan: PlanDocument) -> Iterator[tuple[RouteEntry, LoopEntry]]:
    return ((route, loop) for route in plan.routes for loop in route.loops)


def _route_row(route: RouteEntry, loop: LoopEntry, clock: Clock) -> Row:
    legs = [*(stop.leg for stop in loop.stops), loop.back.leg]
    return (
        route.vehicle,
        loop.number,
        route.name,
        route.kind,
        route.driver_name or route.driver,
        ", ".join(site for site in route.unknown_sites if site in {stop.site for stop in loop.stops}) or None,
        loop.depot,
        clock(loop.departure_at),
        len(loop.stops),
        sum(stop.late_s > 0 for stop in loop.stops),
        loop.back.place,
        clock(loop.back.arrival_at),
        _km(sum(leg.length_m for leg in legs)),
        timedelta(seconds=sum(leg.travel_s for leg in legs)),
        timedelta(seconds=sum(stop.service_s for stop in loop.stops)),
        timedelta(seconds=sum(stop.wait_s for stop in loop.stops)),
        loop.load.kg,
        loop.load.m3,
        loop.load.crates,
    )


def _stops(plan: PlanDocument, clock: Clock, lang: str) -> Table:
    columns = (
        *_VEHICLE,
        Column(Text("序号", "No."), 7),
        Column(Text("地点编号", "Site"), 14),
        Column(Text("地点名称", "Site name"), 24),
        Column(Text("批次", "Order"), 10),
        Column(Text("分送号", "Part"), 8),
        Column(Text("停靠点", "Access point"), 14),
        Column(Text("交接卡口", "Gate"), 12),
        Column(Text("到达", "Arrival"), 12),
        Column(Text("开始卸货", "Start"), 12),
        Column(Text("离开", "Departure"), 12),
        Column(Text("最迟开始", "Latest start"), 12),
        Column(Text("状态", "State"), 9),
        Column(Text("迟到", "Late by"), 10),
        Column(Text("等候", "Waiting"), 10),
        Column(Text("路程（公里）", "Leg (km)"), 10),
        Column(Text("行驶", "Driving"), 10),
        Column(Text("货物", "Goods"), 28),
        *_LOAD,
        Column(Text("经度", "Longitude"), 13, _DEGREES),
        Column(Text("纬度", "Latitude"), 13, _DEGREES),
    )
    rows = tuple(
        _stop_row(route, loop, number, stop, clock, lang)
        for route, loop in _every_loop(plan)
        for number, stop in enumerate(loop.stops, start=1)
    )
    return Table(Text("停靠", "Stops"), columns, rows)


def _stop_row(route: RouteEntry, loop: LoopEntry, number: int, stop: StopEntry, clock: Clock, lang: str) -> Row:
    return (
        route.vehicle,
        loop.number,
        number,
        stop.site,
        stop.name,
        stop.order,
        stop.part,
        stop.access_point,
        stop.gate.id if stop.gate else None,
        clock(stop.arrival_at),
        clock(stop.start_at),
        clock(stop.departure_at),
        clock(stop.latest_at),
        (LATE if stop.late_s else IN_TIME).in_language(lang),
        timedelta(seconds=stop.late_s) if stop.late_s else None,
        timedelta(seconds=stop.wait_s),
        _km(stop.leg.length_m),
        timedelta(seconds=stop.leg.travel_s),
        _goods(stop.lines),
        stop.load.kg,
        stop.load.m3,
        stop.load.crates,
        round(stop.lon, 7),
        round(stop.lat, 7),
    )


def _goods(lines: Iterable[LineEntry]) -> str:
    return ", ".join(f"{line.kind} × {line.units}" for line in lines)


def _transfers(plan: PlanDocument, clock: Clock) -> Table:
    """What comes to each station before its vehicles leave, and when it is sorted."""
    columns = (
        Column(Text("转运站", "Station"), 14),
        Column(Text("上级库", "Supplied from"), 14),
        Column(Text("最后卸完", "Last unloaded"), 12),
        Column(Text("备好", "Ready"), 12),
        Column(Text("货物", "Goods"), 50),
    )
    last: dict[str, datetime] = {}
    for stop in (stop for _, loop in _every_loop(plan) for stop in loop.stops):
        last[stop.site] = max(last.get(stop.site, stop.departure_at), stop.departure_at)
    rows = tuple(
        (
            each.station,
            each.supplier,
            clock(last[each.station]) if each.station in last else None,
            clock(each.ready_at),
            _goods(each.lines),
        )
        for each in plan.transfers
    )
    return Table(Text("转运", "Transfers"), columns, rows)


KINDS_OF_RESTRICTION = {
    "closure": Text("封闭", "closure"),
    "checkpoint": Text("检查点", "checkpoint"),
    "zone": Text("防控区", "zone"),
}
LEVELS = {
    "": Text("", ""),
    "precautionary": Text("防范区", "precautionary"),
    "controlled": Text("管控区", "controlled"),
    "sealed": Text("封控区", "sealed"),
}


def _restrictions(plan: PlanDocument, lang: str) -> Table:
    """For which orders each counts, and whom it keeps out."""
    columns = (
        Column(Text("限制编号", "Restriction"), 14),
        Column(Text("名称", "Name"), 24),
        Column(Text("种类", "Kind"), 12),
        Column(Text("级别", "Level"), 14),
        Column(Text("计入的批次", "Counts for orders"), 18),
        Column(Text("因此未送达的地点", "Sites cut off"), 40),
        Column(Text("改在卡口交接的地点", "Sites handed over at a gate"), 40),
    )
    rows = tuple(
        (
            each.id,
            each.name or None,
            KINDS_OF_RESTRICTION[each.kind].in_language(lang),
            LEVELS[each.level].in_language(lang) or None,
            ", ".join(each.orders) or None,
            ", ".join(each.cut_off) or None,
            ", ".join(each.at_gate) or None,
        )
        for each in plan.restrictions
    )
    return Table(Text("道路限制", "Restrictions"), columns, rows)


def _directions(directions: DirectionsDocument, lang: str) -> Table:
    """A row per step. The times of a leg's steps add up to the leg's."""
    columns = (
        *_VEHICLE,
        Column(Text("停靠序号", "Stop no."), 9),
        Column(Text("出发地", "From"), 14),
        Column(Text("目的地", "To"), 14),
        Column(Text("步骤", "Step"), 7),
        Column(Text("行车指引", "Direction"), 70),
        Column(Text("路程（米）", "Distance (m)"), 11),
        Column(Text("行驶", "Driving"), 10),
    )
    rows = tuple(
        (
            leg.vehicle,
            leg.loop,
            leg.number,
            leg.origin,
            leg.destination,
            number,
            _in_language(step.text, lang),
            step.length_m,
            timedelta(seconds=step.travel_s),
        )
        for leg in directions.legs
        for number, step in enumerate(leg.steps, start=1)
    )
    return Table(Text("行车指引", "Directions"), columns, rows)


def _changes(plan: PlanDocument, clock: Clock) -> Table:
    """Against the earlier plan; an empty vehicle: not served."""
    columns = (
        Column(Text("配送任务", "Visit"), 16),
        Column(Text("地点编号", "Site"), 14),
        Column(Text("原车辆", "Vehicle before"), 16),
        Column(Text("现车辆", "Vehicle now"), 16),
        Column(Text("原开始卸货", "Start before"), 12),
        Column(Text("现开始卸货", "Start now"), 12),
    )
    rows = tuple(
        (
            change.visit,
            change.site,
            change.from_vehicle,
            change.to_vehicle,
            clock(change.from_start_at) if change.from_start_at else None,
            clock(change.to_start_at) if change.to_start_at else None,
        )
        for change in plan.changes
    )
    return Table(Text("变动", "Changes"), columns, rows)


def _late_and_unserved(plan: PlanDocument, clock: Clock, lang: str) -> Table:
    columns = (
        Column(Text("状态", "State"), 10),
        Column(Text("地点编号", "Site"), 14),
        Column(Text("地点名称", "Site name"), 24),
        Column(Text("批次", "Order"), 10),
        Column(Text("分送号", "Part"), 8),
        Column(Text("货物", "Goods"), 28),
        Column(Text("车辆", "Vehicle"), 14),
        Column(Text("开始卸货", "Start"), 12),
        Column(Text("最迟开始", "Latest start"), 12),
        Column(Text("迟到", "Late by"), 10),
        Column(Text("必须送达", "Required"), 10),
        Column(Text("优先级", "Priority"), 9),
        Column(Text("原因代码", "Reason code"), 20),
        Column(Text("原因", "Reason"), 60),
        Column(Text("补救", "What would help"), 50),
    )
    late = (
        _late_row(route, stop, clock, lang) for route, loop in _every_loop(plan) for stop in loop.stops if stop.late_s
    )
    rows = (*late, *(_unserved_row(entry, lang) for entry in plan.unserved))
    return Table(Text("迟到与未送达", "Late and unserved"), columns, rows)


def _late_row(route: RouteEntry, stop: StopEntry, clock: Clock, lang: str) -> Row:
    times = (clock(stop.start_at), clock(stop.latest_at), timedelta(seconds=stop.late_s))
    what = (stop.site, stop.name, stop.order, stop.part, _goods(stop.lines), route.vehicle)
    return (LATE.in_language(lang), *what, *times, None, None, *_reason(stop.reason, lang))


def _unserved_row(entry: UnservedEntry, lang: str) -> Row:
    what = (entry.site, entry.name, entry.order, entry.part, _goods(entry.lines), None, None, None, None)
    required = (_YES if entry.required else _NO).in_language(lang)
    return (UNSERVED.in_language(lang), *what, required, entry.priority, *_reason(entry.reason, lang))


def _reason(reason: ReasonEntry | None, lang: str) -> tuple[str | None, str | None, str | None]:
    if reason is None:
        return None, None, None
    help_ = reason.relaxation.message if reason.relaxation else None
    return reason.code, _in_language(reason.message, lang), _in_language(help_, lang) if help_ else None


def _in_language(text: Bilingual, lang: str) -> str:
    return text.en if lang == "en" else text.zh


def _loads(plan: PlanDocument, clock: Clock, lang: str) -> Table:
    """A row per loop, a column per supply kind, and the sums below."""
    loops = list(_every_loop(plan))
    kinds = list(dict.fromkeys(line.kind for _, loop in loops for line in loop.lines))
    columns = (
        *_VEHICLE,
        Column(Text("出发库点", "Depot"), 14),
        Column(Text("出发", "Departure"), 12),
        *(Column(Text(kind, kind), 12) for kind in kinds),
        *_LOAD,
    )
    rows = [_load_row(route, loop, kinds, clock) for route, loop in loops]
    return Table(Text("装载", "Loads"), columns, (*rows, _sum_row(loops, kinds, lang)))


def _load_row(route: RouteEntry, loop: LoopEntry, kinds: Sequence[str], clock: Clock) -> Row:
    units = [_units(loop, kind) or None for kind in kinds]
    load = loop.load
    return (route.vehicle, loop.number, loop.depot, clock(loop.departure_at), *units, load.kg, load.m3, load.crates)


def _sum_row(loops: Sequence[tuple[RouteEntry, LoopEntry]], kinds: Sequence[str], lang: str) -> Row:
    units = [sum(_units(loop, kind) for _, loop in loops) for kind in kinds]
    loads = [loop.load for _, loop in loops]
    kg, m3 = round(sum(load.kg for load in loads), 6), round(sum(load.m3 for load in loads), 6)
    total = Text("合计", "Total").in_language(lang)
    return (total, None, None, None, *units, kg, m3, sum(load.crates for load in loads))


def _units(loop: LoopEntry, kind: str) -> int:
    return sum(line.units for line in loop.lines if line.kind == kind)


def _km(metres: float) -> float:
    return round(metres / 1000, 3)


# --- how a sheet is made ----------------------------------------------------------------------------------------


_HEADING = PatternFill("solid", fgColor="FF1F3A4D")
_RULE = Border(bottom=Side(style="thin", color="FFD0D5DA"))


def _write_sheet(sheet: Worksheet, table: Table, clock: Clock, lang: str) -> None:
    for number, column in enumerate(table.columns, start=1):
        _write_heading(_cell(sheet, 1, number), column.heading.in_language(lang))
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    for row_number, row in enumerate(table.rows, start=2):
        for number, (value, column) in enumerate(zip(row, table.columns, strict=True), start=1):
            _write_value(_cell(sheet, row_number, number), value, column, clock)
    _set_up_view(sheet, table)
    _set_up_print(sheet, table, lang)


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """Never a merged cell: these sheets have none."""
    return cast("Cell", sheet.cell(row, column))


def _write_heading(cell: Cell, heading: str) -> None:
    _write_text(cell, heading)
    cell.font = Font(bold=True, color="FFFFFFFF")
    cell.fill = _HEADING
    cell.alignment = Alignment(wrap_text=True, vertical="center")


def _write_value(cell: Cell, value: Value, column: Column, clock: Clock) -> None:
    cell.border = _RULE
    cell.alignment = Alignment(wrap_text=isinstance(value, str), vertical="top")
    if isinstance(value, str):
        _write_text(cell, value)
        return
    cell.value = value
    if isinstance(value, datetime):
        cell.number_format = clock.format(value)
    elif isinstance(value, timedelta):
        cell.number_format = DURATION
    elif isinstance(value, float):
        cell.number_format = column.format


def _write_text(cell: Cell, text: str) -> None:
    """Text stays text, whatever sign it begins with; set after the value, for openpyxl reads '=' as a formula."""
    cell.value = _printable(text)
    cell.data_type = "s"
    if text.startswith(_FORMULA_SIGNS):
        cell.quotePrefix = True


def _printable(text: str) -> str:
    """Without the characters a worksheet cannot hold, and no longer than a cell may be."""
    return _UNPRINTABLE.sub("", text)[:_LONGEST_TEXT]


def _set_up_view(sheet: Worksheet, table: Table) -> None:
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{max(2, len(table.rows) + 1)}"


def _set_up_print(sheet: Worksheet, table: Table, lang: str) -> None:
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    footer = HeaderFooterItem()
    footer.left.text = table.name.in_language(lang)
    footer.right.text = Text("第 &P 页，共 &N 页", "Page &P of &N").in_language(lang)
    sheet.HeaderFooter.oddFooter = footer


def _copy_without_clock(raw: io.BytesIO, stream: IO[bytes], modified_at: datetime) -> None:
    """openpyxl writes the hour of saving into the archive; the order's instant takes its place."""
    stamp = f"{modified_at.isoformat()}Z".encode()
    with zipfile.ZipFile(raw) as saved, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in saved.namelist():
            content = saved.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            entry = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            copy.writestr(entry, content)
