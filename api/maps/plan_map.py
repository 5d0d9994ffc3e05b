"""A finished plan as one picture: the roads, what is driven, where it stops, and what is late or left out.

Drawn from our own road network, so it needs no map service. Colour never carries a meaning alone: routes have letters
and stops their number, late stops are triangles, unserved sites crosses, depots squares.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from api.maps.driven import depots_in_use, driven_legs, places_on_road, require_its_network
from api.maps.fonts import Typeface, find_typeface
from api.schemas import PlanDocument, RouteEntry, StopEntry
from geodata.errors import Text
from geodata.model import Booleans, Floats
from geodata.network import EARTH_RADIUS_M, Network, bounding_box

LANDSCAPE = (1800, 1300)
TALL = (1000, 1400)
"""For a phone: larger letters, the legend below the map."""

_DPI = 150
_COLOURS = ("#0072B2", "#D55E00", "#007F5F", "#AA3377", "#B8860B", "#332288", "#3399CC")
"""After Okabe and Ito (2008) and Tol (2021), darkened where a thin line on white asks for it."""
_STYLES: tuple[Any, ...] = ("solid", (0, (4, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
_INK, _PAPER, _GROUND = "#16212B", "#FFFFFF", "#F7F8F6"
_WIDTHS_PT = {
    **dict.fromkeys(("motorway", "trunk", "motorway_link", "trunk_link"), 2.6),
    **dict.fromkeys(("primary", "primary_link", "secondary"), 1.9),
    **dict.fromkeys(("secondary_link", "tertiary", "tertiary_link"), 1.3),
}
_MINOR_PT, _MINOR, _MAJOR = 0.6, "#D0D4D7", "#C3C9CE"
_SMALLEST_SPAN_M = 400.0
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
KM, M = Text("公里", "km"), Text("米", "m")
NORTH = Text("北", "N")


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
    sheet = _Sheet(plan, network, typeface, lang if typeface.chinese else "en", size)
    figure = Figure(figsize=(size[0] / _DPI, size[1] / _DPI), dpi=_DPI, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    _draw_map(_map_axes(figure, sheet), sheet)
    _draw_frame(_page_axes(figure, sheet), sheet)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    return picture.getvalue()


def route_letter(index: int) -> str:
    """A, B … Z, AA, AB …: the name of a route on the map."""
    return (route_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


# --- where things go on the sheet -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stop on the map: x, y in metres, the index of its route, its number along the route."""

    x: float
    y: float
    route: int
    number: int
    stop: StopEntry


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle on the sheet in pixels from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class _Sheet:
    plan: PlanDocument
    network: Network
    typeface: Typeface
    lang: str
    size: tuple[int, int]

    def say(self, text: Text) -> str:
        return self.typeface.writable(text.in_language(self.lang))

    @property
    def tall(self) -> bool:
        return self.size[1] > self.size[0]

    @property
    def points(self) -> float:
        """Letter size in points, in proportion to the sheet."""
        width, height = self.size
        return width / 75 if self.tall else min(width / 160, height / 115)

    @property
    def em(self) -> float:
        """Letter size in pixels."""
        return self.points * _DPI / 72

    @cached_property
    def map_box(self) -> _Box:
        edge, top = self.em, 4.6 * self.em
        width, height = self.size
        if self.tall:
            return _Box(edge, top, width - 2 * edge, height - top - self.legend_height - 2 * edge)
        return _Box(edge, top, width - 19.5 * self.em - 2 * edge, height - top - edge)

    @cached_property
    def legend_box(self) -> _Box:
        box, edge = self.map_box, self.em
        if self.tall:
            return _Box(edge, box.top + box.height + edge, box.width, self.legend_height)
        left = box.left + box.width + edge
        return _Box(left, box.top, self.size[0] - left - 0.4 * edge, box.height)

    @property
    def legend_height(self) -> float:
        """Below a tall map: two columns of rows, never more than a third of the sheet."""
        listed = 0 if self.unlisted else -(-len(self.plan.routes) // self.route_columns)
        rows = 2 + 1.3 + listed
        return min((rows + 0.1) * _ROW_EM * self.em, self.size[1] / 3)

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
    def origin(self) -> tuple[float, float]:
        low, high = bounding_box(self.network)
        return (low.lon + high.lon) / 2, (low.lat + high.lat) / 2

    def plane(self, points: Floats) -> Floats:
        """Metres east and north of the network's middle (equirectangular): [q, 2] from lon, lat."""
        lon, lat = self.origin
        degree = np.pi / 180 * EARTH_RADIUS_M
        metres: Floats = (points - (lon, lat)) * (degree * np.cos(np.radians(lat)), degree)
        return metres

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
                x, y = self.plane(np.array([[stop.lon, stop.lat]]))[0]
                yield _Mark(float(x), float(y), index, number, stop)

    @cached_property
    def unserved(self) -> Floats:
        return self.plane(np.array([[entry.lon, entry.lat] for entry in self.plan.unserved]).reshape(-1, 2))

    @cached_property
    def depots(self) -> tuple[tuple[str, Floats], ...]:
        places = places_on_road(self.plan)
        return tuple((depot, self.plane(np.array([places[depot]]))[0]) for depot in depots_in_use(self.plan))

    @cached_property
    def view(self) -> tuple[float, float, float, float]:
        """West, east, south, north in metres: all that is drawn, clear of scale and labels, in the shape of the map's box."""
        low, high = self._extent()
        box, side, below = self.map_box, 2.0 * self.em, 3.4 * self.em
        room = np.array([box.width - 2 * side, box.height - side - below])
        metres_per_pixel = float((np.maximum(high - low, _SMALLEST_SPAN_M) / room).max())
        west = (low[0] + high[0] - box.width * metres_per_pixel) / 2
        south = (low[1] + high[1] - (room[1] + 2 * below) * metres_per_pixel) / 2
        return west, west + box.width * metres_per_pixel, south, south + box.height * metres_per_pixel

    def _extent(self) -> tuple[Floats, Floats]:
        marks = np.array([[mark.x, mark.y] for mark in self.marks]).reshape(-1, 2)
        depots = [point[None, :] for _, point in self.depots]
        driven = [line for lines in self.lines for line in lines]
        points = np.concatenate([marks, self.unserved, *depots, *driven])
        if not len(points):
            points = self.plane(np.array(bounding_box(self.network)))
        return points.min(axis=0), points.max(axis=0)

    @property
    def metres_per_pixel(self) -> float:
        west, east, _, _ = self.view
        return (east - west) / self.map_box.width

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


def _map_axes(figure: Figure, sheet: _Sheet) -> Axes:
    box, (width, height) = sheet.map_box, sheet.size
    place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
    axes = figure.add_axes(place)
    west, east, south, north = sheet.view
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=_GROUND)
    axes.spines[:].set(color=_INK, linewidth=0.8)
    return axes


