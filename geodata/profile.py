"""Who may drive where, and how fast. A kind of vehicle is a ``Profile`` value; the rules below serve them all.

Every rule is a function of an edge's tags and the direction ("forward" along the edge, "backward" against it). Rules
are evaluated once per distinct set of tags and then spread over the arcs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from geodata.model import Ints
from geodata.network import Network

CLOSED = 2**31 - 1
"""Milliseconds of an arc the profile may not use: RoutingKit's infinity."""

DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of vehicle may use, and its speeds in km/h.

    ``access_chain``: access keys, the most specific first; the last, ``access``, speaks of everybody. ``speeds_kmh``:
    by ``highway``; a class without a speed is unknown and closed. ``service_kmh``: by ``service`` on service roads.
    ``by_permission``: classes closed unless a key other than ``access`` allows this vehicle. ``unhurried``: classes on
    which ``maxspeed`` never raises the speed. ``open_barriers``: barriers passed unless their access says otherwise.
    """

    name: str
    access_chain: tuple[str, ...]
    speeds_kmh: Mapping[str, float]
    service_kmh: Mapping[str, float]
    by_permission: frozenset[str]
    by_permission_service: frozenset[str]
    unhurried: frozenset[str]
    open_barriers: frozenset[str]
    maxspeed_factor: float
    top_kmh: float


VAN = Profile(
    name="van",
    access_chain=("goods", "motorcar", "motor_vehicle", "vehicle", "access"),
    # Means over lights and queues in a built-up area. OSRM's car profile, made for open roads, has 90 on a motorway,
    # 65 on a primary and 25 on a residential road.
    speeds_kmh=MappingProxyType(
        {
            "motorway": 80.0,
            "motorway_link": 45.0,
            "trunk": 60.0,
            "trunk_link": 40.0,
            "primary": 45.0,
            "primary_link": 30.0,
            "secondary": 40.0,
            "secondary_link": 25.0,
            "tertiary": 30.0,
            "tertiary_link": 25.0,
            "unclassified": 25.0,
            "residential": 20.0,
            "road": 20.0,
            "service": 15.0,
            "living_street": 10.0,
            "track": 10.0,
            "busway": 25.0,
            "pedestrian": 8.0,
            "footway": 5.0,
            "path": 5.0,
            "cycleway": 8.0,
            "bridleway": 5.0,
        }
    ),
    service_kmh=MappingProxyType({"alley": 10.0, "driveway": 10.0, "parking_aisle": 8.0, "drive-through": 5.0}),
    by_permission=frozenset({"footway", "path", "cycleway", "pedestrian", "bridleway", "busway"}),
    by_permission_service=frozenset({"emergency_access", "bus"}),
    unhurried=frozenset({"service", "living_street", "track", "pedestrian", "footway", "path", "cycleway"}),
    open_barriers=frozenset(
        {
            *("gate", "lift_gate", "swing_gate", "sliding_gate", "toll_booth", "border_control", "sally_port"),
            *("cattle_grid", "entrance", "height_restrictor", "arch", "kerb", "no"),
        }
    ),
    maxspeed_factor=0.8,
    top_kmh=100.0,
)
"""A delivery van up to 3.5 t. Steps and corridors have no speed, so no tag opens them.

