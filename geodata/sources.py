"""Roads from whatever a map comes as: a file by its ending, or a box or place from the online service."""

from __future__ import annotations

from pathlib import Path

from geodata.errors import BadInput
from geodata.model import RoadMap

ATTRIBUTION = "© OpenStreetMap contributors"


def read_roads(source: str) -> RoadMap:
    """``source``: a path to PBF, OSM XML or GraphML, ``box:WEST,SOUTH,EAST,NORTH``, or ``place:NAME``.

    GraphML of osmnx knows no turn restrictions.
    """
    if source.startswith("box:"):
        from geodata.fetch import fetch_box

        return fetch_box(*_box(source))
    if source.startswith("place:"):
        from geodata.fetch import fetch_place

        return fetch_place(source.removeprefix("place:").strip())
    return _read_file(Path(source))


def _read_file(path: Path) -> RoadMap:
    if path.suffix.lower() == ".graphml":
        from geodata.graphml import read_graphml

        return RoadMap(read_graphml(path))
    from geodata.osm import read_osm

    return read_osm(path)


def _box(source: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in source.removeprefix("box:").split(","))
    except ValueError:
        west = south = east = north = 0.0
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        zh = "范围应写作 box:WEST,SOUTH,EAST,NORTH（西、南、东、北的经纬度），例如 box:121.5,38.8,121.7,39.0"
        en = "a box is written box:WEST,SOUTH,EAST,NORTH, for example box:121.5,38.8,121.7,39.0"
        raise BadInput.one(zh, en, file=source)
    return west, south, east, north