def _page_axes(figure: Figure, sheet: _Sheet) -> Axes:
    """The whole sheet in pixels, y downwards."""
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, sheet.size[0]), ylim=(sheet.size[1], 0))
    axes.set_axis_off()
    return axes


# --- the map ----------------------------------------------------------------------------------------------------


def _draw_map(axes: Axes, sheet: _Sheet) -> None:
    _draw_roads(axes, sheet)
    _draw_routes(axes, sheet)
    _draw_depots(axes, sheet)
    _draw_unserved(axes, sheet)
    _draw_stops(axes, sheet)


def _draw_roads(axes: Axes, sheet: _Sheet) -> None:
    network = sheet.network
    points = sheet.plane(network.points)
    widths = np.array([_WIDTHS_PT.get(tags.get("highway", ""), _MINOR_PT) for tags in network.tag_sets])
    edge_widths = widths[network.edge_tags]
    shown = np.flatnonzero(_in_view(network, points, sheet.view))
    for width in np.unique(edge_widths[shown]):
        edges = shown[edge_widths[shown] == width]
        lines = [points[network.first_point[edge] : network.first_point[edge + 1]] for edge in edges]
        colour = _MINOR if width == _MINOR_PT else _MAJOR
        axes.add_collection(LineCollection(lines, linewidths=width, colors=colour, zorder=1), autolim=False)


