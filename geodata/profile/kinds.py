"""The kinds of road user as values: what each may use by its class, how fast, and what turning costs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from geodata.profile.sizes import UNKNOWN, Size

CLOSED = 2**31 - 1
"""Milliseconds of what must not be used: RoutingKit's infinity."""


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """Seconds a turn takes, as OSRM's car profile has them, which fitted them to turns driven.

    https://github.com/Project-OSRM/osrm-backend/blob/master/profiles/car.lua, ``process_turn``: ``turn_s`` is the
    limit of a sigmoid over the angle, ``right_bias`` makes a turn across the oncoming traffic the dearer one.
    ``dead_end_s``: turning around where no way leads on.
    """

    turn_s: float = 7.5
    right_bias: float = 1.075
    u_turn_s: float = 20.0
    dead_end_s: float = 10.0
    signal_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of road user may use, and its speeds in km/h.

    ``light_chain``, ``heavy_chain``: access keys up to and above 3.5 t, the most specific first; the last, ``access``,
    speaks of everybody. ``size``: where a road user's own is not known. ``speeds_kmh``: by ``highway``; a class without
    a speed is closed. ``service_kmh``: by ``service`` on service roads. ``ground_kmh``: at most, by surface, tracktype
    and smoothness. ``by_permission``: classes, services and routes closed unless a key other than ``access`` allows
    this kind. ``unhurried``: classes on which ``maxspeed`` never raises the speed. ``barrier_s``: barriers passed
    unless their access says otherwise, and the seconds it takes. ``heeds_oneway``: bound by ``oneway`` as such.
    ``turns``: nothing for a kind that turns at no cost and is bound by no turn restriction.
    """

    name: str
    light_chain: tuple[str, ...]
    heavy_chain: tuple[str, ...]
    speeds_kmh: Mapping[str, float]
    service_kmh: Mapping[str, float]
    ground_kmh: Mapping[tuple[str, str], float]
    by_permission: frozenset[str]
    unhurried: frozenset[str]
    barrier_s: Mapping[str, float]
    top_kmh: float
    maxspeed_factor: float = 0.8
    narrow_factor: float = 0.75
    on_motorroads: bool = True
    heeds_oneway: bool = True
    turns: TurnTimes | None = field(default_factory=TurnTimes)
    size: Size = UNKNOWN

    def chain(self, size: Size) -> tuple[str, ...]:
        return self.heavy_chain if size.is_heavy else self.light_chain


_HEAVY = ("hgv", "motor_vehicle", "vehicle", "access")

_GROUND_KMH = MappingProxyType(
    {
        **{("surface", kind): 80.0 for kind in ("cement", "compacted", "fine_gravel")},
        **{("surface", kind): 60.0 for kind in ("paving_stones", "metal", "bricks")},
        **{("surface", kind): 40.0 for kind in ("grass", "wood", "sett", "grass_paver", "gravel", "unpaved", "ground")},
        **{("surface", kind): 40.0 for kind in ("dirt", "pebblestone", "tartan")},
        **{("surface", kind): 30.0 for kind in ("cobblestone", "unhewn_cobblestone", "clay")},
        **{("surface", kind): 20.0 for kind in ("earth", "stone", "rocky", "sand")},
        ("surface", "mud"): 10.0,
        **{("tracktype", f"grade{grade}"): kmh for grade, kmh in enumerate((60.0, 40.0, 30.0, 25.0, 20.0), start=1)},
        **{("smoothness", kind): kmh for kind, kmh in (("intermediate", 80.0), ("bad", 40.0), ("very_bad", 20.0))},
        **{
            ("smoothness", kind): kmh for kind, kmh in (("horrible", 10.0), ("very_horrible", 5.0), ("impassable", 0.0))
        },
    }
)
"""Of OSRM's car profile."""

_FOOTWAYS = ("footway", "path", "cycleway", "pedestrian", "bridleway")

