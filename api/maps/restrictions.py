"""Closures, zones, checkpoints and gates as every map shows them, and the signs that a legend explains them by.

Colour never carries a meaning alone: zones are hatched by their level, closed roads barred and marked by a disc with a
bar, checkpoints are diamonds, gates pentagons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from api.maps.fonts import Typeface
from api.schemas import GeometryEntry
from geodata.errors import Text
from geodata.model import Floats
from geodata.restrictions import shape_of

_INK, _PAPER, _SHUT = "#16212B", "#FFFFFF", "#A4161A"
_HATCH_PT = 0.7


class RestrictionSign(StrEnum):
    SEALED = "sealed"
    CONTROLLED = "controlled"
    PRECAUTIONARY = "precautionary"
    CLOSED = "closed"
    CHECKPOINT = "checkpoint"
    GATE = "gate"


SIGN_TEXTS = MappingProxyType(
    {
        RestrictionSign.SEALED: Text("封控区", "Sealed zone"),
        RestrictionSign.CONTROLLED: Text("管控区", "Controlled zone"),
        RestrictionSign.PRECAUTIONARY: Text("防范区", "Precautionary zone"),
        RestrictionSign.CLOSED: Text("封闭的道路", "Closed road"),
        RestrictionSign.CHECKPOINT: Text("检查点", "Checkpoint"),
        RestrictionSign.GATE: Text("交接卡口", "Gate for handing over"),
    }
)
"""What a legend says beside each sign."""

_ZONE_LOOKS: MappingProxyType[RestrictionSign, tuple[str, str]] = MappingProxyType(
    {
        RestrictionSign.SEALED: ("#B3261E", "xxxx"),
        RestrictionSign.CONTROLLED: ("#B35C00", "////"),
        RestrictionSign.PRECAUTIONARY: ("#6B6B00", "...."),
    }
)
"""Colour and hatch."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """Axes in metres: ``plane`` makes them of [q, 2] lon, lat. ``points``: the size of letters."""

    axes: Axes
    plane: Callable[[Floats], Floats]
    typeface: Typeface
    points: float

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = self.plane(np.array([[lon, lat]]))[0].tolist()
        return x, y


@dataclass(frozen=True, slots=True)
class DrawnZone:
    """``level``: sealed, controlled or precautionary."""

    id: str
    level: str
    geometry: GeometryEntry


@dataclass(frozen=True, slots=True)
class DrawnClosure:
    """``lines``: [q, 2] lon, lat of each stretch of road it closes."""

    id: str
    lines: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    """A checkpoint or a gate."""

    id: str
    lon: float
    lat: float


# --- on the map -------------------------------------------------------------------------------------------------


def draw_zones(canvas: Canvas, zones: Iterable[DrawnZone]) -> None:
    """Hatched below the roads, edged above them, each named at its upper edge."""
    for zone in zones:
        area = _area(canvas, zone.geometry)
        colour, hatch = _ZONE_LOOKS[RestrictionSign(zone.level)]
        _draw_hatched(canvas.axes, _path(area), colour, hatch, zorder=0.5)
        edge = PathPatch(_path(area), facecolor="none", edgecolor=colour, linewidth=1.8, zorder=4)
        canvas.axes.add_patch(edge)
        top = shapely.get_coordinates(area)[np.argmax(shapely.get_coordinates(area)[:, 1])]
        _name(canvas, zone.id, (float(top[0]), float(top[1])), colour)


def draw_closures(canvas: Canvas, closures: Iterable[DrawnClosure]) -> None:
    """Each stretch barred, and one disc with a bar in the middle of the longest."""
    for closure in closures:
        lines = [canvas.plane(line) for line in closure.lines if len(line) > 1]
        if not lines:
            continue
        bars: Any = (0, (0.9, 0.7))
        for colour, width, style in ((_INK, 6.0, "solid"), (_PAPER, 4.4, "solid"), (_SHUT, 4.4, bars)):
            drawn = LineCollection(lines, linewidths=width, colors=colour, linestyles=[style], zorder=5)
            drawn.set_capstyle("butt")
            canvas.axes.add_collection(drawn, autolim=False)
        at = _middle(max(lines, key=_length))
        _draw_no_entry(canvas.axes, at, 1.25 * canvas.points, zorder=11)
        _name(canvas, closure.id, at, _SHUT)


def draw_checkpoints(canvas: Canvas, checkpoints: Iterable[DrawnPoint]) -> None:
    for checkpoint in checkpoints:
        at = canvas.at(checkpoint.lon, checkpoint.lat)
        _draw_checkpoint(canvas.axes, at, 1.2 * canvas.points, zorder=11)
        _name(canvas, checkpoint.id, at, _INK)


def draw_gates(canvas: Canvas, gates: Iterable[DrawnPoint]) -> None:
    for gate in gates:
        at = canvas.at(gate.lon, gate.lat)
        _draw_gate(canvas.axes, at, 1.35 * canvas.points, zorder=11)
        _name(canvas, gate.id, at, _GATE)


# --- in the legend ----------------------------------------------------------------------------------------------


def signs_of(
    zones: Sequence[DrawnZone],
    closures: Sequence[DrawnClosure],
    checkpoints: Sequence[DrawnPoint],
    gates: Sequence[DrawnPoint],
) -> tuple[RestrictionSign, ...]:
    """Those that occur, in the order of a legend."""
    occur = {RestrictionSign(zone.level) for zone in zones}
    occur |= {RestrictionSign.CLOSED} if closures else set()
    occur |= {RestrictionSign.CHECKPOINT} if checkpoints else set()
    occur |= {RestrictionSign.GATE} if gates else set()
    return tuple(sign for sign in RestrictionSign if sign in occur)


def draw_restriction_sign(
    axes: Axes, sign: RestrictionSign, at: tuple[float, float], *, points: float, em: float
) -> None:
    """The sign by itself, its middle at a place of a page whose unit is the pixel; ``em``: the height of letters there."""
    if sign in _ZONE_LOOKS:
        colour, hatch = _ZONE_LOOKS[sign]
        box = Rectangle((at[0] - 0.85 * em, at[1] - 0.5 * em), 1.7 * em, em)
        _draw_hatched(axes, box.get_transform().transform_path(box.get_path()), colour, hatch, zorder=2)
    elif sign is RestrictionSign.CLOSED:
        _draw_no_entry(axes, at, 1.15 * points, zorder=3)
    elif sign is RestrictionSign.CHECKPOINT:
        _draw_checkpoint(axes, at, 1.1 * points, zorder=3)
    else:
        _draw_gate(axes, at, 1.25 * points, zorder=3)


# --- signs ------------------------------------------------------------------------------------------------------

_GATE, _CHECKPOINT = "#00634A", "#F2B705"


def _draw_hatched(axes: Axes, path: Path, colour: str, hatch: str, *, zorder: float) -> None:
    ground = PathPatch(path, facecolor=colour, alpha=0.10, linewidth=0, zorder=zorder)
    lines = PathPatch(path, facecolor="none", edgecolor=colour, linewidth=0.8, hatch=hatch, alpha=0.55, zorder=zorder)
    lines.set_hatch_linewidth(_HATCH_PT)
    axes.add_patch(ground)
    axes.add_patch(lines)


def _draw_no_entry(axes: Axes, at: tuple[float, float], size: float, *, zorder: float) -> None:
    axes.plot(*at, "o", markersize=size, color=_SHUT, markeredgecolor=_PAPER, markeredgewidth=1.0, zorder=zorder)
    axes.plot(*at, "_", markersize=0.6 * size, color=_PAPER, markeredgewidth=0.2 * size, zorder=zorder)


def _draw_checkpoint(axes: Axes, at: tuple[float, float], size: float, *, zorder: float) -> None:
    axes.plot(
        *at, "D", markersize=0.8 * size, color=_CHECKPOINT, markeredgecolor=_INK, markeredgewidth=1.3, zorder=zorder
    )


def _draw_gate(axes: Axes, at: tuple[float, float], size: float, *, zorder: float) -> None:
    axes.plot(*at, "p", markersize=size, color=_PAPER, markeredgecolor=_GATE, markeredgewidth=2.0, zorder=zorder)
    axes.plot(*at, "p", markersize=0.4 * size, color=_GATE, markeredgewidth=0, zorder=zorder)


def _name(canvas: Canvas, text: str, at: tuple[float, float], colour: str) -> None:
    canvas.axes.annotate(
        canvas.typeface.writable(text),
        at,
        xytext=(0, 0.85 * canvas.points),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=colour,
        fontproperties=canvas.typeface.bold,
        fontsize=0.85 * canvas.points,
        zorder=13,
        path_effects=[withStroke(linewidth=2.6, foreground=_PAPER)],
        parse_math=False,
        annotation_clip=True,
    )


# --- shapes -----------------------------------------------------------------------------------------------------


def corners_of(zone: DrawnZone) -> Floats:
    """[q, 2] lon, lat."""
    corners: Floats = shapely.get_coordinates(shape_of(zone.geometry.type, zone.geometry.coordinates))
    return corners


def _area(canvas: Canvas, geometry: GeometryEntry) -> shapely.Polygon | shapely.MultiPolygon:
    shape = shape_of(geometry.type, geometry.coordinates)
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError(geometry.type)
    return shapely.transform(shape, canvas.plane)


def _path(area: shapely.Polygon | shapely.MultiPolygon) -> Path:
    """Holes run the other way round, as filling asks for."""
    rings: list[Path] = []
    for polygon in shapely.get_parts(shapely.orient_polygons(area)):
        rings += [Path(shapely.get_coordinates(ring), closed=True) for ring in (polygon.exterior, *polygon.interiors)]
    return Path.make_compound_path(*rings)


def _length(line: Floats) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _middle(line: Floats) -> tuple[float, float]:
    point = shapely.line_interpolate_point(shapely.LineString(line), 0.5, normalized=True)
    return float(point.x), float(point.y)