def _in_view(network: Network, points: Floats, view: tuple[float, float, float, float]) -> Booleans:
    """[k] whether an edge's bounding box meets the view."""
    west, east, south, north = view
    low = np.minimum.reduceat(points, network.first_point[:-1])
    high = np.maximum.reduceat(points, network.first_point[:-1])
    meets: Booleans = (high[:, 0] > west) & (low[:, 0] < east) & (high[:, 1] > south) & (low[:, 1] < north)
    return meets


def _draw_routes(axes: Axes, sheet: _Sheet) -> None:
    """Earlier routes are drawn broader, so that they show on either side of a later one on the same road."""
    for index, lines in enumerate(sheet.lines):
        width = _route_width(sheet, index)
        casing = LineCollection(lines, linewidths=width + 1.4, colors=_PAPER, zorder=2, capstyle="round")
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
    axes.plot([mark.x, at[0]], [mark.y, at[1]], color=_INK, linewidth=0.9, zorder=5)
    axes.plot(mark.x, mark.y, "o", markersize=2.6, color=_INK, markeredgewidth=0, zorder=5)


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
        axes.plot([mark.x, at[0]], [mark.y, at[1]], color=_INK, linewidth=0.8, zorder=8)
        _tag(axes, sheet, (float(at[0]), float(at[1])), mark.route, scale)


def _tag(axes: Axes, sheet: _Sheet, at: tuple[float, float], index: int, scale: float) -> None:
    axes.text(
        *at,
        route_letter(index),
        ha="center",
        va="center_baseline",
        color=_PAPER,
        fontproperties=sheet.typeface.bold,
        fontsize=scale * sheet.points,
        zorder=9,
        bbox={"boxstyle": "round,pad=0.18", "facecolor": _colour(index), "edgecolor": _PAPER, "linewidth": 0.8},
        parse_math=False,
    )


def _draw_stop(axes: Axes, sheet: _Sheet, at: tuple[float, float], route: int, *, late: bool) -> None:
    """A disc in the route's colour; a late one is a larger black-rimmed triangle."""
    size = sheet.points * (
        (2.7 if late else 1.75) if sheet.numbered else (1.1 if late else 0.45 if sheet.crowded else 0.6)
    )
    rim, rim_width = (_INK, 1.6) if late else (_PAPER, 0.9)
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
        color=_PAPER,
        fontproperties=sheet.typeface.bold,
        fontsize=size,
        zorder=11 if late else 9,
        parse_math=False,
    )


def _draw_unserved(axes: Axes, sheet: _Sheet) -> None:
    """A black cross on white: visible on any road or route."""
    size = sheet.points * 1.3
    for width, colour, zorder in ((4.6, _PAPER, 11), (2.4, _INK, 12)):
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
        _draw_depot(axes, sheet, (float(point[0]), float(point[1])))
        axes.annotate(
            sheet.typeface.writable(depot),
            (float(point[0]), float(point[1])),
            xytext=(0, 1.1 * sheet.points),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=_INK,
            fontproperties=sheet.typeface.bold,
            fontsize=sheet.points,
            zorder=13,
            path_effects=[withStroke(linewidth=3, foreground=_PAPER)],
            parse_math=False,
        )


def _draw_depot(axes: Axes, sheet: _Sheet, at: tuple[float, float]) -> None:
    size = (1.05 if sheet.crowded else 1.5) * sheet.points
    axes.plot(*at, "s", markersize=size, color=_INK, markeredgecolor=_PAPER, markeredgewidth=1.4, zorder=7)
    axes.plot(*at, "s", markersize=0.38 * size, color=_PAPER, markeredgewidth=0, zorder=7)


# --- title, legend, scale ---------------------------------------------------------------------------------------

_ROW_EM = 1.6


def _draw_frame(axes: Axes, sheet: _Sheet) -> None:
    _draw_title(axes, sheet)
    _draw_scale(axes, sheet)
    _draw_north(axes, sheet)
    _draw_attribution(axes, sheet)
    rows = _draw_signs(axes, sheet)
    _draw_route_list(axes, sheet, rows)


