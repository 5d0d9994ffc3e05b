"""The sheet every map is drawn on: where the map and its legend stand, roads, title, scale, north and attribution."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from api.maps.fonts import Typeface
from geodata.errors import Text
from geodata.model import Booleans, Floats, Ints
from geodata.network import EARTH_RADIUS_M, Network, bounding_box

LANDSCAPE = (1800, 1300)
TALL = (1000, 1400)
"""For a phone: larger letters, the legend below the map."""

DPI = 150
INK, PAPER, GROUND = "#16212B", "#FFFFFF", "#F7F8F6"
ROW_EM = 1.6
_WIDTHS_PT = {
    **dict.fromkeys(("motorway", "trunk", "motorway_link", "trunk_link"), 2.6),
    **dict.fromkeys(("primary", "primary_link", "secondary"), 1.9),
    **dict.fromkeys(("secondary_link", "tertiary", "tertiary_link"), 1.3),
}
_MINOR_PT, _MINOR, _MAJOR = 0.6, "#D0D4D7", "#C3C9CE"
_SMALLEST_SPAN_M = 400.0

KM, M = Text("公里", "km"), Text("米", "m")
NORTH = Text("北", "N")

View = tuple[float, float, float, float]
"""West, east, south, north in metres."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet in pixels from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A picture of ``size`` pixels of a network; taller than wide, it has its legend below the map."""

    network: Network
    typeface: Typeface
    lang: str
    size: tuple[int, int] = LANDSCAPE

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
        return self.points * DPI / 72

    @property
    def legend_height(self) -> float:
        """Below a tall map."""
        return self.size[1] / 4

    @cached_property
    def map_box(self) -> Box:
        edge, top = self.em, 4.6 * self.em
        width, height = self.size
        if self.tall:
            return Box(edge, top, width - 2 * edge, height - top - self.legend_height - 2 * edge)
        return Box(edge, top, width - 19.5 * self.em - 2 * edge, height - top - edge)

    @cached_property
    def legend_box(self) -> Box:
        box, edge = self.map_box, self.em
        if self.tall:
            return Box(edge, box.top + box.height + edge, box.width, self.legend_height)
        left = box.left + box.width + edge
        return Box(left, box.top, self.size[0] - left - 0.4 * edge, box.height)

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

    @property
    def extent(self) -> Floats:
        """[q, 2] metres of what must be seen; without any, the whole network."""
        return np.empty((0, 2))

    @cached_property
    def view(self) -> View:
        """All that is drawn, clear of scale and labels, in the shape of the map's box."""
        points = self.extent if len(self.extent) else self.plane(np.array(bounding_box(self.network)))
        low, high = points.min(axis=0), points.max(axis=0)
        box, side, below = self.map_box, 2.0 * self.em, 3.4 * self.em
        room = np.array([box.width - 2 * side, box.height - side - below])
        metres_per_pixel = float((np.maximum(high - low, _SMALLEST_SPAN_M) / room).max())
        west = (low[0] + high[0] - box.width * metres_per_pixel) / 2
        south = (low[1] + high[1] - (room[1] + 2 * below) * metres_per_pixel) / 2
        return west, west + box.width * metres_per_pixel, south, south + box.height * metres_per_pixel

    @property
    def metres_per_pixel(self) -> float:
        west, east, _, _ = self.view
        return (east - west) / self.map_box.width


# --- the picture ------------------------------------------------------------------------------------------------


