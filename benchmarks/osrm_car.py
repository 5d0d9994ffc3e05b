"""OSRM's car profile told to this project's engine, so that the two can be compared like with like.

After ``car.lua`` of OSRM 26.10. OSRM chooses ways by a *weight* ("routability": narrow and service roads count for
more than they take) and then tells their *duration*; so there are two sets of times on one network. It turns round
only where nothing else is left, counts a gate as a minute, and adds two seconds to turns across oncoming traffic.

Not told, because the network does not keep the tags: seconds at ``highway=stop`` and ``give_way``, limits from
``source:maxspeed``, ``priority``, ``lane_markings``. OSRM rounds each piece between two nodes to a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from geodata.model import Booleans, Floats, Ints, Leg, RoadPosition
from geodata.network import Network
from geodata.profile import CLOSED, VAN, Profile, RoadUser, Size, TurnTimes, arc_costs, turn_costs
from geodata.roads import Roads
from geodata.travel_times import HierarchyTimes

_ONLY_WHERE_ALLOWED_KMH = 10.0
"""OSRM's ``default_speed``, of classes without a speed of their own that some key opens to cars."""

_WITHOUT_SPEED = ("road", "track", "busway", "pedestrian", "footway", "path", "cycleway", "bridleway")

_TURN_STEP_MS = 100
"""OSRM keeps what a turn takes in whole tenths of a second, and drops the rest."""

_TURN_ROUND_S = 20.0 + 7.5
"""``u_turn_penalty`` and the turn itself."""

OSRM_CAR = Profile(
    name="osrm_car",
    light_chain=("motorcar", "motor_vehicle", "vehicle", "access"),
    heavy_chain=("motorcar", "motor_vehicle", "vehicle", "access"),
    speeds_kmh={
        "motorway": 90.0,
        "motorway_link": 45.0,
        "trunk": 85.0,
        "trunk_link": 40.0,
        "primary": 65.0,
        "primary_link": 30.0,
        "secondary": 55.0,
        "secondary_link": 25.0,
        "tertiary": 40.0,
        "tertiary_link": 20.0,
        "unclassified": 25.0,
        "residential": 25.0,
        "living_street": 10.0,
        "service": 15.0,
        "ferry": 5.0,
        **dict.fromkeys(_WITHOUT_SPEED, _ONLY_WHERE_ALLOWED_KMH),
    },
    service_kmh={},
    ground_kmh=VAN.ground_kmh,
    by_permission=frozenset({*_WITHOUT_SPEED, "emergency_access"}),
    unhurried=frozenset(),
    barrier_s={
        **dict.fromkeys(("gate", "lift_gate"), 60.0),
        **dict.fromkeys(("cattle_grid", "border_control", "toll_booth", "sally_port", "no", "entrance"), 0.0),
        **dict.fromkeys(("height_restrictor", "arch"), 0.0),
    },
    top_kmh=1_000.0,
    maxspeed_factor=0.8,
    narrow_factor=1.0,
    turns=TurnTimes(turn_s=7.5, right_bias=1.075, u_turn_s=_TURN_ROUND_S, dead_end_s=_TURN_ROUND_S, signal_s=2.0),
    size=Size(height_m=2.0, width_m=1.9, length_m=4.8, weight_t=2.0),
)
CAR_DRIVER = RoadUser(OSRM_CAR, ferries=True)


class Drive(NamedTuple):
    seconds: float
    metres: float
    arcs: Sequence[int]


@dataclass(frozen=True, eq=False)
class OsrmCar:
    """The network as OSRM's car profile sees it: ways are chosen on ``weighed`` and timed on ``timed``."""

    weighed: Roads
    timed: Roads

    @classmethod
    def on(cls, network: Network) -> OsrmCar:
        costs = arc_costs(network, CAR_DRIVER)
        turn_ms = _turn_ms(network, costs.ms)
        timed = Roads(network, costs.ms, turn_ms, costs.ends_only)
        return cls(replace(timed, ms=_weights(network, costs.ms)), timed)

    def drive(self, times: HierarchyTimes, origin: RoadPosition, destination: RoadPosition) -> Drive | None:
        """``times``: on ``weighed``."""
        leg = times.leg(origin, destination)
        if leg is None:
            return None
        ms = leg.ms + self._longer_by_weight(leg, origin, destination)
        return Drive(ms / 1_000, leg.length_m, leg.arcs)

    def _longer_by_weight(self, leg: Leg, origin: RoadPosition, destination: RoadPosition) -> float:
        """Milliseconds by which the parts of a leg take longer than they weigh; turns take what they weigh."""
        arcs = list(leg.arcs)
        share = np.ones(len(arcs))
        share[0] -= self._behind(arcs[0], origin)
        share[-1] -= 1.0 - self._behind(arcs[-1], destination)
        return float(((self.timed.ms[arcs] - self.weighed.ms[arcs]) * share).sum())

    def _behind(self, arc: int, position: RoadPosition) -> float:
        return position.fraction if self.timed.network.arc_forward[arc] else 1.0 - position.fraction


