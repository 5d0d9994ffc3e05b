"""What the command line shows: progress while it works, a summary when it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from api.road_words import PROFILE_NAMES, STANDING_NAMES
from api.schemas import (
    EvennessDocument,
    EvennessPointEntry,
    FleetDocument,
    FleetPointEntry,
    PlanDocument,
    RoadClassEntry,
    RoadsDocument,
    RoadWaveEntry,
    StopEntry,
    UnservedEntry,
)
from geodata.errors import Text
from geodata.network import Network
from geodata.roads import open_roads
from routing import pipeline
from routing.ceilings import Rung
from routing.explain import minutes
from routing.model import Violation

MOST_ROWS = 20

STEPS = {
    "pose": Text("定位与测时", "locating and measuring"),
    "solve": Text("求解", "solving"),
    "check": Text("校验", "checking"),
}


class PlanProgress:
    """A bar on the terminal's error stream; silent where that is no terminal."""

    def __init__(self, language: str) -> None:
        self._language = language
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[best]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self._task = self._bar.add_task("", total=None, best="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self, step: Text) -> None:
        self._bar.update(self._task, description=step.in_language(self._language), total=None)

    def work(self, done: float) -> None:
        self._bar.update(self._task, total=1.0, completed=done)

    def hear(self, progress: pipeline.Progress) -> None:
        self.step(STEPS[progress.step])
        if progress.summary is not None:
            best = progress.summary
            text = Text(
                f"按时 {best.served_in_time} · 迟到 {best.served_late} · 未送达 {best.unserved}",
                f"in time {best.served_in_time}, late {best.served_late}, unserved {best.unserved}",
            )
            self._bar.update(self._task, best=text.in_language(self._language))


class FleetProgress(PlanProgress):
    """The same bar for a study of fleets: the last one tried."""

    def hear_of_fleet(self, vehicles: int, in_time: int) -> None:
        self.step(Text(f"{vehicles} 辆：按时 {in_time}", f"{vehicles} vehicles: {in_time} in time"))


class EvennessProgress(PlanProgress):
    """The same bar for a study of evenness: the last ceiling tried."""

    def hear_of_ceiling(self, rung: Rung) -> None:
        longest, cost_s = minutes(rung.longest_s), rung.worth[-1]
        self.step(Text(f"最长线路 {longest}：成本 {cost_s} 秒", f"longest route {longest}: cost {cost_s} s"))


def show_plan(plan: PlanDocument, folder: Path, language: str) -> None:
    console = Console(highlight=False)
    summary = plan.summary
    latest = Text("无", "none") if summary.latest_start_s is None else _both(minutes(summary.latest_start_s))
    lines = [
        Text(
            f"配送任务 {summary.visits}：按时 {summary.served_in_time}，迟到 {summary.served_late}，未送达 {summary.unserved}",
            f"{summary.visits} visits: {summary.served_in_time} in time, {summary.served_late} late,"
            f" {summary.unserved} unserved",
        ),
        Text(
            f"点位 {summary.sites}，全部送达 {summary.sites_served}", f"{summary.sites_served} of {summary.sites} sites"
        ),
        Text(f"最晚一次按时卸货在指令后 {latest.zh}", f"the last of those in time begins {latest.en} after its order"),
        Text(
            f"用车 {summary.vehicles_used}/{summary.vehicles}，行驶 {summary.length_m / 1000:.0f} 公里、"
            f"{minutes(summary.travel_s)}",
            f"{summary.vehicles_used} of {summary.vehicles} vehicles, {summary.length_m / 1000:.0f} km,"
            f" {minutes(summary.travel_s)} of driving",
        ),
        *_about_transfers(plan),
        *_about_drivers(plan),
        *_about_restrictions(plan),
        Text(f"校验通过；未涉及：{', '.join(summary.skipped)}", f"check passed; skipped: {', '.join(summary.skipped)}"),
        *(Text(warning.zh, warning.en) for warning in plan.warnings),
    ]
    for line in lines:
        console.print(escape(line.in_language(language)))
    if summary.served_late or summary.unserved:
        console.print(_exceptions(plan, language))
    if summary.changed_stops is not None:
        changed = Text(f"与原方案相比变动 {summary.changed_stops} 项", f"{summary.changed_stops} stops changed")
        console.print(escape(changed.in_language(language)))
    if plan.changes:
        console.print(_changes(plan, language))
    console.print(escape(Text(f"已写入 {folder}", f"written to {folder}").in_language(language)))


def _about_transfers(plan: PlanDocument) -> Iterator[Text]:
    """When each station is ready, and with what."""
    for each in plan.transfers:
        goods, ready = ", ".join(f"{line.kind} × {line.units}" for line in each.lines), f"{each.ready_at:%H:%M}"
        yield Text(
            f"转运站 {each.station} 于 {ready} 备好（{each.supplier} 运来 {goods.replace(', ', '、')}）",
            f"station {each.station} is ready at {ready} ({each.supplier} brings {goods})",
        )


def _about_drivers(plan: PlanDocument) -> Iterator[Text]:
    """Nothing where no route has a driver: then the scenario knows none, or a warning says why for each."""
    driven = [route for route in plan.routes if route.driver is not None]
    if not driven:
        return
    bare = len(plan.routes) - len(driven)
    strange = sum(1 for route in driven if route.unknown_sites)
    sites = len({site for route in driven for site in route.unknown_sites})
    yield Text(
        f"司机 {len(driven)} 名，没有司机的线路 {bare} 条；需先踏勘的线路 {strange} 条（{sites} 个点位司机未去过）",
        f"{len(driven)} drivers, {bare} routes without one; {strange} routes call for a drive beforehand"
        f" ({sites} sites new to their driver)",
    )


def _about_restrictions(plan: PlanDocument) -> Iterator[Text]:
    """How many count, whom they cut off, and at which gates goods are handed over."""
    counting = [entry for entry in plan.restrictions if entry.orders]
    if not counting:
        return
    zh, en = f"计入道路限制 {len(counting)} 项", f"{len(counting)} restrictions count"
    cut_off = [f"{entry.id}: {', '.join(entry.cut_off)}" for entry in counting if entry.cut_off]
    yield (
        Text(
            f"{zh}；切断的点位：{'；'.join(each.replace(': ', '：').replace(', ', '、') for each in cut_off)}",
            f"{en}; sites cut off: {'; '.join(cut_off)}",
        )
        if cut_off
        else Text(zh, en)
    )
    gates: dict[str, list[str]] = {}
    for stop in (stop for route in plan.routes for loop in route.loops for stop in loop.stops if stop.gate):
        gates.setdefault(stop.gate.id if stop.gate else "", []).append(stop.visit)
    for gate, visits in gates.items():
        yield Text(f"交接点：卡口 {gate}（{'、'.join(visits)}）", f"handed over at gate {gate}: {', '.join(visits)}")


def _both(text: str) -> Text:
    return Text(text, text)


def _exceptions(plan: PlanDocument, language: str) -> Table:
    """Late and unserved visits, with reasons; the first of many."""
    headings = (Text("任务", "visit"), Text("名称", "name"), Text("情况", "state"), Text("原因", "reason"))
    table = Table(*(Column(heading.in_language(language), overflow="fold") for heading in headings))
    rows = list(_exception_rows(plan, language))
    for row in rows[:MOST_ROWS]:
        table.add_row(*(escape(cell) for cell in row))
    if len(rows) > MOST_ROWS:
        rest = len(rows) - MOST_ROWS
        table.add_row(
            "…", "", "", Text(f"另有 {rest} 项，见 plan.xlsx", f"{rest} more, see plan.xlsx").in_language(language)
        )
    return table


def _changes(plan: PlanDocument, language: str) -> Table:
    """Which visit goes from which vehicle to which; the first of many."""
    headings = (Text("任务", "visit"), Text("原车辆", "from"), Text("现车辆", "to"), Text("现开始", "begins"))
    table = Table(*(heading.in_language(language) for heading in headings))
    nobody = Text("未送达", "unserved").in_language(language)
    for change in plan.changes[:MOST_ROWS]:
        begins = f"{change.to_start_at:%H:%M}" if change.to_start_at else ""
        cells = (change.visit, change.from_vehicle or nobody, change.to_vehicle or nobody, begins)
        table.add_row(*(escape(cell) for cell in cells))
    if len(plan.changes) > MOST_ROWS:
        rest = len(plan.changes) - MOST_ROWS
        more = Text(f"另有 {rest} 项，见 plan.xlsx", f"{rest} more, see plan.xlsx")
        table.add_row("…", "", "", more.in_language(language))
    return table


def _exception_rows(plan: PlanDocument, language: str) -> Iterator[tuple[str, str, str, str]]:
    for unserved in plan.unserved:
        yield (
            unserved.visit,
            unserved.name,
            Text("未送达", "unserved").in_language(language),
            _reason(unserved, language),
        )
    for stop in (stop for route in plan.routes for loop in route.loops for stop in loop.stops if stop.late_s):
        state = Text(f"迟到 {minutes(stop.late_s)}", f"{minutes(stop.late_s)} late")
        yield stop.visit, stop.name, state.in_language(language), _reason(stop, language)


def _reason(entry: StopEntry | UnservedEntry, language: str) -> str:
    if entry.reason is None:
        return ""
    reason = entry.reason
    messages = [reason.message, *([reason.relaxation.message] if reason.relaxation else [])]
    sentences = [message.en if language == "en" else message.zh for message in messages]
    return f"{reason.code}: {('; ' if language == 'en' else '；').join(sentences)}"


def show_fleet(study: FleetDocument, folder: Path, language: str) -> None:
    """A table of the fleets tried, with the one that is enough marked."""
    console = Console(highlight=False)
    headings = (
        Text("车辆", "vehicles"),
        Text("按时", "in time"),
        Text("未按时", "missed"),
        Text("使用", "used"),
        Text("行驶公里", "km"),
    )
    table = Table(*(heading.in_language(language) for heading in headings))
    for point in study.points:
        table.add_row(*(escape(cell) for cell in _fleet_row(study, point)))
    console.print(table)
    for line in (*_fleet_found(study), *(Text(warning.zh, warning.en) for warning in study.warnings)):
        console.print(escape(line.in_language(language)))
    console.print(escape(Text(f"已写入 {folder}", f"written to {folder}").in_language(language)))


def _fleet_row(study: FleetDocument, point: FleetPointEntry) -> tuple[str, ...]:
    mark = " *" if point.vehicles == study.enough else ""
    numbers = (point.served_in_time, point.missed, point.vehicles_used, round(point.length_m / 1000))
    return (f"{point.vehicles}{mark}", *map(str, numbers))


def _fleet_found(study: FleetDocument) -> Iterator[Text]:
    out = study.visits - study.reachable
    for point in (point for point in study.points if point.vehicles == study.enough):
        parts = "、".join(f"{part.depot} {part.kind}×{part.vehicles}" for part in point.parts if part.vehicles)
        yield Text(f"* 构成：{parts}", f"* made of: {parts.replace('、', ', ')}")
    if study.enough is None:
        yield Text(
            f"试到 {study.points[-1].vehicles} 辆仍不能使 {study.reachable} 项配送任务全部按时",
            f"up to {study.points[-1].vehicles} vehicles not all {study.reachable} visits were made in time",
        )
    else:
        yield Text(
            f"* {study.enough} 辆即可使 {study.reachable} 项配送任务全部按时（现有 {study.given} 辆）",
            f"* {study.enough} vehicles are enough for all {study.reachable} visits in time ({study.given} given)",
        )
    if out:
        yield Text(
            f"另有 {out} 项与车辆数无关，任何车辆都不能按时送达（见 baogong plan）",
            f"{out} more cannot be made in time by any number of vehicles (baogong plan says why)",
        )
    if not study.finished:
        yield Text("提前停止：并非所有规模都已试算", "stopped early: not every fleet was tried")


def show_evenness(study: EvennessDocument, folder: Path, language: str) -> None:
    """A table of the plans found, from the longest route to the shortest."""
    console = Console(highlight=False)
    headings = (
        Text("最长线路", "longest route"),
        Text("平均", "mean"),
        Text("最短", "shortest"),
        Text("使用", "used"),
        Text("按时", "in time"),
        Text("迟到", "late"),
        Text("未送达", "unserved"),
        Text("成本增加", "extra cost"),
    )
    table = Table(*(heading.in_language(language) for heading in headings))
    for point in study.points:
        table.add_row(*(escape(cell) for cell in _evenness_row(point)))
    console.print(table)
    for line in (*_evenness_found(study), *(Text(warning.zh, warning.en) for warning in study.warnings)):
        console.print(escape(line.in_language(language)))
    console.print(escape(Text(f"已写入 {folder}", f"written to {folder}").in_language(language)))


def _evenness_row(point: EvennessPointEntry) -> tuple[str, ...]:
    times = (minutes(seconds) for seconds in (point.longest_s, round(point.mean_s), point.shortest_s))
    numbers = (point.vehicles_used, point.served_in_time, point.served_late, point.unserved)
    return (*times, *map(str, numbers), "" if point.worse else f"{point.extra_percent:.1f}%")


def _evenness_found(study: EvennessDocument) -> Iterator[Text]:
    first, *_ = study.points
    last = [point for point in study.points if not point.worse][-1]
    if last is first:
        longest = minutes(first.longest_s)
        yield Text(f"最长线路 {longest}，未能缩短", f"the longest route of {longest} could not be cut")
    else:
        yield Text(
            f"最长线路可由 {minutes(first.longest_s)} 缩短到 {minutes(last.longest_s)}，成本增加 {last.extra_percent:.1f}%",
            f"the longest route can be cut from {minutes(first.longest_s)} to {minutes(last.longest_s)}"
            f" for {last.extra_percent:.1f}% more cost",
        )
    for point in (point for point in study.points if point.worse):
        yield Text(
            f"上限再低时送达变差：迟到 {point.served_late}，未送达 {point.unserved}（上限 {minutes(point.ceiling_s or 0)}）",
            f"below that something is served worse: {point.served_late} late, {point.unserved} unserved"
            f" (ceiling {minutes(point.ceiling_s or 0)})",
        )
    if not study.finished:
        yield Text("提前停止：并非所有上限都已试算", "stopped early: not every ceiling was tried")


def show_roads(report: RoadsDocument, folder: Path, language: str) -> None:
    """For each wave and class what is served and what is not, what each restriction does, and the longest detours."""
    console = Console(highlight=False)
    for wave in report.waves:
        for each in wave.classes:
            for line in _roads_found(wave, each):
                console.print(escape(line.in_language(language)))
            if each.restrictions:
                console.print(_restrictions_table(each, language))
    out = len(report.turns_unapplied)
    turns = Text(
        f"地图的转向限制：应用 {report.turns_applied} 项，未应用 {out} 项",
        f"turn restrictions of the map: {report.turns_applied} applied, {out} not",
    )
    for line in (turns, *(Text(warning.zh, warning.en) for warning in report.warnings)):
        console.print(escape(line.in_language(language)))
    console.print(escape(Text(f"已写入 {folder}", f"written to {folder}").in_language(language)))


def _roads_found(wave: RoadWaveEntry, each: RoadClassEntry) -> Iterator[Text]:
    profile, count = PROFILE_NAMES[each.profile], len(each.vehicles)
    held = Text(
        f"，持通行证 {'、'.join(each.passes)}" if each.passes else "",
        f" with passes {', '.join(each.passes)}" if each.passes else "",
    )
    yield Text(
        f"批次 {wave.order}，{profile.zh} {count} 辆{held.zh}：可达道路 {each.served_km:.0f}/{each.before_km:.0f} 公里，"
        f"连通片 {each.components_before} → {each.components_after}",
        f"order {wave.order}, {profile.en} × {count}{held.en}: {each.served_km:.0f} of {each.before_km:.0f} km served,"
        f" components {each.components_before} → {each.components_after}",
    )
    states = [site.state for site in each.sites]
    left = len(states) - states.count("open") - states.count("gate")
    yield Text(
        f"点位 {len(states)}：可直达 {states.count('open')}，在卡口交接 {states.count('gate')}，不可达 {left}",
        f"{len(states)} sites: {states.count('open')} driven to, {states.count('gate')} handed over at a gate,"
        f" {left} not reached",
    )
    longer = sorted((site for site in each.sites if site.extra_s), key=lambda site: -(site.extra_s or 0))
    if longer and (longer[0].extra_s or 0) > 0:
        shown = [f"{site.site} +{minutes(site.extra_s or 0)}" for site in longer[:5] if (site.extra_s or 0) > 0]
        yield Text(f"绕行最多：{'，'.join(shown)}", f"longest detours: {', '.join(shown)}")


def _restrictions_table(each: RoadClassEntry, language: str) -> Table:
    headings = (
        Text("限制", "restriction"),
        Text("效力", "in this wave"),
        Text("独自阻断点位", "sites it alone bars"),
        Text("独自切断公里", "km it alone cuts off"),
    )
    table = Table(*(heading.in_language(language) for heading in headings))
    for restriction in each.restrictions[:MOST_ROWS]:
        standing = STANDING_NAMES[restriction.standing].in_language(language)
        cells = (restriction.id, standing, str(len(restriction.sites)), f"{restriction.road_km:.1f}")
        table.add_row(*map(escape, cells))
    return table


def show_checked(plan: PlanDocument, language: str) -> None:
    skipped = ", ".join(plan.summary.skipped)
    print(Text(f"校验通过；未涉及：{skipped}", f"check passed; skipped: {skipped}").in_language(language))


def show_violations(violations: Sequence[Violation], language: str) -> None:
    """One line each on the error stream: rule, vehicle, visit, what is wrong."""
    for violation in violations:
        subject = " ".join(part for part in (violation.vehicle, violation.visit, violation.subject) if part)
        print(f"{violation.rule} {subject}: {violation.message.in_language(language)}", file=sys.stderr)


def show_network(network: Network, path: Path, language: str) -> None:
    roads = open_roads(network)
    size_kb = path.stat().st_size / 1000
    components = int((roads.component_size > 0).sum())
    largest = int(roads.component_size.max())
    restrictions, signals = len({ban["id"] for ban in network.bans}), int(network.arc_signal.sum())
    text = Text(
        f"{path}：节点 {network.nodes}，路段 {network.edges}，可行驶方向 {len(roads.open_arcs)}/{network.arcs}，"
        f"强连通分量 {components}（最大 {largest} 个方向），"
        f"转向限制 {restrictions}，有信号灯的方向 {signals}，{size_kb:.0f} kB",
        f"{path}: {network.nodes} nodes, {network.edges} edges, {len(roads.open_arcs)} of {network.arcs} arcs open to a van,"
        f" {components} strong components (largest {largest} arcs), {restrictions} turn restrictions,"
        f" {signals} arcs to signals, {size_kb:.0f} kB",
    )
    print(text.in_language(language))
    for relation in network.unapplied:
        reason = Text(
            f"转向限制 {relation['id']} 未应用：{relation['zh']}",
            f"turn restriction {relation['id']} not applied: {relation['en']}",
        )
        print(reason.in_language(language))
