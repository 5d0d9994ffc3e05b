"""A finished plan as one picture: the roads, what is driven, where it stops, and what is late or left out.

Drawn from our own road network, so it needs no map service. Colour never carries a meaning alone: routes have letters
and stops their number, late stops are triangles, unserved sites crosses, depots squares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from api.maps.driven import depots_in_use, driven_legs, places_on_road, require_its_network, stands_at
from api.maps.fonts import find_typeface
from api.maps.restrictions import (
    SIGN_TEXTS,
    Canvas,
    DrawnClosure,
    DrawnPoint,
    DrawnZone,
    RestrictionSign,
    draw_checkpoints,
    draw_closures,
    draw_gates,
    draw_restriction_sign,
    draw_zones,
    signs_of,
)
from api.maps.sheet import (
    INK,
    LANDSCAPE,
    PAPER,
    ROW_EM,
    TALL,
    Sheet,
    blank,
    draw_depot,
    draw_depot_name,
    draw_roads,
    draw_scale_north_attribution,
    draw_title,
    fit,
    picture_of,
    width_em,
    write,
)
from api.schemas import PlanDocument, RouteEntry, StopEntry
from geodata.errors import Text
from geodata.model import Floats
from geodata.network import Network

__all__ = ["LANDSCAPE", "TALL", "draw_plan_map", "route_letter", "spread"]

_COLOURS = ("#0072B2", "#D55E00", "#007F5F", "#AA3377", "#B8860B", "#332288", "#3399CC")
"""After Okabe and Ito (2008) and Tol (2021), darkened where a thin line on white asks for it."""
_STYLES: tuple[Any, ...] = ("solid", (0, (4, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
_MOST_NUMBERED = 150

TITLE = Text("配送方案", "Delivery plan")
IN_TIME, LATE, UNSERVED = Text("按时", "in time"), Text("迟到", "late"), Text("未送达", "unserved")
ORDER = Text("调配指令", "Dispatch order")
DEPOT = Text("库点", "Depot")
STOP_NUMBERED = Text("停靠（线路字母与顺序号）", "Stop (route letter, number)")
STOP_PLAIN = Text("停靠", "Stop")
LATE_STOP = Text("迟到的停靠", "Late stop")
UNSERVED_SITE = Text("未送达的地点", "Unserved site")
ROUTES = Text("线路", "Routes")
STOPS = Text("停靠", "stops")
LISTED_ELSEWHERE = Text("{} 条线路，明细见线路表", "{} routes, listed in the table of routes")
MORE = Text("另有 {} 条线路", "and {} more routes")
KM = Text("公里", "km")


def draw_plan_map(
    plan: PlanDocument,
    network: Network,
    *,
    lang: str = "zh",
    size: tuple[int, int] = LANDSCAPE,
    fonts: Path | None = None,
) -> bytes:
    """A PNG of ``size`` pixels; a picture taller than wide has its legend below. Same plan: same picture.

    Raises ``BadInput`` for another network than the plan's. Without a Chinese font the words are English.
    """
    require_its_network(plan, network)
    typeface = find_typeface(fonts)
    sheet = _Sheet(plan=plan, network=network, typeface=typeface, lang=lang if typeface.chinese else "en", size=size)
    figure, map_axes, page_axes = blank(sheet)
    _draw_map(map_axes, sheet)
    _draw_frame(page_axes, sheet)
    return picture_of(figure)


def route_letter(index: int) -> str:
    """A, B … Z, AA, AB …: the name of a route on the map."""
    return (route_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


# --- where things go on the sheet -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stop on the map: where the vehicle stands in metres, the index of its route, its number along the route."""

    x: float
    y: float
    route: int
    number: int
    stop: StopEntry