# --- weights ------------------------------------------------------------------------------------------------------


def _weights(network: Network, ms: Ints) -> Ints:
    """Milliseconds divided by the least of the factors that ``WayHandlers.penalties`` applies."""
    factor = np.array([min(_factors(tags)) for tags in network.tag_sets])[network.edge_tags[network.arc_edge]]
    both_ways = (ms[network.edge_arcs] < CLOSED).all(axis=1) & (network.edge_arcs >= 0).all(axis=1)
    narrow = np.array([min(_narrowness(tags)) for tags in network.tag_sets])[network.edge_tags]
    factor = np.minimum(factor, np.where(both_ways, narrow, 1.0)[network.arc_edge])
    return np.where(ms < CLOSED, np.rint(ms / factor).astype(np.int64), CLOSED)


def _factors(tags: Mapping[str, str]) -> Iterator[float]:
    yield 1.0
    if tags.get("service") in {"alley", "parking", "parking_aisle", "driveway", "drive-through", "drive-thru"}:
        yield 0.5
    if tags.get("oneway") == "alternating":
        yield 0.4


def _narrowness(tags: Mapping[str, str]) -> Iterator[float]:
    yield 1.0
    width = re.match(r"\d+(\.\d+)?", tags.get("width", ""))
    lanes = re.match(r"\d+", tags.get("lanes", ""))
    if width:
        steps = ((3.001, 0.5), (4.0, 0.6), (5.0, 0.75), (6.0, 0.8))
        yield next((factor for limit, factor in steps if float(width[0]) < limit), 1.0)
    if lanes and int(lanes[0]) <= 1:
        yield 0.5


# --- turns --------------------------------------------------------------------------------------------------------


def _turn_ms(network: Network, arc_ms: Ints) -> Ints:
    ms = turn_costs(network, CAR_DRIVER, arc_ms)
    came, goes = network.state_arc[network.turn_from], network.state_arc[network.turn_to]
    around = (network.arc_edge[came] == network.arc_edge[goes]) & (came != goes)
    in_the_way = ~around & (network.turn_angle < 0) & _is_fork(network, arc_ms)[network.head[came]]
    in_the_way &= ~network.on_roundabout[network.arc_edge[came]] & ~network.on_roundabout[network.arc_edge[goes]]
    ms += np.where(in_the_way & (ms < CLOSED), _waiting_ms(np.abs(network.turn_angle)), 0)
    ms[around & ~_last_resort(network, arc_ms, ms, around)] = CLOSED
    return np.where(ms < CLOSED, ms - ms % _TURN_STEP_MS, CLOSED)


def _is_fork(network: Network, arc_ms: Ints) -> Booleans:
    """[n] whether more than two roads meet."""
    is_open = (arc_ms[network.edge_arcs] < CLOSED) & (network.edge_arcs >= 0)
    arcs = network.edge_arcs.max(axis=1)[is_open.any(axis=1)]
    ends = np.concatenate([network.tail[arcs], network.head[arcs]])
    forks: Booleans = np.bincount(ends, minlength=network.nodes) > 2
    return forks


def _waiting_ms(angle: Floats) -> Ints:
    """``oncoming_turn_penalty``."""
    return np.rint(2_000.0 / (1.0 + np.exp(3.25 - 13.0 * angle / 180.0))).astype(np.int64)


def _last_resort(network: Network, arc_ms: Ints, turn_ms: Ints, around: Booleans) -> Booleans:
    """[t] whether no other exit is allowed, or no other road comes in: where OSRM lets one turn round."""
    goes = network.state_arc[network.turn_to]
    leads_on = (turn_ms < CLOSED) & (arc_ms[goes] < CLOSED) & ~around
    exits = np.bincount(network.turn_from[leads_on], minlength=network.states)
    entries = np.bincount(network.head[arc_ms < CLOSED], minlength=network.nodes)
    node = network.head[network.state_arc[network.turn_from]]
    last_resort: Booleans = (exits[network.turn_from] == 0) | (entries[node] <= 1)
    return last_resort
