"""Tiny scenarios one can reckon by hand, on hand-drawn roads or on a travel-time table written down directly.

A block is 600 m, driven at 10 m/s: one minute. Scenarios are varied by ``dataclasses.replace``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from geodata.locate import Located
from geodata.model import Ints, LonLat, RoadPosition, Segment
from geodata.network import EARTH_RADIUS_M, Network, build_network
from geodata.travel_times import NO_WAY_S
from routing.model import (
    UNBOUND,
    AccessPoint,
    Demand,
    DemandLine,
    Depot,
    DispatchOrder,
    Interval,
    Load,
    LocatedPlaces,
    Measured,
    Place,
    Problem,
    Role,
    Scenario,
    Site,
    SupplyKind,
    Vehicle,
)
from routing.problem import pose_problem

BLOCK_M = 600.0
BLOCK_S = 60
STEP = math.degrees(BLOCK_M / EARTH_RADIUS_M)
"""Degrees of one block, at the equator, where both directions are alike."""

ORIGIN = LonLat(120.0, 0.0)
NEVER = NO_WAY_S
EPOCH = datetime(2022, 11, 20, 0, 0, tzinfo=UTC)
ALL_DAY = Interval(0, 86_400)
BOUNDLESS = Load(UNBOUND, UNBOUND, UNBOUND)
ORDER = DispatchOrder("w1", 0)
KIT = SupplyKind("kit", "基础包", grams=1_000, cm3=1_000, crates=1.0)


# --- roads ------------------------------------------------------------------------------------------------------


def corner(x: int, y: int = 0) -> LonLat:
    """Where the road x blocks east and y blocks north of the origin meets the others."""
    return LonLat(ORIGIN.lon + x * STEP, ORIGIN.lat + y * STEP)


def road(tail: tuple[int, int], head: tuple[int, int], **tags: str) -> Segment:
    """One block or more between two corners, both ways, at 10 m/s unless the tags say otherwise."""
    given = {"highway": "unclassified", "maxspeed": "45"} | tags
    points = np.array([corner(*tail), corner(*head)])
    return Segment(_number(tail), _number(head), points, 1, given, {"name": "直路"})


def _number(at: tuple[int, int]) -> int:
    return 1_000 * at[1] + at[0]


def line_network(blocks: int = 12) -> Network:
    """A straight road; edge e leads from corner e to corner e + 1, arc 2e eastward and arc 2e + 1 westward."""
    return build_network([road((x, 0), (x + 1, 0)) for x in range(blocks)], name="line", attribution="drawn by hand")


def grid_network(columns: int = 4, rows: int = 4) -> Network:
    """Square blocks, every street both ways."""
    east = [road((x, y), (x + 1, y)) for y in range(rows) for x in range(columns - 1)]
    north = [road((x, y), (x, y + 1)) for y in range(rows - 1) for x in range(columns)]
    return build_network([*east, *north], name="grid", attribution="drawn by hand")


# --- scenarios --------------------------------------------------------------------------------------------------


def depot(name: str = "D", *, opening: Sequence[tuple[int, int]] | None = None, **members: Any) -> Depot:
    hours = None if opening is None else tuple(Interval(*hours) for hours in opening)
    return Depot(Place(name, name, "district_depot", frozenset({Role.SOURCE}), corner(0), name), hours, **members)


def site(
    name: str,
    units: int = 1,
    *,
    lines: Sequence[tuple[str, int]] | None = None,
    receiving: Sequence[tuple[int, int]] | None = None,
    order: str = "w1",
    **members: Any,
) -> Site:
    """Unloading takes nothing unless said otherwise, so that times are driving alone."""
    wanted = tuple(DemandLine(kind, count) for kind, count in (lines or [("kit", units)]))
    hours = None if receiving is None else tuple(Interval(*hours) for hours in receiving)
    place = Place(name, name, "drop_point", frozenset({Role.DESTINATION}), corner(0), name)
    defaults: dict[str, Any] = {"service_s": 0, "service_per_crate_s": 0.0}
    return Site(place, (Demand(order, wanted),), hours, **(defaults | members))


def vehicle(name: str = "V", **members: Any) -> Vehicle:
    defaults: dict[str, Any] = {
        "name": name,
        "kind": "van",
        "start": "D",
        "end": "D",
        "capacity": BOUNDLESS,
        "shift": ALL_DAY,
    }
    return Vehicle(name, **(defaults | members))


def scenario(
    sites: Sequence[Site],
    vehicles: Sequence[Vehicle] | None = None,
    *,
    depots: Sequence[Depot] | None = None,
    **members: Any,
) -> Scenario:
    """Every place is its own access point, at the origin until ``at`` moves it."""
    depots = [depot()] if depots is None else depots
    points = [AccessPoint(name, name, corner(0)) for name in _names(depots, sites)]
    defaults: dict[str, Any] = {
        "name": "small",
        "epoch": EPOCH,
        "timezone": "UTC",
        "kinds": (KIT,),
        "access_points": tuple(points),
        "depots": tuple(depots),
        "sites": tuple(sites),
        "vehicles": tuple([vehicle()] if vehicles is None else vehicles),
        "orders": (ORDER,),
        "fingerprint": "small",
    }
    return Scenario(**(defaults | members))


def _names(depots: Sequence[Depot], sites: Sequence[Site]) -> list[str]:
    names = [each.place.id for each in depots] + [each.place.id for each in sites]
    return list(dict.fromkeys(names))


def at(given: Scenario, **blocks: int | tuple[int, int]) -> Scenario:
    """The scenario with the named places so many blocks east, or east and north, of the origin."""
    where = {name: corner(*(place if isinstance(place, tuple) else (place,))) for name, place in blocks.items()}
    points = tuple(replace(point, location=where.get(point.id, point.location)) for point in given.access_points)
    depots = tuple(replace(each, place=_moved(each.place, where)) for each in given.depots)
    sites = tuple(replace(each, place=_moved(each.place, where)) for each in given.sites)
    return replace(given, access_points=points, depots=depots, sites=sites)


def _moved(place: Place, where: Mapping[str, LonLat]) -> Place:
    return replace(place, location=where.get(place.id, place.location))


def only(given: Scenario, name: str) -> Scenario:
    """The scenario with one of its sites alone."""
    return replace(given, sites=tuple(each for each in given.sites if each.place.id == name))


# --- problems without roads -------------------------------------------------------------------------------------


def table_problem(given: Scenario, seconds: Sequence[Sequence[int]] | Ints) -> Problem:
    """The problem with this table; rows and columns are the access points: depots first, then sites."""
    located = {
        point.id: Located(RoadPosition(row, 0.0, point.location), 0.0, 0.0)
        for row, point in enumerate(given.access_points)
    }
    table = np.array(seconds, dtype=np.int64)
    assert table.shape == (len(located), len(located))
    row_of = {point: row for row, point in enumerate(located)}
    return pose_problem(Measured(given, LocatedPlaces(located), table[None].copy(), row_of))


def line_problem(given: Scenario, **blocks: int) -> Problem:
    """Access points on a line, a minute per block between them."""
    x = [blocks.get(point.id, 0) for point in given.access_points]
    return table_problem(given, [[BLOCK_S * abs(here - there) for there in x] for here in x])