VAN = Profile(
    name="van",
    light_chain=("goods", "motorcar", "motor_vehicle", "vehicle", "access"),
    heavy_chain=_HEAVY,
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
            "ferry": 5.0,
        }
    ),
    service_kmh=MappingProxyType({"alley": 10.0, "driveway": 10.0, "parking_aisle": 8.0, "drive-through": 5.0}),
    ground_kmh=_GROUND_KMH,
    by_permission=frozenset({*_FOOTWAYS, "busway", "emergency_access", "bus", "ferry"}),
    unhurried=frozenset({"service", "living_street", "track", "pedestrian", "footway", "path", "cycleway"}),
    # The list is OSRM's; the seconds are guesses between its nothing and Valhalla's 30 for a gate.
    barrier_s=MappingProxyType(
        {
            "gate": 15.0,
            "swing_gate": 15.0,
            "sliding_gate": 15.0,
            "lift_gate": 10.0,
            "toll_booth": 15.0,
            "border_control": 60.0,
            "sally_port": 5.0,
            "cattle_grid": 0.0,
            "entrance": 0.0,
            "height_restrictor": 0.0,
            "arch": 0.0,
            "kerb": 0.0,
            "no": 0.0,
        }
    ),
    top_kmh=100.0,
    size=Size(height_m=2.5, width_m=2.0, length_m=6.0, weight_t=3.5, axle_t=2.5),
)
"""A delivery van up to 3.5 t. Steps and corridors have no speed, so no tag opens them.

``maxspeed_factor``: a limit is not a mean; 0.8 is ``speed_reduction`` of OSRM's car profile.
"""

TRUCK = replace(
    VAN,
    name="truck",
    speeds_kmh=MappingProxyType(
        dict(VAN.speeds_kmh)
        | {"motorway": 70.0, "trunk": 55.0, "primary": 40.0, "secondary": 35.0, "tertiary": 25.0}
        | {"motorway_link": 40.0, "trunk_link": 35.0, "unclassified": 20.0, "residential": 15.0, "service": 10.0}
    ),
    service_kmh=MappingProxyType({"alley": 5.0, "driveway": 8.0, "parking_aisle": 5.0, "drive-through": 5.0}),
    top_kmh=80.0,
    narrow_factor=0.5,
    turns=TurnTimes(turn_s=10.0, u_turn_s=40.0, dead_end_s=30.0, signal_s=3.0),
    size=Size(height_m=3.8, width_m=2.5, length_m=10.0, weight_t=16.0, axle_t=10.0),
)
"""A rigid lorry of two axles."""

THREE_WHEELER = replace(
    VAN,
    name="three_wheeler",
    light_chain=("tricycle", "motor_vehicle", "vehicle", "access"),
    heavy_chain=("tricycle", "motor_vehicle", "vehicle", "access"),
    speeds_kmh=MappingProxyType(
        {key: min(kmh, 25.0) for key, kmh in VAN.speeds_kmh.items() if not key.startswith("motorway")}
        | {"cycleway": 15.0, "residential": 18.0, "living_street": 12.0, "service": 12.0}
    ),
    by_permission=VAN.by_permission - {"cycleway"},
    top_kmh=25.0,
    narrow_factor=1.0,
    on_motorroads=False,
    turns=TurnTimes(turn_s=4.0, u_turn_s=8.0, dead_end_s=4.0),
    size=Size(height_m=1.8, width_m=1.3, length_m=3.2, weight_t=0.8, axle_t=0.5),
)
"""An electric cargo tricycle, which may use cycleways."""

_ON_FOOT_KMH = 4.5
ON_FOOT = Profile(
    name="on_foot",
    light_chain=("foot", "access"),
    heavy_chain=("foot", "access"),
    speeds_kmh=MappingProxyType(
        {key: _ON_FOOT_KMH for key in VAN.speeds_kmh if not key.startswith(("motorway", "ferry"))}
        | {"steps": 2.0, "corridor": 3.0, "ferry": 5.0}
    ),
    service_kmh=MappingProxyType({}),
    ground_kmh=MappingProxyType({}),
    by_permission=frozenset({"busway"}),
    unhurried=frozenset({*VAN.speeds_kmh, "steps", "corridor"}),
    barrier_s=MappingProxyType(
        dict(VAN.barrier_s)
        | dict.fromkeys(("bollard", "block", "cycle_barrier", "chain", "jersey_barrier", "rope", "log"), 0.0)
        | {"stile": 10.0, "kissing_gate": 5.0, "turnstile": 5.0, "full-height_turnstile": 5.0, "yes": 0.0}
        | dict.fromkeys(("gate", "swing_gate", "sliding_gate", "lift_gate", "toll_booth", "border_control"), 5.0)
    ),
    top_kmh=_ON_FOOT_KMH,
    maxspeed_factor=1.0,
    narrow_factor=1.0,
    on_motorroads=False,
    heeds_oneway=False,
    turns=None,
)
"""A volunteer with a load, who takes no notice of limits, one-way streets and turn restrictions for vehicles."""

KINDS = MappingProxyType({kind.name: kind for kind in (VAN, TRUCK, THREE_WHEELER, ON_FOOT)})
"""By the names that scenarios use."""
