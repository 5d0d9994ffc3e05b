"""Shapes as GeoJSON has them (RFC 7946), made into geometries; and what is wrong with those that cannot be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely

from geodata.errors import Text
from geodata.model import Floats
from geodata.network import EARTH_RADIUS_M
from geodata.restrictions.model import Area, Line

MOST_CORNERS = 100_000
WIDEST_DEGREES = 5.0
SMALLEST_M2 = 1.0
SHORTEST_M = 1.0

DEPTHS = {"LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""How deep the lists of corners lie in the coordinates."""

NOT_NESTED = Text(
    "{kind} 的 coordinates 须为 {depth} 层嵌套的 [经度, 纬度] 列表",
    "the coordinates of a {kind} are lists of [longitude, latitude] nested {depth} deep",
)
NOT_A_CORNER = Text("须为 [经度, 纬度] 两个数字", "must be two numbers, [longitude, latitude]")
BEYOND = Text(
    "经度须在 ±180、纬度须在 ±90 之内，而不是 {lon}、{lat}",
    "longitude is at most ±180 and latitude ±90, not {lon}, {lat}",
)
SWAPPED = Text(
    "纬度不得超过 ±90，而不是 {lat}；经度与纬度是否写反了？",
    "a latitude is at most ±90, not {lat}; were longitude and latitude swapped?",
)
TOO_MANY = Text("有 {count} 个顶点，超过 {most} 个的上限", "has {count} corners, more than the limit of {most}")
TOO_FEW_OF_RING = Text("一圈至少要有 3 个不同的顶点", "a ring needs at least 3 different corners")
TOO_FEW_OF_LINE = Text("一条线至少要有 2 个不同的点", "a line needs at least 2 different points")
CROSSES_ITSELF = Text("边界在 {lon}，{lat} 处与自己相交", "the border crosses itself at {lon}, {lat}")
HOLE_OUTSIDE = Text("{lon}，{lat} 处的洞在区域之外", "the hole at {lon}, {lat} lies outside the area")
IN_ONE_ANOTHER = Text("{lon}，{lat} 处的两部分互相重叠", "two parts overlap at {lon}, {lat}")
NOT_AN_AREA = Text("不是合法的区域（{lon}，{lat} 处）", "is no proper area (at {lon}, {lat})")
TOO_SMALL = Text("面积只有 {square_m} 平方米", "is only {square_m} m² large")
TOO_SHORT = Text("长度只有 {metres} 米", "is only {metres} m long")
TOO_WIDE = Text(
    "跨越 {degrees} 度，超过 {most} 度；坐标是否有误？",
    "spans {degrees} degrees, more than {most}; are the coordinates right?",
)


class Fault(NamedTuple):
    """What is wrong, and where within the coordinates."""

    steps: tuple[int, ...]
    message: Text


def shape_of(kind: str, coordinates: Sequence[Any]) -> Area | Line:
    """The geometry of sound coordinates."""
    if kind == "LineString":
        return shapely.LineString(_corners(coordinates))
    if kind == "MultiLineString":
        return shapely.MultiLineString([_corners(line) for line in coordinates])
    if kind == "Polygon":
        return _polygon(coordinates)
    return shapely.MultiPolygon([_polygon(rings) for rings in coordinates])


def _polygon(rings: Sequence[Any]) -> shapely.Polygon:
    return shapely.Polygon(_corners(rings[0]), [_corners(ring) for ring in rings[1:]])


def _corners(listed: Sequence[Any]) -> Floats:
    return np.array([corner[:2] for corner in listed], dtype=np.float64)


def geometry_in(text: str) -> dict[str, Any] | None:
    """A GeoJSON geometry from its own text, or from well-known text (WKT); None if it is neither."""
    try:
        found = json.loads(text if text.lstrip().startswith("{") else _from_wkt(text))
    except (ValueError, RecursionError, shapely.errors.ShapelyError):
        return None
    return found if isinstance(found, dict) and "coordinates" in found else None


def _from_wkt(text: str) -> str:
    with np.errstate(invalid="ignore"):
        return str(shapely.to_geojson(shapely.from_wkt(text)))


