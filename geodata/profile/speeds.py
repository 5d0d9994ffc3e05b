"""How fast a road user is on a stretch of road it may use."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from geodata.profile.access import road_class
from geodata.profile.road_users import RoadUser

_TAKING_TURNS_FACTOR = 0.4
"""``oneway=alternating``, one direction after the other: OSRM's alternating_penalty."""


def speed_kmh(tags: Mapping[str, str], direction: str, user: RoadUser) -> float:
    """Mean speed in a direction; 0 where the ground is impassable. ``tags`` are those of a road or a ferry."""
    ground = min(_ground_limits(tags, user), default=math.inf)
    return min(_speed_by_law(tags, direction, user), ground) * _narrowness(tags, user)


def _speed_by_law(tags: Mapping[str, str], direction: str, user: RoadUser) -> float:
    profile, kind = user.profile, road_class(tags)
    usual = profile.speeds_kmh.get(kind, 0.0)
    if kind == "service":
        usual = profile.service_kmh.get(tags.get("service", ""), usual)
    limit = _limit_kmh(tags, direction, user.modes)
    if limit is None or not usual or kind == "ferry":
        return usual
    driven = min(limit * profile.maxspeed_factor, profile.top_kmh)
    return min(driven, usual) if kind in profile.unhurried else driven


def _ground_limits(tags: Mapping[str, str], user: RoadUser) -> Iterator[float]:
    for key in ("surface", "tracktype", "smoothness"):
        for value in _values(tags[key]) if key in tags else ():
            if (key, value) in user.profile.ground_kmh:
                yield user.profile.ground_kmh[key, value]


_NARROW_M = 3.0


def _narrowness(tags: Mapping[str, str], user: RoadUser) -> float:
    """Where vehicles cannot pass each other. A narrow one-way street has nobody to meet."""
    oneway = tags.get("oneway", "no").lower()
    if oneway == "alternating" and user.profile.heeds_oneway:
        return _TAKING_TURNS_FACTOR
    if oneway != "no" or tags.get("junction") in {"roundabout", "circular"}:
        return 1.0
    lanes = next(iter(_figures(tags.get("lanes", ""))), math.inf)
    width = next(iter(_figures(tags.get("width", ""))), math.inf)
    return user.profile.narrow_factor if lanes < 2 or width <= _NARROW_M else 1.0


def _figures(text: str) -> Iterator[float]:
    for value in _values(text):
        found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)(?: ?m)?", value)
        if found:
            yield float(found[1])


def _values(text: str) -> list[str]:
    return [value.strip().lower() for value in text.split(";")]


# --- maxspeed ---------------------------------------------------------------------------------------------------


def _limit_kmh(tags: Mapping[str, str], direction: str, modes: tuple[str, ...]) -> float | None:
    """The limit in a direction: the lowest of the values that can be understood. The own key stands before all."""
    for general in (*(f"maxspeed:{mode}" for mode in modes), "maxspeed"):
        for key in (f"{general}:{direction}", general):
            understood = list(_understood(tags[key])) if key in tags else []
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