def _write(axes: Axes, sheet: _Sheet, x: float, y: float, text: str, **look: Any) -> None:
    bold, scale = look.pop("bold", False), look.pop("scale", 1.0)
    font = sheet.typeface.bold if bold else sheet.typeface.regular
    axes.text(
        x,
        y,
        sheet.typeface.writable(text),
        fontproperties=font,
        fontsize=sheet.points * scale,
        **{"color": _INK, "va": "center_baseline", "parse_math": False, **look},
    )


def _draw_title(axes: Axes, sheet: _Sheet) -> None:
    plan, em = sheet.plan, sheet.em
    title = plan.scenario.name or sheet.say(TITLE)
    _write(axes, sheet, em, 1.6 * em, _fit(title, (sheet.size[0] - 2 * em) / (1.45 * em)), bold=True, scale=1.45)
    first = plan.orders[0]
    local = first.order_at.astimezone(ZoneInfo(plan.scenario.timezone))
    summary = plan.summary
    counts = [
        f"{sheet.say(IN_TIME)} {summary.served_in_time}",
        f"{sheet.say(LATE)} {summary.served_late}",
        f"{sheet.say(UNSERVED)} {summary.unserved}",
        f"{sheet.say(ORDER)} {local:%Y-%m-%d %H:%M}",
    ]
    line = "   |   ".join(counts)
    _write(axes, sheet, em, 3.45 * em, line, scale=min(1.05, (sheet.size[0] - 2 * em) / em / _width_em(line)))