``maxspeed_factor``: a limit is not a mean; 0.8 is ``speed_reduction`` of OSRM's car profile
(https://github.com/Project-OSRM/osrm-backend/blob/master/profiles/car.lua), as is the list of open barriers.
"""


def arc_milliseconds(network: Network, profile: Profile) -> Ints:
    """Milliseconds [m] to drive each arc, ``CLOSED`` where the profile may not."""
    speeds = np.array([[speed_kmh(tags, way, profile) for way in DIRECTIONS] for tags in network.tag_sets])
    kmh = speeds[network.edge_tags[network.arc_edge], np.where(network.arc_forward, 0, 1)]
    length_m = network.edge_length_m[network.arc_edge]
    ms = np.rint(length_m * 3600.0 / np.where(kmh > 0, kmh, 1.0))
    return np.where(kmh > 0, np.minimum(ms, CLOSED - 1), CLOSED).astype(np.int64)


def speed_kmh(tags: Mapping[str, str], direction: str, profile: Profile) -> float:
    """Mean speed in a direction, 0 where the profile may not drive. A barrier, having no length, is passed at 1."""
    if "highway" not in tags:
        return float(_may_pass(tags, direction, profile))
    if not _may_enter(tags, direction, profile) or _against_oneway(tags, direction, profile):
        return 0.0
    return _speed(tags, direction, profile)


# --- access -----------------------------------------------------------------------------------------------------

_ALLOWING = frozenset({"yes", "permissive", "designated", "official", "delivery", "destination", "customers"})
"""``destination``, ``delivery`` and ``customers`` are allowed throughout: a delivery has business there."""

_FORBIDDING = frozenset(
    {
        *("no", "private", "permit", "residents", "restricted", "military", "agricultural", "forestry", "emergency"),
        *("psv", "bus", "taxi", "hov", "use_sidepath", "dismount", "foot", "bicycle", "employees", "staff"),
    }
)


def _verdict(tags: Mapping[str, str], direction: str, chain: tuple[str, ...]) -> bool | None:
    """Whether the most specific key that says something allows the vehicle; nothing where none does.

    https://wiki.openstreetmap.org/wiki/Key:access#Transport_mode_restrictions, and for the suffixes
    https://wiki.openstreetmap.org/wiki/Forward_%26_backward,_left_%26_right. A key with the direction's suffix
    stands before the same key without. Of several values ("customers;delivery") one that allows is enough.
    An unknown value says nothing: the next key decides.
    """
    for key in chain:
        for spelled in (f"{key}:{direction}", key):
            values = set(_values(tags.get(spelled, "")))
            if values & _ALLOWING:
                return True
            if values & _FORBIDDING:
                return False
    return None


def _values(text: str) -> list[str]:
    return [value.strip().lower() for value in text.split(";")]


def _may_enter(tags: Mapping[str, str], direction: str, profile: Profile) -> bool:
    """Defaults by class: https://wiki.openstreetmap.org/wiki/OSM_tags_for_routing/Access_restrictions."""
    if tags["highway"] in profile.by_permission or tags.get("service") in profile.by_permission_service:
        return _verdict(tags, direction, profile.access_chain[:-1]) is True
    return _verdict(tags, direction, profile.access_chain) is not False


def _may_pass(tags: Mapping[str, str], direction: str, profile: Profile) -> bool:
    """Barriers: https://wiki.openstreetmap.org/wiki/Key:barrier.

    A locked one is closed. What is not known to be open (bollards, blocks, stiles, ``barrier=yes``) is closed unless
    a key other than ``access`` allows the vehicle. A kerb across a road is taken for lowered unless it says raised.
    """
    if "barrier" not in tags or tags.get("locked") == "yes":
        return False
    if tags["barrier"] not in profile.open_barriers or tags.get("kerb") == "raised":
        return _verdict(tags, direction, profile.access_chain[:-1]) is True
    return _verdict(tags, direction, profile.access_chain) is not False


# --- one-way ----------------------------------------------------------------------------------------------------

_ONEWAY = MappingProxyType(
    {
        **dict.fromkeys(("yes", "true", "1"), frozenset({"backward"})),
        **dict.fromkeys(("-1", "reverse"), frozenset({"forward"})),
        **dict.fromkeys(("no", "false", "0"), frozenset[str]()),
        **dict.fromkeys(("reversible", "alternating"), frozenset(DIRECTIONS)),
    }
)
"""Directions each value closes. When a reversible road runs which way is not known, so it is not used at all."""


def _against_oneway(tags: Mapping[str, str], direction: str, profile: Profile) -> bool:
    """https://wiki.openstreetmap.org/wiki/Key:oneway: the vehicle's own key stands before the general one.

    Implied by junction=roundabout and junction=circular (https://wiki.openstreetmap.org/wiki/Key:junction) and by
    highway=motorway, not by its links.
    """
    for key in (*(f"oneway:{mode}" for mode in profile.access_chain[:-1]), "oneway"):
        closed = _ONEWAY.get(tags.get(key, "").strip().lower())
        if closed is not None:
            return direction in closed
    implied = tags.get("junction") in {"roundabout", "circular"} or tags["highway"] == "motorway"
    return implied and direction == "backward"


# --- speed ------------------------------------------------------------------------------------------------------


def _speed(tags: Mapping[str, str], direction: str, profile: Profile) -> float:
    usual = profile.speeds_kmh.get(tags["highway"], 0.0)
    if tags["highway"] == "service":
        usual = profile.service_kmh.get(tags.get("service", ""), usual)
    limit = _limit_kmh(tags, direction)
    if limit is None or not usual:
        return usual
    driven = min(limit * profile.maxspeed_factor, profile.top_kmh)
    return min(driven, usual) if tags["highway"] in profile.unhurried else driven


def _limit_kmh(tags: Mapping[str, str], direction: str) -> float | None:
    """The limit in a direction: the lowest of the values that can be understood."""
    for key in (f"maxspeed:{direction}", "maxspeed"):
        understood = list(_understood(tags.get(key, "")))
        if understood:
            return min(understood)
    return None


_SPEED = re.compile(r"(?P<figure>\d{1,4}(?:\.\d{1,3})?)\s*(?P<unit>km/h|kmh|kph|mph|knots)?")
_UNITS_KMH = MappingProxyType({"mph": 1.609344, "knots": 1.852})
_ZONE = re.compile(r"[a-z]{2}(?:-[a-z]+)?:(?P<zone>[a-z_]+)?:?(?P<figure>\d{1,3})?")
_ZONES_KMH = MappingProxyType(
    {"urban": 50.0, "rural": 80.0, "trunk": 100.0, "motorway": 120.0, "living_street": 20.0, "walk": 6.0}
)
_WORDS_KMH = MappingProxyType({"walk": 6.0, "none": math.inf})
_PLAUSIBLE_KMH = (3.0, 250.0)


def _understood(text: str) -> Iterator[float]:
    """Limits in km/h (https://wiki.openstreetmap.org/wiki/Key:maxspeed); "signals" and nonsense give nothing."""
    for value in _values(text):
        kmh = _WORDS_KMH.get(value) or _figure_kmh(value) or _zone_kmh(value)
        if kmh is not None:
            yield kmh


def _figure_kmh(value: str) -> float | None:
    found = _SPEED.fullmatch(value)
    if not found:
        return None
    kmh = float(found["figure"]) * _UNITS_KMH.get(found["unit"], 1.0)
    return kmh if _PLAUSIBLE_KMH[0] <= kmh <= _PLAUSIBLE_KMH[1] else None


def _zone_kmh(value: str) -> float | None:
    """Values such as "RU:urban", "DE:zone30" and "FR:zone:30"; a figure in them stands before the zone's usual one."""
    found = _ZONE.fullmatch(value)
    if not found:
        return None
    return _figure_kmh(found["figure"] or "") or _ZONES_KMH.get(found["zone"] or "")
