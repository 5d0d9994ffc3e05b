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
from rich.table import Table

from api.schemas import PlanDocument, StopEntry, UnservedEntry
from geodata.errors import Text
from geodata.network import Network
from geodata.roads import open_roads
from routing import pipeline
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
        Text(f"校验通过；未涉及：{', '.join(summary.skipped)}", f"check passed; skipped: {', '.join(summary.skipped)}"),
        *(Text(warning.zh, warning.en) for warning in plan.warnings),
    ]
    for line in lines:
        console.print(escape(line.in_language(language)))
    if summary.served_late or summary.unserved:
        console.print(_exceptions(plan, language))
    console.print(escape(Text(f"已写入 {folder}", f"written to {folder}").in_language(language)))


def _both(text: str) -> Text:
    return Text(text, text)


def _exceptions(plan: PlanDocument, language: str) -> Table:
    """Late and unserved visits, with reasons; the first of many."""
    headings = (Text("任务", "visit"), Text("名称", "name"), Text("情况", "state"), Text("原因", "reason"))
    table = Table(*(heading.in_language(language) for heading in headings))
    rows = list(_exception_rows(plan, language))
    for row in rows[:MOST_ROWS]:
        table.add_row(*(escape(cell) for cell in row))
    if len(rows) > MOST_ROWS:
        rest = len(rows) - MOST_ROWS
        table.add_row(
            "…", "", "", Text(f"另有 {rest} 项，见 plan.xlsx", f"{rest} more, see plan.xlsx").in_language(language)
        )
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
    message = entry.reason.message
    return f"{entry.reason.code}: {message.en if language == 'en' else message.zh}"


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
    largest = int(roads.component_size.max())
    text = Text(
        f"{path}：节点 {network.nodes}，路段 {network.edges}，可行驶方向 {len(roads.open_arcs)}/{network.arcs},"
        f"强连通分量 {len(roads.component_size)}（最大 {largest} 个节点）,{size_kb:.0f} kB",
        f"{path}: {network.nodes} nodes, {network.edges} edges, {len(roads.open_arcs)} of {network.arcs} arcs open to a van,"
        f" {len(roads.component_size)} strong components (largest {largest} nodes), {size_kb:.0f} kB",
    )
    print(text.in_language(language))
