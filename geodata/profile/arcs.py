"""What each arc of a network costs a road user. Tags are judged once per distinct set and spread over the arcs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geodata.model import Booleans, Floats, Ints, LonLat
from geodata.network import Network
from geodata.profile.access import DIRECTIONS, may_use, road_class
from geodata.profile.conditional import Circumstances, plain_tags
from geodata.profile.enclosed import enclosed
from geodata.profile.kinds import CLOSED
from geodata.profile.road_users import RoadUser
from geodata.profile.speeds import speed_kmh
from geodata.tags import JOINT, STAR


@dataclass(frozen=True, slots=True, eq=False)
class ArcCosts:
    """``ms`` [m]: milliseconds to drive each arc, ``CLOSED`` where the road user may not.

    ``ends_only`` [m]: arcs for whom has business there, to be driven only at the beginning and the end of a leg; what
    such arcs alone join to the rest is among them.
    """

    ms: Ints
    ends_only: Booleans


def arc_costs(network: Network, user: RoadUser) -> ArcCosts:
    place = centre(network)
    judged = [[_judge(tags, way, user, place) for way in DIRECTIONS] for tags in network.tag_sets]
    table = np.array(judged, dtype=np.float64).reshape(-1, 2, 3)
    kmh, extra_s, ends_only = table[network.edge_tags[network.arc_edge], np.where(network.arc_forward, 0, 1)].T
    seconds = network.edge_length_m[network.arc_edge] * 3.6 / np.where(kmh > 0, kmh, 1.0) + extra_s
    sailed = _ferry_seconds(network)[network.arc_edge]
    ms = np.rint(1000.0 * np.where(np.isnan(sailed), seconds, sailed))
    closed = np.where(kmh > 0, np.minimum(ms, CLOSED - 1), CLOSED).astype(np.int64)
    by_tags = (ends_only > 0) & (kmh > 0)
    return ArcCosts(closed, by_tags | enclosed(network, kmh > 0, by_tags))


def centre(network: Network) -> LonLat:
    """A place by whose clocks, sun and holidays conditions are judged."""
    return LonLat(float(network.lon.mean()), float(network.lat.mean()))


class _Judgement(NamedTuple):
    """Speed (0: closed), seconds on top of what the length takes, and whether only with business (1) or not (0)."""

    kmh: float
    extra_s: float
    ends_only: float


_SHUT = _Judgement(0.0, 0.0, 0.0)


def _judge(tags: Mapping[str, str], direction: str, user: RoadUser, place: LonLat) -> _Judgement:
    for business in (False, True):
        valid = plain_tags(tags, Circumstances(user, place, business))
        if all(may_use(plain, direction, user, business=business) for plain in valid):
            slowest = min(_pace(plain, direction, user) for plain in valid)
            return _Judgement(slowest.kmh, slowest.extra_s, float(business)) if slowest.kmh > 0 else _SHUT
    return _SHUT


def _pace(tags: Mapping[str, str], direction: str, user: RoadUser) -> _Judgement:
    """A barrier has no length and takes seconds, once; a road takes its length at a speed that the hour lowers."""
    kind = road_class(tags)
    if not kind:
        is_behind = tags.get(JOINT) == STAR and direction == "backward"
        barrier_s = user.profile.barrier_s.get(tags.get("barrier", ""), 0.0)
        return _Judgement(1.0, 0.0 if is_behind else barrier_s, 0.0)
    return _Judgement(speed_kmh(tags, direction, user) / user.factor(kind), 0.0, 0.0)


# --- ferries ----------------------------------------------------------------------------------------------------


def _ferry_seconds(network: Network) -> Floats:
    """[k] seconds aboard for each edge of a ferry that says how long it takes, as its part of the way's length."""
    durations = np.array([_duration_s(tags) for tags in network.tag_sets])[network.edge_tags]
    edges = np.flatnonzero(~np.isnan(durations))
    seconds = np.full(network.edges, np.nan)
    _, way = np.unique(network.edge_way[edges], return_inverse=True)
    length = network.edge_length_m[edges]
    seconds[edges] = durations[edges] * length / np.maximum(np.bincount(way, weights=length)[way], 1e-9)
    return seconds


_CLOCK = re.compile(r"(?:(?P<hours>\d{1,2}):)?(?P<minutes>\d{1,3})(?::(?P<seconds>\d{2}))?")
_ISO = re.compile(r"PT(?:(?P<hours>\d{1,2})H)?(?:(?P<minutes>\d{1,3})M)?(?:(?P<seconds>\d{1,4})S)?")


def _duration_s(tags: Mapping[str, str]) -> float:
    """https://wiki.openstreetmap.org/wiki/Key:duration: "25" (minutes), "0:25", "00:25:30" or "PT25M"; else NaN."""
    text = tags.get("duration", "").strip().upper()
    found = _CLOCK.fullmatch(text) or _ISO.fullmatch(text)
    if road_class(tags) != "ferry" or not found:
        return np.nan
    seconds = sum(int(found[unit] or 0) * s for unit, s in (("hours", 3600), ("minutes", 60), ("seconds", 1)))
    return float(seconds) if seconds else np.nan