def blank(sheet: Sheet) -> tuple[Figure, Axes, Axes]:
    """The figure, axes of the map in metres, and axes of the whole sheet in pixels, y downwards."""
    figure = Figure(figsize=(sheet.size[0] / DPI, sheet.size[1] / DPI), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure, _map_axes(figure, sheet), _page_axes(figure, sheet)


def picture_of(figure: Figure) -> bytes:
    """A PNG; the same figure gives the same bytes."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DPI, metadata={"Software": None})
    return picture.getvalue()


def _map_axes(figure: Figure, sheet: Sheet) -> Axes:
    box, (width, height) = sheet.map_box, sheet.size
    place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
    axes = figure.add_axes(place)
    west, east, south, north = sheet.view
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=GROUND)
    axes.spines[:].set(color=INK, linewidth=0.8)
    return axes


def _page_axes(figure: Figure, sheet: Sheet) -> Axes:
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, sheet.size[0]), ylim=(sheet.size[1], 0))
    axes.set_axis_off()
    return axes


# --- the map ----------------------------------------------------------------------------------------------------


def draw_roads(axes: Axes, sheet: Sheet) -> None:
    points, widths = sheet.plane(sheet.network.points), road_widths(sheet.network)
    shown = np.flatnonzero(_in_view(sheet.network, points, sheet.view))
    for width in np.unique(widths[shown]):
        lines = edge_lines(sheet, shown[widths[shown] == width])
        colour = _MINOR if width == _MINOR_PT else _MAJOR
        axes.add_collection(LineCollection(lines, linewidths=width, colors=colour, zorder=1), autolim=False)


def road_widths(network: Network) -> Floats:
    """[k] points, by the class of each edge."""
    widths = np.array([_WIDTHS_PT.get(tags.get("highway", ""), _MINOR_PT) for tags in network.tag_sets])
    by_edge: Floats = widths[network.edge_tags]
    return by_edge


def edge_lines(sheet: Sheet, edges: Ints) -> list[Floats]:
    """[q, 2] metres of each edge."""
    network, points = sheet.network, sheet.plane(sheet.network.points)
    return [points[network.first_point[edge] : network.first_point[edge + 1]] for edge in edges]


def _in_view(network: Network, points: Floats, view: View) -> Booleans:
    """[k] whether an edge's bounding box meets the view."""
    west, east, south, north = view
    low = np.minimum.reduceat(points, network.first_point[:-1])
    high = np.maximum.reduceat(points, network.first_point[:-1])
    meets: Booleans = (high[:, 0] > west) & (low[:, 0] < east) & (high[:, 1] > south) & (low[:, 1] < north)
    return meets


def draw_depot(axes: Axes, at: tuple[float, float], size: float) -> None:
    axes.plot(*at, "s", markersize=size, color=INK, markeredgecolor=PAPER, markeredgewidth=1.4, zorder=7)
    axes.plot(*at, "s", markersize=0.38 * size, color=PAPER, markeredgewidth=0, zorder=7)


def draw_depot_name(axes: Axes, sheet: Sheet, at: tuple[float, float], name: str) -> None:
    axes.annotate(
        sheet.typeface.writable(name),
        at,
        xytext=(0, 1.1 * sheet.points),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=INK,
        fontproperties=sheet.typeface.bold,
        fontsize=sheet.points,
        zorder=13,
        path_effects=[withStroke(linewidth=3, foreground=PAPER)],
        parse_math=False,
    )


# --- title, scale, north, attribution ---------------------------------------------------------------------------


def write(axes: Axes, sheet: Sheet, x: float, y: float, text: str, **look: Any) -> None:
    """On the page. ``bold``, ``scale``: of the letters."""
    bold, scale = look.pop("bold", False), look.pop("scale", 1.0)
    font = sheet.typeface.bold if bold else sheet.typeface.regular
    axes.text(
        x,
        y,
        sheet.typeface.writable(text),
        fontproperties=font,
        fontsize=sheet.points * scale,
        **{"color": INK, "va": "center_baseline", "parse_math": False, **look},
    )


def draw_title(axes: Axes, sheet: Sheet, title: str, line: str) -> None:
    """The title, and a line of figures below it."""
    em = sheet.em
    write(axes, sheet, em, 1.6 * em, fit(title, (sheet.size[0] - 2 * em) / (1.45 * em)), bold=True, scale=1.45)
    write(axes, sheet, em, 3.45 * em, line, scale=min(1.05, (sheet.size[0] - 2 * em) / em / width_em(line)))


def draw_scale_north_attribution(axes: Axes, sheet: Sheet) -> None:
    _draw_scale(axes, sheet)
    _draw_north(axes, sheet)
    _draw_attribution(axes, sheet)


def _draw_scale(axes: Axes, sheet: Sheet) -> None:
    em, box = sheet.em, sheet.map_box
    metres = _round_length(box.width * sheet.metres_per_pixel / 5)
    length = metres / sheet.metres_per_pixel
    left, bottom = box.left + 0.9 * em, box.top + box.height - 0.9 * em
    _plate(axes, left - 0.5 * em, bottom - 1.75 * em, length + 1.0 * em, 2.25 * em)
    axes.plot(
        [left, left, left + length, left + length],
        [bottom - 0.4 * em, bottom, bottom, bottom - 0.4 * em],
        color=INK,
        linewidth=1.6,
    )
    label = f"{metres / 1000:g} {sheet.say(KM)}" if metres >= 1000 else f"{metres:g} {sheet.say(M)}"
    write(axes, sheet, left + length / 2, bottom - 0.85 * em, label, ha="center", scale=0.85)


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(factor * power for factor in (1, 2, 5) if factor * power <= metres))


def _draw_north(axes: Axes, sheet: Sheet) -> None:
    em, box = sheet.em, sheet.map_box
    x, top = box.left + box.width - 1.5 * em, box.top + 0.8 * em
    _plate(axes, x - 0.9 * em, top - 0.3 * em, 1.8 * em, 3.4 * em)
    axes.fill([x, x - 0.55 * em, x, x + 0.55 * em], [top, top + 1.6 * em, top + 1.2 * em, top + 1.6 * em], color=INK)
    write(axes, sheet, x, top + 2.3 * em, sheet.say(NORTH), ha="center", bold=True, scale=0.9)


def _draw_attribution(axes: Axes, sheet: Sheet) -> None:
    em, box, text = sheet.em, sheet.map_box, sheet.network.attribution
    width = (width_em(text) * 0.75 + 0.6) * em
    right, bottom = box.left + box.width, box.top + box.height
    _plate(axes, right - width, bottom - 1.2 * em, width, 1.2 * em)
    write(axes, sheet, right - 0.3 * em, bottom - 0.55 * em, text, ha="right", scale=0.75)


def _plate(axes: Axes, left: float, top: float, width: float, height: float) -> None:
    """A light ground, so that what stands on the map can be read."""
    axes.add_patch(Rectangle((left, top), width, height, facecolor=PAPER, alpha=0.85, linewidth=0))


def fit(text: str, room_em: float) -> str:
    """The text, cut with an ellipsis where it is wider than so many letters' height."""
    if width_em(text) <= room_em:
        return text
    kept = text
    while kept and width_em(kept) + 1 > room_em:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def width_em(text: Sequence[str]) -> float:
    """Estimated: a Chinese sign is as wide as high, a Latin letter a little over half."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.57 for sign in text)