@dataclass(frozen=True, kw_only=True)
class _Sheet(Sheet):
    plan: PlanDocument

    @property
    def legend_height(self) -> float:
        """Below a tall map: two columns of rows, never more than a third of the sheet."""
        listed = 0 if self.unlisted else -(-len(self.plan.routes) // self.route_columns)
        rows = -(-len(self.signs) // 2) + 1.3 + listed
        return min((rows + 0.1) * ROW_EM * self.em, self.size[1] / 3)

    @cached_property
    def signs(self) -> tuple[Text | RestrictionSign, ...]:
        """What the legend explains: only what occurs."""
        restrictions = _Restrictions.of(self.plan)
        signs: list[Text | RestrictionSign] = [DEPOT, STOP_PLAIN]
        signs += [LATE_STOP] if self.plan.summary.served_late else []
        signs += [UNSERVED_SITE] if self.plan.unserved else []
        return (*signs, *signs_of(*restrictions.drawn))

    @property
    def unlisted(self) -> bool:
        """Below a tall map many routes would take the map's room; the letters are in the tables."""
        return self.tall and len(self.plan.routes) > 20

    @property
    def crowded(self) -> bool:
        return len(self.marks) > 80

    @property
    def route_columns(self) -> int:
        """Rows of full width while they fit, else two columns with names only."""
        return 2 if len(self.plan.routes) > (6 if self.tall else 24) else 1

    @cached_property
    def lines(self) -> tuple[tuple[Floats, ...], ...]:
        """Per route the lines driven, in metres."""
        return tuple(
            tuple(
                self.plane(leg.points)
                for loop in route.loops
                for leg in driven_legs(self.plan, self.network, loop)
                if len(leg.points)
            )
            for route in self.plan.routes
        )

    @cached_property
    def marks(self) -> tuple[_Mark, ...]:
        return tuple(self._marks())

    def _marks(self) -> Iterator[_Mark]:
        for index, route in enumerate(self.plan.routes):
            stops = [stop for loop in route.loops for stop in loop.stops]
            for number, stop in enumerate(stops, start=1):
                x, y = self.plane(np.array([stands_at(stop)]))[0]
                yield _Mark(float(x), float(y), index, number, stop)

    @cached_property
    def unserved(self) -> Floats:
        return self.plane(np.array([[entry.lon, entry.lat] for entry in self.plan.unserved]).reshape(-1, 2))

    @cached_property
    def depots(self) -> tuple[tuple[str, Floats], ...]:
        places = places_on_road(self.plan)
        return tuple((depot, self.plane(np.array([places[depot]]))[0]) for depot in depots_in_use(self.plan))

    @cached_property
    def extent(self) -> Floats:
        marks = np.array([[mark.x, mark.y] for mark in self.marks]).reshape(-1, 2)
        depots = [point[None, :] for _, point in self.depots]
        driven = [line for lines in self.lines for line in lines]
        return np.concatenate([marks, self.unserved, *depots, *driven])

    @cached_property
    def mark_places(self) -> Floats:
        """Where the marks are drawn, in metres: numbered ones stand apart so that each can be read."""
        return self._spread if self.numbered else self._stops_at

    @cached_property
    def _stops_at(self) -> Floats:
        return np.array([[mark.x, mark.y] for mark in self.marks]).reshape(-1, 2)

    @cached_property
    def _spread(self) -> Floats:
        pixel, em = self.metres_per_pixel, self.em
        depots = np.array([point for _, point in self.depots]).reshape(-1, 2)
        return spread(self._stops_at / pixel, gap=1.45 * em, reach=3.0 * em, fixed=depots / pixel) * pixel

    @cached_property
    def numbered(self) -> bool:
        """Whether there is room to number the stops: few still cover one another once they were spread."""
        if not self.marks or len(self.marks) > _MOST_NUMBERED:
            return False
        points = self._spread / self.metres_per_pixel
        return bool((_nearest(points) < 1.1 * self.em).mean() < 0.2)


def spread(points: Floats, *, gap: float, reach: float, fixed: Floats) -> Floats:
    """Points [q, 2] pushed apart until they are ``gap`` from one another and from the fixed ones, or ``reach`` away."""
    turn = np.arange(len(points)) * 2.399963  # the golden angle: points in one place leave it in different directions
    moved = points + 1e-3 * np.column_stack([np.cos(turn), np.sin(turn)])
    for _ in range(80):
        moved = moved + 0.5 * _push(moved, moved, gap) + _push(moved, fixed, gap)
        away = moved - points
        far = np.maximum(np.hypot(away[:, 0], away[:, 1]) / reach, 1.0)
        moved = points + away / far[:, None]
    return moved


def _push(points: Floats, others: Floats, gap: float) -> Floats:
    between = points[:, None, :] - others[None, :, :]
    metres = np.hypot(between[..., 0], between[..., 1])
    strength = np.where((metres > 0) & (metres < gap), (gap - metres) / np.maximum(metres, 1e-9), 0.0)
    push: Floats = (between * strength[..., None]).sum(axis=1)
    return push


def _nearest(points: Floats) -> Floats:
    between = points[:, None, :] - points[None, :, :]
    away = np.hypot(between[..., 0], between[..., 1])
    np.fill_diagonal(away, np.inf)
    nearest: Floats = away.min(axis=1)
    return nearest


# --- the map ----------------------------------------------------------------------------------------------------


def _draw_map(axes: Axes, sheet: _Sheet) -> None:
    draw_roads(axes, sheet)
    _draw_restrictions(axes, sheet)
    _draw_routes(axes, sheet)
    _draw_depots(axes, sheet)
    _draw_unserved(axes, sheet)
    _draw_stops(axes, sheet)


@dataclass(frozen=True, slots=True)
class _Restrictions:
    """Those of a plan that count for some order, and the gates at which it hands over."""

    zones: tuple[DrawnZone, ...]
    closures: tuple[DrawnClosure, ...]
    checkpoints: tuple[DrawnPoint, ...]
    gates: tuple[DrawnPoint, ...]

    @classmethod
    def of(cls, plan: PlanDocument) -> _Restrictions:
        counting = [entry for entry in plan.restrictions if entry.orders]
        stops = (stop for route in plan.routes for loop in route.loops for stop in loop.stops)
        gates = {stop.gate.id: DrawnPoint(stop.gate.id, stop.gate.lon, stop.gate.lat) for stop in stops if stop.gate}
        return cls(
            tuple(DrawnZone(each.id, each.level, each.geometry) for each in counting if each.level and each.geometry),
            tuple(
                DrawnClosure(each.id, tuple(np.array(line, dtype=np.float64) for line in each.geometry.coordinates))
                for each in counting
                if each.kind == "closure" and each.geometry
            ),
            tuple(
                DrawnPoint(each.id, each.lon, each.lat)
                for each in counting
                if each.lon is not None and each.lat is not None
            ),
            tuple(gates.values()),
        )

    @property
    def drawn(
        self,
    ) -> tuple[tuple[DrawnZone, ...], tuple[DrawnClosure, ...], tuple[DrawnPoint, ...], tuple[DrawnPoint, ...]]:
        return self.zones, self.closures, self.checkpoints, self.gates


def _draw_restrictions(axes: Axes, sheet: _Sheet) -> None:
    """And from each gate a dotted line to the sites whose goods are handed over there."""
    restrictions = _Restrictions.of(sheet.plan)
    canvas = Canvas(axes, sheet.plane, sheet.typeface, sheet.points)
    draw_zones(canvas, restrictions.zones)
    draw_closures(canvas, restrictions.closures)
    draw_checkpoints(canvas, restrictions.checkpoints)
    draw_gates(canvas, restrictions.gates)
    for stop in (mark.stop for mark in sheet.marks if mark.stop.gate):
        ends = sheet.plane(np.array([stands_at(stop), (stop.lon, stop.lat)]))
        axes.plot(*ends.T, color=INK, linewidth=0.9, linestyle=(0, (1, 1.6)), zorder=5)
        axes.plot(*ends[1], "o", markersize=4.0, color=PAPER, markeredgecolor=INK, markeredgewidth=0.9, zorder=5)


def _draw_routes(axes: Axes, sheet: _Sheet) -> None:
    """Earlier routes are drawn broader, so that they show on either side of a later one on the same road."""
    for index, lines in enumerate(sheet.lines):
        width = _route_width(sheet, index)
        casing = LineCollection(lines, linewidths=width + 1.4, colors=PAPER, zorder=2, capstyle="round")
        line = LineCollection(lines, linewidths=width, colors=_colour(index), linestyles=[_style(index)], zorder=3)
        axes.add_collection(casing, autolim=False)
        axes.add_collection(line, autolim=False)


def _route_width(sheet: _Sheet, index: int) -> float:
    routes = len(sheet.plan.routes)
    broad, narrow = (4.6, 1.8) if routes <= 12 else (2.4, 1.5)
    return broad - (broad - narrow) * index / max(1, routes - 1)


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _style(index: int) -> Any:
    return _STYLES[index // len(_COLOURS) % len(_STYLES)]


def _draw_stops(axes: Axes, sheet: _Sheet) -> None:
    for mark, (x, y) in zip(sheet.marks, sheet.mark_places.tolist(), strict=True):
        late = mark.stop.late_s > 0
        if sheet.numbered:
            _draw_leader(axes, mark, (x, y))
        _draw_stop(axes, sheet, (x, y), mark.route, late=late)
        if sheet.numbered:
            _write_in_mark(axes, sheet, (x, y), f"{route_letter(mark.route)}{mark.number}", late=late)
    if not sheet.numbered:
        _tag_routes(axes, sheet)


def _draw_leader(axes: Axes, mark: _Mark, at: tuple[float, float]) -> None:
    """From the place on the road to the mark, where that had to stand aside."""
    axes.plot([mark.x, at[0]], [mark.y, at[1]], color=INK, linewidth=0.9, zorder=5)
    axes.plot(mark.x, mark.y, "o", markersize=2.6, color=INK, markeredgewidth=0, zorder=5)


def _tag_routes(axes: Axes, sheet: _Sheet) -> None:
    """Each route's letter once, by its middle stop, so that it is known without its colour."""
    groups = [[mark for mark in sheet.marks if mark.route == index] for index in range(len(sheet.plan.routes))]
    marks = [group[len(group) // 2] for group in groups if group]
    if not marks or len(marks) > _MOST_NUMBERED:
        return
    scale = 0.8 if len(marks) <= 15 else 0.62
    gap, pixel = 2.1 * scale * sheet.em, sheet.metres_per_pixel
    fixed = np.array([point for _, point in sheet.depots]).reshape(-1, 2) / pixel
    beside = np.array([[mark.x / pixel, mark.y / pixel + sheet.em] for mark in marks])
    for mark, at in zip(marks, spread(beside, gap=gap, reach=3 * gap, fixed=fixed) * pixel, strict=True):
        axes.plot([mark.x, at[0]], [mark.y, at[1]], color=INK, linewidth=0.8, zorder=8)
        _tag(axes, sheet, (float(at[0]), float(at[1])), mark.route, scale)


def _tag(axes: Axes, sheet: _Sheet, at: tuple[float, float], index: int, scale: float) -> None:
    axes.text(
        *at,
        route_letter(index),
        ha="center",
        va="center_baseline",
        color=PAPER,
        fontproperties=sheet.typeface.bold,
        fontsize=scale * sheet.points,
        zorder=9,
        bbox={"boxstyle": "round,pad=0.18", "facecolor": _colour(index), "edgecolor": PAPER, "linewidth": 0.8},
        parse_math=False,
    )


def _draw_stop(axes: Axes, sheet: _Sheet, at: tuple[float, float], route: int, *, late: bool) -> None:
    """A disc in the route's colour; a late one is a larger black-rimmed triangle."""
    size = sheet.points * (
        (2.7 if late else 1.75) if sheet.numbered else (1.1 if late else 0.45 if sheet.crowded else 0.6)
    )
    rim, rim_width = (INK, 1.6) if late else (PAPER, 0.9)
    marker = "^" if late else "o"
    axes.plot(
        *at,
        marker,
        markersize=size,
        color=_colour(route),
        markeredgecolor=rim,
        markeredgewidth=rim_width,
        zorder=10 if late else 8,
    )


def _write_in_mark(axes: Axes, sheet: _Sheet, at: tuple[float, float], label: str, *, late: bool) -> None:
    size = sheet.points * (0.72 if len(label) < 3 else 0.6)
    drop = -0.42 * sheet.points if late else 0.0
    axes.annotate(
        label,
        at,
        xytext=(0, drop),
        textcoords="offset points",
        ha="center",
        va="center_baseline",
        color=PAPER,
        fontproperties=sheet.typeface.bold,
        fontsize=size,
        zorder=11 if late else 9,
        parse_math=False,
    )


def _draw_unserved(axes: Axes, sheet: _Sheet) -> None:
    """A black cross on white: visible on any road or route."""
    size = sheet.points * 1.3
    for width, colour, zorder in ((4.6, PAPER, 11), (2.4, INK, 12)):
        axes.plot(
            *sheet.unserved.T,
            "x",
            markersize=size,
            color=colour,
            markeredgewidth=width,
            linestyle="none",
            zorder=zorder,
        )


def _draw_depots(axes: Axes, sheet: _Sheet) -> None:
    for depot, point in sheet.depots:
        at = float(point[0]), float(point[1])
        draw_depot(axes, at, _depot_size(sheet))
        draw_depot_name(axes, sheet, at, depot)


def _depot_size(sheet: _Sheet) -> float:
    return (1.05 if sheet.crowded else 1.5) * sheet.points


# --- title, legend, scale ---------------------------------------------------------------------------------------


def _draw_frame(axes: Axes, sheet: _Sheet) -> None:
    _draw_title(axes, sheet)
    draw_scale_north_attribution(axes, sheet)
    rows = _draw_signs(axes, sheet)
    _draw_route_list(axes, sheet, rows)


def _draw_title(axes: Axes, sheet: _Sheet) -> None:
    plan = sheet.plan
    first = plan.orders[0]
    local = first.order_at.astimezone(ZoneInfo(plan.scenario.timezone))
    summary = plan.summary
    counts = [
        f"{sheet.say(IN_TIME)} {summary.served_in_time}",
        f"{sheet.say(LATE)} {summary.served_late}",
        f"{sheet.say(UNSERVED)} {summary.unserved}",
        f"{sheet.say(ORDER)} {local:%Y-%m-%d %H:%M}",
    ]
    draw_title(axes, sheet, plan.scenario.name or sheet.say(TITLE), "   |   ".join(counts))


def _draw_signs(axes: Axes, sheet: _Sheet) -> int:
    """What the signs mean; only those that occur. Returns the rows used."""
    columns = 2 if sheet.tall else 1
    for index, sign in enumerate(sheet.signs):
        x, y = _cell(sheet, index // columns, index % columns)
        at, said = (x + 1.0 * sheet.em, y), SIGN_TEXTS[sign] if isinstance(sign, RestrictionSign) else sign
        if isinstance(sign, RestrictionSign):
            draw_restriction_sign(axes, sign, at, points=sheet.points, em=sheet.em)
        else:
            said = STOP_NUMBERED if sign is STOP_PLAIN and sheet.numbered else said
            _draw_sign(axes, sheet, said, at)
        write(axes, sheet, x + 2.6 * sheet.em, y, sheet.say(said), scale=0.9)
    return -(-len(sheet.signs) // columns)


def _cell(sheet: _Sheet, row: float, column: int) -> tuple[float, float]:
    """Left edge and middle of a legend row, in pixels."""
    box = sheet.legend_box
    return box.left + column * box.width / 2, box.top + (row + 0.5) * ROW_EM * sheet.em


def _draw_sign(axes: Axes, sheet: _Sheet, sign: Text, at: tuple[float, float]) -> None:
    if sign is DEPOT:
        draw_depot(axes, at, _depot_size(sheet))
    elif sign is UNSERVED_SITE:
        axes.plot(*at, "x", markersize=1.2 * sheet.points, color=INK, markeredgewidth=2.4)
    else:
        late = sign is LATE_STOP
        size = sheet.points * (1.6 if late else 1.5 if sheet.numbered else 0.7)
        rim = INK if late else PAPER
        axes.plot(
            *at, "^" if late else "o", markersize=size, color=_COLOURS[0], markeredgecolor=rim, markeredgewidth=1.4
        )
        if sheet.numbered and not late:
            _write_in_mark(axes, sheet, at, "A1", late=False)


def _draw_route_list(axes: Axes, sheet: _Sheet, rows_above: int) -> None:
    columns, start = sheet.route_columns, rows_above + 1.3
    room = max(1, int(sheet.legend_box.height / (ROW_EM * sheet.em) - start + 0.05)) * columns
    routes = sheet.plan.routes
    shown = routes if len(routes) <= room else routes[: room - 1]
    x, y = _cell(sheet, start - 0.95, 0)
    if sheet.unlisted:
        write(axes, sheet, x, y, sheet.say(LISTED_ELSEWHERE).format(len(routes)), scale=0.9)
        return
    write(axes, sheet, x, y, f"{sheet.say(ROUTES)} ({len(routes)})", bold=True)
    for index, route in enumerate(shown):
        _draw_route_row(axes, sheet, index, route, _cell(sheet, start + index // columns, index % columns))
    if len(shown) < len(routes):
        x, y = _cell(sheet, start + len(shown) // columns, len(shown) % columns)
        write(axes, sheet, x, y, sheet.say(MORE).format(len(routes) - len(shown)), scale=0.9)


def _draw_route_row(axes: Axes, sheet: _Sheet, index: int, route: RouteEntry, at: tuple[float, float]) -> None:
    em, (x, y) = sheet.em, at
    width = max(2.0, _route_width(sheet, index))
    look = {"color": _colour(index), "linestyle": _style(index), "linewidth": width, "solid_capstyle": "butt"}
    axes.plot([x, x + 1.7 * em], [y, y], **look)
    write(axes, sheet, x + 2.1 * em, y, route_letter(index), bold=True, scale=0.9)
    room = (sheet.legend_box.width / sheet.route_columns / em - 3.9) / 0.9
    write(axes, sheet, x + 3.6 * em, y, _route_said(sheet, route, room), scale=0.9)


def _route_said(sheet: _Sheet, route: RouteEntry, room_em: float) -> str:
    """The vehicle, and as many of its figures as there is room for."""
    name, stops = route.name or route.vehicle, f"{route.totals.stops} {sheet.say(STOPS)}"
    if sheet.route_columns == 1:
        figures = f"  {stops}, {route.totals.length_m / 1000:.1f} {sheet.say(KM)}"
        return fit(name, max(4.0, room_em - width_em(figures))) + figures
    return f"{name}  {stops}" if sheet.tall and width_em(f"{name}  {stops}") <= room_em else fit(name, room_em)
