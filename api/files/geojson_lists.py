"""Lists as GeoJSON (RFC 7946): a FeatureCollection whose properties are the columns; points, for most lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api.complaints import pointer_to
from api.files.csv_lists import read_bytes
from api.files.documents import read_json
from api.files.table import MOST_COLUMNS, MOST_ROWS, NO_ROWS, TOO_MANY_COLUMNS, TOO_MANY_ROWS, Cell, Row, Table
from geodata.errors import BadInput, Complaint, Text

WGS84 = re.compile(r"CRS84|EPSG:+(?:[\d.]*:)?(4326|4490)$", re.IGNORECASE)

NOT_A_COLLECTION = Text("须为 FeatureCollection", "must be a FeatureCollection")
NO_FEATURES = Text("features 须为列表", "features must be a list")
OTHER_CRS = Text("坐标须为经纬度（WGS 84）", "the coordinates must be longitude and latitude (WGS 84)")
NOT_A_FEATURE = Text("须为 Feature", "must be a Feature")
NOT_A_POINT = Text("geometry 须为 Point", "the geometry must be a Point")
NOT_A_SHAPE = Text("geometry 须为点、线或面，或为 null", "the geometry must be a point, lines or areas, or null")
SHAPES = frozenset({"LineString", "MultiLineString", "Polygon", "MultiPolygon"})
NOT_A_PAIR = Text(
    "coordinates 须为 [经度, 纬度] 两个数字", "the coordinates must be two numbers, [longitude, latitude]"
)
BAD_PROPERTIES = Text("properties 须为对象", "the properties must be an object")
NESTED = Text("属性须为文字、数字或是否", "a property must be text, a number, or true or false")


def read_geojson(path: Path, *, shapes: bool = False) -> Table:
    """The list in a GeoJSON file, with columns lon and lat from the geometry. Raises BadInput with all complaints.

    ``shapes``: lines and areas are let in, or nothing, and stand in a further column geometry.
    """
    file = path.name
    value = read_json(read_bytes(path), file=file)
    if not isinstance(value, dict) or value.get("type") != "FeatureCollection":
        raise BadInput([Complaint(NOT_A_COLLECTION, file=file)])
    features = value.get("features")
    if not isinstance(features, list):
        raise BadInput([Complaint(NO_FEATURES, file=file, pointer="/features")])
    complaints = [*_whole(value, features, file), *_wrong(features, file, shapes=shapes)]
    if complaints:
        raise BadInput(complaints)
    return _table(features, file, shapes=shapes)


def _whole(value: Mapping[str, Any], features: list[Any], file: str) -> Iterator[Complaint]:
    crs = value.get("crs")
    if crs is not None and not WGS84.search(str(crs.get("properties", {}).get("name", "") if _is_crs(crs) else "")):
        yield Complaint(OTHER_CRS, file=file, pointer="/crs")
    if not features:
        yield Complaint(NO_ROWS, file=file, pointer="/features")
    if len(features) > MOST_ROWS:
        yield Complaint(TOO_MANY_ROWS, file=file, pointer="/features")


def _is_crs(crs: object) -> bool:
    return isinstance(crs, dict) and isinstance(crs.get("properties", {}), dict)


def _wrong(features: list[Any], file: str, *, shapes: bool) -> Iterator[Complaint]:
    for index, feature in enumerate(features):
        for message, *steps in _wrong_feature(feature, shapes=shapes):
            yield Complaint(message, file=file, pointer=pointer_to("features", index, *steps))


def _wrong_feature(feature: Any, *, shapes: bool) -> Iterator[tuple[Any, ...]]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        yield (NOT_A_FEATURE,)
        return
    geometry = feature.get("geometry")
    if shapes and (geometry is None or _is_shape(geometry)):
        pass
    elif not isinstance(geometry, dict) or geometry.get("type") != "Point":
        yield NOT_A_SHAPE if shapes else NOT_A_POINT, "geometry"
    elif not _is_pair(geometry.get("coordinates")):
        yield NOT_A_PAIR, "geometry", "coordinates"
    properties = feature.get("properties")
    if not isinstance(properties, dict | type(None)):
        yield BAD_PROPERTIES, "properties"
    for name, cell in (properties or {}).items() if isinstance(properties, dict) else ():
        if isinstance(cell, dict | list):
            yield NESTED, "properties", name


def _is_shape(geometry: object) -> bool:
    return isinstance(geometry, dict) and geometry.get("type") in SHAPES


def _is_pair(coordinates: object) -> bool:
    return (
        isinstance(coordinates, list)
        and len(coordinates) in (2, 3)
        and all(isinstance(number, int | float) and not isinstance(number, bool) for number in coordinates)
    )


def _table(features: list[dict[str, Any]], file: str, *, shapes: bool) -> Table:
    properties = [feature.get("properties") or {} for feature in features]
    names = tuple(dict.fromkeys(name for row in properties for name in row))
    if len(names) > MOST_COLUMNS:
        raise BadInput([Complaint(TOO_MANY_COLUMNS, file=file)])
    rows = []
    for index, (feature, row) in enumerate(zip(features, properties, strict=True)):
        cells: tuple[Cell, ...] = (*(row.get(name) for name in names), *_place(feature["geometry"], shapes=shapes))
        rows.append(Row(None, cells, pointer_to("features", index)))
    return Table(file, "", (*names, "lon", "lat", *(["geometry"] if shapes else [])), None, tuple(rows))


def _place(geometry: dict[str, Any] | None, *, shapes: bool) -> tuple[Cell, ...]:
    if not shapes:
        return tuple((geometry or {})["coordinates"][:2])
    if geometry is None:
        return None, None, None
    drawn = _is_shape(geometry)
    return (None, None, json.dumps(geometry)) if drawn else (*geometry["coordinates"][:2], None)