def shape_faults(kind: str, coordinates: object) -> list[Fault]:
    """Everything wrong with coordinates, each kind of fault once per ring or line."""
    lists = list(_lists(coordinates, DEPTHS[kind], ()))
    if not lists or any(listed is None for _, listed in lists):
        steps = next((steps for steps, listed in lists if listed is None), ())
        return [Fault(steps, _filled(NOT_NESTED, kind=kind, depth=DEPTHS[kind] + 1))]
    count = sum(len(listed or ()) for _, listed in lists)
    if count > MOST_CORNERS:
        return [Fault((), _filled(TOO_MANY, count=count, most=MOST_CORNERS))]
    is_area = kind.endswith("Polygon")
    faults = [fault for steps, listed in lists for fault in _list_faults(steps, listed or (), is_area=is_area)]
    return faults or list(_whole_faults(shape_of(kind, coordinates)))  # type: ignore[arg-type]


def _lists(value: object, depth: int, steps: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Sequence[Any] | None]]:
    """The lists of corners, or None where something else stands."""
    if not isinstance(value, list | tuple) or not value:
        yield steps, None
    elif depth == 1:
        yield steps, value if all(isinstance(corner, list | tuple) for corner in value) else None
    else:
        for at, item in enumerate(value):
            yield from _lists(item, depth - 1, (*steps, at))


def _list_faults(steps: tuple[int, ...], listed: Sequence[Any], *, is_area: bool) -> Iterator[Fault]:
    wrong = next((at for at, corner in enumerate(listed) if not _is_corner(corner)), None)
    if wrong is not None:
        yield Fault((*steps, wrong), NOT_A_CORNER)
        return
    beyond = next((at for at, corner in enumerate(listed) if abs(corner[0]) > 180 or abs(corner[1]) > 90), None)
    if beyond is not None:
        lon, lat = listed[beyond][:2]
        swapped = abs(lat) <= 180 and abs(lon) <= 90
        yield Fault((*steps, beyond), _filled(SWAPPED if swapped else BEYOND, lon=lon, lat=lat))
        return
    different = len({tuple(corner[:2]) for corner in listed})
    if different < (3 if is_area else 2):
        yield Fault(steps, TOO_FEW_OF_RING if is_area else TOO_FEW_OF_LINE)


def _is_corner(corner: object) -> bool:
    return (
        isinstance(corner, list | tuple)
        and len(corner) in (2, 3)
        and all(isinstance(part, int | float) and not isinstance(part, bool) and math.isfinite(part) for part in corner)
    )


def _whole_faults(shape: Area | Line) -> Iterator[Fault]:
    west, south, east, north = shape.bounds
    widest = max(east - west, north - south)
    if widest > WIDEST_DEGREES:
        yield Fault((), _filled(TOO_WIDE, degrees=round(widest, 1), most=round(WIDEST_DEGREES)))
    metre = math.radians(1.0) * EARTH_RADIUS_M
    plane = shapely.transform(shape, lambda at: at * [metre * math.cos(math.radians((south + north) / 2)), metre])
    if isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        if not shape.is_valid:
            yield Fault((), _why_invalid(shape))
        elif plane.area < SMALLEST_M2:
            yield Fault((), _filled(TOO_SMALL, square_m=f"{plane.area:.2g}"))
    elif plane.length < SHORTEST_M:
        yield Fault((), _filled(TOO_SHORT, metres=f"{plane.length:.2g}"))


_REASONS = (
    ("Self-intersection", CROSSES_ITSELF),
    ("Ring Self-intersection", CROSSES_ITSELF),
    ("Hole lies outside shell", HOLE_OUTSIDE),
    ("Nested", IN_ONE_ANOTHER),
)


def _why_invalid(shape: Area) -> Text:
    """From words such as ``Self-intersection[121.6 38.9]``."""
    reason, _, place = shapely.is_valid_reason(shape).partition("[")
    lon, _, lat = place.rstrip("]").partition(" ")
    message = next((text for begins, text in _REASONS if reason.startswith(begins)), NOT_AN_AREA)
    return _filled(message, lon=_degrees(lon), lat=_degrees(lat))


def _degrees(text: str) -> str:
    try:
        return f"{float(text):.6f}".rstrip("0").rstrip(".")
    except ValueError:
        return "?"


def _filled(message: Text, **words: object) -> Text:
    return Text(message.zh.format(**words), message.en.format(**words))
