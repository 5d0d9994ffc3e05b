"""The words of a delivery: what is asked (scenario), what is to be done (problem), what will be done (plan).

Times are whole seconds since the scenario's first dispatch order. Loads are whole grams, cubic centimetres and crates,
so that sums are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from geodata.errors import Text
from geodata.locate import Located
from geodata.model import Ints, Leg, LonLat, RoadPosition

Seconds = int

UNBOUND = 10**15
"""Capacity in a dimension that does not bind."""

PART_OF_A_CRATE = 1e-6
"""Crates are rounded up, but not for the sake of a decimal such as 0.3333 written for a third."""


# --- what is asked ----------------------------------------------------------------------------------------------


class Load(NamedTuple):
    grams: int = 0
    cm3: int = 0
    crates: int = 0

    def plus(self, other: Load) -> Load:
        return Load(self.grams + other.grams, self.cm3 + other.cm3, self.crates + other.crates)

    def fits(self, capacity: Load) -> bool:
        return all(mine <= limit for mine, limit in zip(self, capacity, strict=True))


def total_load(loads: Iterable[Load]) -> Load:
    total = Load()
    for load in loads:
        total = total.plus(load)
    return total


class Interval(NamedTuple):
    """Both ends belong to it."""

    open_s: Seconds
    close_s: Seconds

    def meet(self, other: Interval) -> Interval | None:
        met = Interval(max(self.open_s, other.open_s), min(self.close_s, other.close_s))
        return met if met.open_s <= met.close_s else None

    def holds(self, instant_s: Seconds) -> bool:
        return self.open_s <= instant_s <= self.close_s


@dataclass(frozen=True, slots=True)
class SupplyKind:
    """Figures per unit. A crate that is partly filled counts as one."""

    id: str
    name: str
    grams: int
    cm3: int
    crates: float

    def load(self, units: int) -> Load:
        return Load(self.grams * units, self.cm3 * units, math.ceil(self.crates * units - PART_OF_A_CRATE))


@dataclass(frozen=True, slots=True)
class DemandLine:
    kind: str
    units: int


class Role(StrEnum):
    SOURCE = "source"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """Where a vehicle stops. Owns the bays and may serve several sites (a sealed area's gate)."""

    id: str
    name: str
    location: LonLat
    bays: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Anything with a location. An outlet has both roles: it receives and supplies."""

    id: str
    name: str
    kind: str
    roles: frozenset[Role]
    location: LonLat
    access_point: str


@dataclass(frozen=True, slots=True)
class Depot:
    """A place as a source. ``opening`` None: always open."""

    place: Place
    opening: tuple[Interval, ...] | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What a dispatch order sends to a site."""

    order: str
    lines: tuple[DemandLine, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A place as a destination. ``receiving`` None: at any time; an empty tuple: never in this plan's time."""

    place: Place
    demands: tuple[Demand, ...]
    receiving: tuple[Interval, ...] | None = None
    finish_by_close: bool = False
    priority: int = 2
    required: bool = False
    service_s: Seconds = 240
    service_per_crate_s: float = 6.0


@dataclass(frozen=True, slots=True)
class DispatchOrder:
    """The instant at which a wave's clock starts. ``deadline_s`` is the target, ``limit_s`` the end of the round."""

    id: str
    order_s: Seconds
    target_s: Seconds = 7_200
    round_limit_s: Seconds = 21_600

    @property
    def deadline_s(self) -> Seconds:
        return self.order_s + self.target_s

    @property
    def limit_s(self) -> Seconds:
        return self.order_s + self.round_limit_s


@dataclass(frozen=True, slots=True)
class Vehicle:
    """``start`` and ``end`` are depots. It may leave and be back within ``shift``."""

    id: str
    name: str
    kind: str
    start: str
    end: str
    capacity: Load
    shift: Interval
    fixed_cost_s: Seconds = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What is better than what. ``prices``: seconds per unserved visit by priority, with ``objective = "prices"``."""

    after_target: Literal["deliver_late", "leave_out"] = "deliver_late"
    objective: Literal["lexicographic", "prices"] = "lexicographic"
    prices: Mapping[int, Seconds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day's inputs. ``epoch`` is the first dispatch order; ``fingerprint`` names the input in its plans."""

    name: str
    epoch: datetime
    timezone: str
    kinds: tuple[SupplyKind, ...]
    access_points: tuple[AccessPoint, ...]
    depots: tuple[Depot, ...]
    sites: tuple[Site, ...]
    vehicles: tuple[Vehicle, ...]
    orders: tuple[DispatchOrder, ...]
    policy: Policy = Policy()
    snap_limit_m: float = 300.0
    fingerprint: str = ""


# --- what is to be done -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """A site's demand, or one part of it. Identified by site and part number, which survive re-planning.

    ``windows``: the instants at which service may begin by the site's hours, within the wave; None of them: never.
    ``row``: the access point's row and column in the travel-time table.
    """

    site: str
    part: int
    order: DispatchOrder
    lines: tuple[DemandLine, ...]
    load: Load
    service_s: Seconds
    windows: tuple[Interval, ...]
    priority: int
    required: bool
    row: int

    @property
    def id(self) -> str:
        return f"{self.site}/{self.part}"

    @property
    def urgency(self) -> int:
        """0 for required visits, else the priority: the order in which the objective counts them."""
        return 0 if self.required else self.priority


@dataclass(frozen=True, slots=True)
class LocatedPlaces:
    """Where every access point and depot meets the roads, by access point id."""

    by_access_point: Mapping[str, Located]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What a solver is given. ``visits`` can each be driven to and carried by some vehicle; the rest is ``dismissed``.

    ``travel_s``: [rows, rows] whole seconds, ``NO_WAY_S`` where no way leads. ``positions``: of each row on the road.
    ``row_of``: access point to row.
    """

    scenario: Scenario
    located: LocatedPlaces
    visits: tuple[Visit, ...]
    dismissed: tuple[Unserved, ...]
    travel_s: Ints
    positions: tuple[RoadPosition, ...]
    row_of: Mapping[str, int]
    depots: Mapping[str, Depot]

    def depot_row(self, depot: str) -> int:
        return self.row_of[self.depots[depot].place.access_point]

    def drive_s(self, origin_row: int, destination_row: int) -> Seconds:
        return int(self.travel_s[origin_row, destination_row])


# --- what will be done ------------------------------------------------------------------------------------------


class ReasonCode(StrEnum):
    """In the order in which they are tested: the first that holds is the reason."""

    UNREACHABLE = "UNREACHABLE"
    NO_PASS = "NO_PASS"  # noqa: S105  a rule's code
    TOO_BIG = "TOO_BIG"
    TOO_FAR = "TOO_FAR"
    WINDOW_MISSED = "WINDOW_MISSED"
    NO_STOCK = "NO_STOCK"
    NO_CAPACITY_LEFT = "NO_CAPACITY_LEFT"


Figures = Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a visit is late or unserved, with the figures it was tested with."""

    code: ReasonCode
    message: Text
    figures: Figures


@dataclass(frozen=True, slots=True)
class Unserved:
    visit: Visit
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit with a vehicle and times: at the access point, bay taken and unloading begun, unloaded."""

    visit: Visit
    arrival_s: Seconds
    start_s: Seconds
    departure_s: Seconds
    travel_s: Seconds
    leg: Leg | None = None
    reason: Reason | None = None

    @property
    def late_s(self) -> Seconds:
        return max(0, self.start_s - self.visit.order.deadline_s)


@dataclass(frozen=True, slots=True)
class Loop:
    """Leaves a depot once, ends at ``end``."""

    depot: str
    end: str
    departure_s: Seconds
    stops: tuple[Stop, ...]
    back_s: Seconds
    back_travel_s: Seconds
    back_leg: Leg | None = None


class RouteTotals(NamedTuple):
    """What a plan states of a route; the checker adds it up again."""

    stops: int
    travel_s: Seconds
    length_m: float
    service_s: Seconds
    wait_s: Seconds
    fixed_cost_s: Seconds
    cost_s: Seconds
    load: Load


@dataclass(frozen=True, slots=True)
class Route:
    """Everything one vehicle does in one plan."""

    vehicle: str
    loops: tuple[Loop, ...]
    totals: RouteTotals


class Objective(NamedTuple):
    unserved: int
    late: int
    late_s: Seconds
    cost_s: Seconds


@dataclass(frozen=True, slots=True)
class Summary:
    """What a plan states of itself; the checker adds it up again."""

    sites: int
    sites_served: int
    visits: int
    served_in_time: int
    served_late: int
    unserved: int
    latest_start_s: Seconds | None
    vehicles_used: int
    vehicles: int
    travel_s: Seconds
    length_m: float
    load: Load
    objective: Objective


@dataclass(frozen=True, slots=True)
class Plan:
    routes: tuple[Route, ...]
    unserved: tuple[Unserved, ...]
    summary: Summary

    def stops(self) -> Iterable[Stop]:
        return (stop for route in self.routes for loop in route.loops for stop in loop.stops)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule a plan breaks: the rule's code, what or who breaks it, and a sentence with the figures."""

    rule: str
    message: Text
    vehicle: str = ""
    visit: str = ""
    subject: str = ""
