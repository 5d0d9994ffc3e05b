"""Cross checks of closures, checkpoints, zones and passes: shapes, forms, times, names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np

from api.complaints import complaint_at, nearest_name, pointer_to
from api.cross_checks import FAR_KM, MOST_HINTS, NEAR_KM, Part, Parts, kilometres
from api.hours import why_unread
from api.schemas import ClosureEntry, GeometryEntry
from geodata.errors import Complaint, Text
from geodata.restrictions import shape_faults, shape_of

AREAS = ("Polygon", "MultiPolygon")

SAME_ID = Text(
    "编号“{id}”在封闭、检查点、防控区中重复",
    "the id '{id}' is used more than once among closures, checkpoints and zones",
)
BACKWARDS = Text("结束时间不晚于开始时间 {begin}", "ends no later than it begins, {begin}")
GEOMETRY_OR_ROAD = Text(
    "封闭“{id}”须有图形或道路，且只有其一", "the closure '{id}' needs either a geometry or a road, and not both"
)
WITHOUT_ROAD = Text(
    "封闭“{id}”没有道路，起点与终点无意义", "the closure '{id}' names no road that its points could end"
)
HALF_A_POINT = Text(
    "起点与终点的经纬度须四个都填，或都不填", "give longitude and latitude of both points, or none of the four"
)
NOT_AN_AREA = Text("防控区“{id}”须为面，而不是线", "the zone '{id}' must be an area, not a line")
UNKNOWN_PLACE = Text(
    "封闭、检查点、防控区中没有“{id}”，也没有点位需要此通行证",
    "no closure, checkpoint or zone is called '{id}', nor does any site need such a pass",
)
UNKNOWN_PLACE_LIKE = Text(
    "封闭、检查点、防控区中没有“{id}”，是否为“{like}”？",
    "no closure, checkpoint or zone is called '{id}'; did you mean '{like}'?",
)
SWAPPED = Text(
    "“{id}”远离各地点 {far} 公里，对调后只有 {near} 公里：经度与纬度似乎写反了",
    "'{id}' is {far} km from the places, but {near} km with longitude and latitude swapped: they look swapped",
)

LISTS = ("closures", "checkpoints", "zones")


def restriction_complaints(parts: Parts) -> Iterator[Complaint]:
    """Every complaint about restrictions and passes that can be told without the network."""
    yield from _same_ids(parts)
    yield from _times(parts)
    for index, closure in parts.closures.entries:
        yield from _closure_form(index, closure)
    for index, zone in parts.zones.entries:
        if zone.geometry.type not in AREAS:
            yield complaint_at(pointer_to("zones", index, "geometry", "type"), NOT_AN_AREA, id=zone.id)
    for index, checkpoint in parts.checkpoints.entries:
        reason = why_unread(checkpoint.opening)
        if reason:
            yield Complaint(reason, pointer=pointer_to("checkpoints", index, "opening"))
    yield from _unknown_passes(parts)
    for name, index, shape in _shapes(parts):
        for fault in shape_faults(shape.type, shape.coordinates):
            yield Complaint(fault.message, pointer=pointer_to(name, index, "geometry", "coordinates", *fault.steps))
    yield from _swapped(parts)


def _lists(parts: Parts) -> Iterator[tuple[str, Part[Any]]]:
    return ((name, getattr(parts, name)) for name in LISTS)


def _same_ids(parts: Parts) -> Iterator[Complaint]:
    """Over the lists; ids within one are looked at with those of every other list."""
    seen: dict[str, str] = {}
    for name, part in _lists(parts):
        for index, entry in part.entries:
            if seen.setdefault(entry.id, name) != name:
                yield complaint_at(pointer_to(name, index, "id"), SAME_ID, id=entry.id)


def _times(parts: Parts) -> Iterator[Complaint]:
    members = (*((name, "from_at", "to_at") for name in LISTS), ("passes", "valid_from", "valid_to"))
    for name, first, last in members:
        for index, entry in getattr(parts, name).entries:
            begin: datetime | None = getattr(entry, first)
            end: datetime | None = getattr(entry, last)
            if begin is not None and end is not None and end <= begin:
                yield complaint_at(pointer_to(name, index, last), BACKWARDS, begin=begin.isoformat(sep=" "))


def _closure_form(index: int, closure: ClosureEntry) -> Iterator[Complaint]:
    given = [closure.from_lon, closure.from_lat, closure.to_lon, closure.to_lat]
    if (closure.geometry is None) == (closure.road is None):
        yield complaint_at(pointer_to("closures", index), GEOMETRY_OR_ROAD, id=closure.id)
    elif closure.road is None and any(part is not None for part in given):
        yield complaint_at(pointer_to("closures", index), WITHOUT_ROAD, id=closure.id)
    elif len({part is None for part in given}) > 1:
        yield complaint_at(pointer_to("closures", index), HALF_A_POINT)


def _unknown_passes(parts: Parts) -> Iterator[Complaint]:
    """Only where every list that could hold the id was read."""
    if not all(part.known for _, part in _lists(parts)):
        return
    places = frozenset(identifier for _, part in _lists(parts) for identifier in part.ids)
    asked = frozenset(site.needs_pass for _, site in parts.sites.entries if site.needs_pass)
    hints = MOST_HINTS
    named = (
        *(("passes", "places", index, entry.places, places | asked) for index, entry in parts.passes.entries),
        *(
            ("checkpoints", "lets_through", index, entry.lets_through, places)
            for index, entry in parts.checkpoints.entries
        ),
    )
    for name, member, index, identifiers, known in named:
        for at, identifier in enumerate(identifiers):
            if identifier not in known:
                like = nearest_name(identifier, known) if hints else ""
                hints = max(0, hints - 1)
                message = UNKNOWN_PLACE_LIKE if like else UNKNOWN_PLACE
                yield complaint_at(pointer_to(name, index, member, at), message, id=identifier, like=like)


def _shapes(parts: Parts) -> Iterator[tuple[str, int, GeometryEntry]]:
    for index, closure in parts.closures.entries:
        if closure.geometry is not None:
            yield "closures", index, closure.geometry
    for index, zone in parts.zones.entries:
        yield "zones", index, zone.geometry


def _swapped(parts: Parts) -> Iterator[Complaint]:
    """A point of a restriction that lies far from every place, and near them with its coordinates exchanged."""
    places = [(place.lon, place.lat) for part in (parts.depots, parts.sites) for _, place in part.entries]
    if not places:
        return
    centre = np.median(np.array(places), axis=0)
    for pointer, name, lon, lat in _points(parts):
        point = np.array([lon, lat])
        far = kilometres(point, centre)
        if far > FAR_KM and abs(lon) <= 90 and kilometres(point[::-1], centre) < NEAR_KM:
            near = kilometres(point[::-1], centre)
            yield complaint_at(pointer, SWAPPED, id=name, far=round(float(far)), near=round(float(near)))


def _points(parts: Parts) -> Iterator[tuple[str, str, float, float]]:
    """Pointer, id and coordinates of one point of each shape, and of all others."""
    names = {name: dict(part.entries) for name, part in _lists(parts)}
    for name, index, shape in _shapes(parts):
        if not shape_faults(shape.type, shape.coordinates):
            west, south, east, north = shape_of(shape.type, shape.coordinates).bounds
            pointer = pointer_to(name, index, "geometry", "coordinates")
            yield pointer, names[name][index].id, (west + east) / 2, (south + north) / 2
    for index, checkpoint in parts.checkpoints.entries:
        yield pointer_to("checkpoints", index, "lon"), checkpoint.id, checkpoint.lon, checkpoint.lat
    for index, closure in parts.closures.entries:
        for member in ("from", "to"):
            lon, lat = getattr(closure, f"{member}_lon"), getattr(closure, f"{member}_lat")
            if lon is not None and lat is not None:
                yield pointer_to("closures", index, f"{member}_lon"), closure.id, lon, lat
    for index, zone in parts.zones.entries:
        for at, gate in enumerate(zone.gates):
            yield pointer_to("zones", index, "gates", at, "lon"), zone.id, gate.lon, gate.lat