def _draw_signs(axes: Axes, sheet: _Sheet) -> int:
    """What the signs mean; only those that occur. Returns the rows used."""
    signs = [DEPOT, STOP_NUMBERED if sheet.numbered else STOP_PLAIN]
    signs += [LATE_STOP] if sheet.plan.summary.served_late else []
    signs += [UNSERVED_SITE] if sheet.plan.unserved else []
    columns = 2 if sheet.tall else 1
    for index, sign in enumerate(signs):
        x, y = _cell(sheet, index // columns, index % columns)
        _draw_sign(axes, sheet, sign, (x + 1.0 * sheet.em, y))
        _write(axes, sheet, x + 2.6 * sheet.em, y, sheet.say(sign), scale=0.9)
    return -(-len(signs) // columns)


def _cell(sheet: _Sheet, row: float, column: int) -> tuple[float, float]:
    """Left edge and middle of a legend row, in pixels."""
    box = sheet.legend_box
    return box.left + column * box.width / 2, box.top + (row + 0.5) * _ROW_EM * sheet.em


def _draw_sign(axes: Axes, sheet: _Sheet, sign: Text, at: tuple[float, float]) -> None:
    if sign is DEPOT:
        _draw_depot(axes, sheet, at)
    elif sign is UNSERVED_SITE:
        axes.plot(*at, "x", markersize=1.2 * sheet.points, color=_INK, markeredgewidth=2.4)
    else:
        late = sign is LATE_STOP
        size = sheet.points * (1.6 if late else 1.5 if sheet.numbered else 0.7)
        rim = _INK if late else _PAPER
        axes.plot(
            *at, "^" if late else "o", markersize=size, color=_COLOURS[0], markeredgecolor=rim, markeredgewidth=1.4
        )
        if sheet.numbered and not late:
            _write_in_mark(axes, sheet, at, "A1", late=False)


def _draw_route_list(axes: Axes, sheet: _Sheet, rows_above: int) -> None:
    columns, start = sheet.route_columns, rows_above + 1.3
    room = max(1, int(sheet.legend_box.height / (_ROW_EM * sheet.em) - start + 0.05)) * columns
    routes = sheet.plan.routes
    shown = routes if len(routes) <= room else routes[: room - 1]
    x, y = _cell(sheet, start - 0.95, 0)
    if sheet.unlisted:
        _write(axes, sheet, x, y, sheet.say(LISTED_ELSEWHERE).format(len(routes)), scale=0.9)
        return
    _write(axes, sheet, x, y, f"{sheet.say(ROUTES)} ({len(routes)})", bold=True)
    for index, route in enumerate(shown):
        _draw_route_row(axes, sheet, index, route, _cell(sheet, start + index // columns, index % columns))
    if len(shown) < len(routes):
        x, y = _cell(sheet, start + len(shown) // columns, len(shown) % columns)
        _write(axes, sheet, x, y, sheet.say(MORE).format(len(routes) - len(shown)), scale=0.9)


def _draw_route_row(axes: Axes, sheet: _Sheet, index: int, route: RouteEntry, at: tuple[float, float]) -> None:
    em, (x, y) = sheet.em, at
    width = max(2.0, _route_width(sheet, index))
    look = {"color": _colour(index), "linestyle": _style(index), "linewidth": width, "solid_capstyle": "butt"}
    axes.plot([x, x + 1.7 * em], [y, y], **look)
    _write(axes, sheet, x + 2.1 * em, y, route_letter(index), bold=True, scale=0.9)
    room = (sheet.legend_box.width / sheet.route_columns / em - 3.9) / 0.9
    _write(axes, sheet, x + 3.6 * em, y, _route_said(sheet, route, room), scale=0.9)


def _route_said(sheet: _Sheet, route: RouteEntry, room_em: float) -> str:
    """The vehicle, and as many of its figures as there is room for."""
    name, stops = route.name or route.vehicle, f"{route.totals.stops} {sheet.say(STOPS)}"
    if sheet.route_columns == 1:
        figures = f"  {stops}, {route.totals.length_m / 1000:.1f} {sheet.say(KM)}"
        return _fit(name, max(4.0, room_em - _width_em(figures))) + figures
    return f"{name}  {stops}" if sheet.tall and _width_em(f"{name}  {stops}") <= room_em else _fit(name, room_em)


def _draw_scale(axes: Axes, sheet: _Sheet) -> None:
    em, box = sheet.em, sheet.map_box
    metres = _round_length(box.width * sheet.metres_per_pixel / 5)
    length = metres / sheet.metres_per_pixel
    left, bottom = box.left + 0.9 * em, box.top + box.height - 0.9 * em
    _plate(axes, left - 0.5 * em, bottom - 1.75 * em, length + 1.0 * em, 2.25 * em)
    axes.plot(
        [left, left, left + length, left + length],
        [bottom - 0.4 * em, bottom, bottom, bottom - 0.4 * em],
        color=_INK,
        linewidth=1.6,
    )
    label = f"{metres / 1000:g} {sheet.say(KM)}" if metres >= 1000 else f"{metres:g} {sheet.say(M)}"
    _write(axes, sheet, left + length / 2, bottom - 0.85 * em, label, ha="center", scale=0.85)


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(factor * power for factor in (1, 2, 5) if factor * power <= metres))


def _draw_north(axes: Axes, sheet: _Sheet) -> None:
    em, box = sheet.em, sheet.map_box
    x, top = box.left + box.width - 1.5 * em, box.top + 0.8 * em
    _plate(axes, x - 0.9 * em, top - 0.3 * em, 1.8 * em, 3.4 * em)
    axes.fill([x, x - 0.55 * em, x, x + 0.55 * em], [top, top + 1.6 * em, top + 1.2 * em, top + 1.6 * em], color=_INK)
    _write(axes, sheet, x, top + 2.3 * em, sheet.say(NORTH), ha="center", bold=True, scale=0.9)


def _draw_attribution(axes: Axes, sheet: _Sheet) -> None:
    em, box, text = sheet.em, sheet.map_box, sheet.plan.network.attribution
    width = (_width_em(text) * 0.75 + 0.6) * em
    right, bottom = box.left + box.width, box.top + box.height
    _plate(axes, right - width, bottom - 1.2 * em, width, 1.2 * em)
    _write(axes, sheet, right - 0.3 * em, bottom - 0.55 * em, text, ha="right", scale=0.75)


def _plate(axes: Axes, left: float, top: float, width: float, height: float) -> None:
    """A light ground, so that what stands on the map can be read."""
    axes.add_patch(Rectangle((left, top), width, height, facecolor=_PAPER, alpha=0.85, linewidth=0))


def _fit(text: str, width_em: float) -> str:
    """The text, cut with an ellipsis where it is wider than so many letters' height."""
    if _width_em(text) <= width_em:
        return text
    kept = text
    while kept and _width_em(kept) + 1 > width_em:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _width_em(text: Sequence[str]) -> float:
    """Estimated: a Chinese sign is as wide as high, a Latin letter a little over half."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.57 for sign in text)
