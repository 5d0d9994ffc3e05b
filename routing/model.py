"""The words of a delivery: what is asked (scenario), what is to be done (problem), what will be done (plan).

Times are whole seconds since the scenario's first dispatch order. Loads are whole grams, cubic centimetres and crates,
so that sums are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

from geodata.errors import Text
from geodata.locate import Located
from geodata.model import Ints, Leg, LonLat, RoadPosition
from geodata.profile import HourlyFactors, Size
from geodata.restrictions import Pass, Restrictions
from geodata.travel_times import NO_WAY_S

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
    grams = cm3 = crates = 0
    for load in loads:
        grams += load.grams
        cm3 += load.cm3
        crates += load.crates
    return Load(grams, cm3, crates)


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
    """Figures per unit. A crate that is partly filled counts as one. ``apart``: kinds it must not share a loop with."""

    id: str
    name: str
    grams: int
    cm3: int
    crates: float
    apart: frozenset[str] = frozenset()

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
class Supply:
    """Where a station's goods come from, how long unloading them takes there, and sorting once the last has arrived."""

    supplier: str
    sorting_s: Seconds = 0
    sorting_per_crate_s: float = 0.0
    service_s: Seconds = 240
    service_per_crate_s: float = 6.0


@dataclass(frozen=True, slots=True)
class Depot:
    """A place as a source. ``opening`` None: always open. ``bays`` None: any number load at once.

    Loading takes ``loading_s`` and so much per crate. ``stock``: units of the kinds it holds a limited number of. With a
    ``supply`` it is a station: of every kind it holds what ``stock`` says and what is brought to it. ``behind``: units that
    its supplier still holds when all has been brought, where anything comes to it.
    """

    place: Place
    opening: tuple[Interval, ...] | None = None
    loading_s: Seconds = 0
    loading_per_crate_s: float = 0.0
    bays: int | None = None
    stock: Mapping[str, int] = field(default_factory=dict)
    supply: Supply | None = None
    behind: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a dispatch order sends to a site."""

    order: str
    lines: tuple[DemandLine, ...]


class ZoneLevel(IntEnum):
    """Risk of the ground a site stands on, rising."""

    OPEN = 0
    PRECAUTIONARY = 1
    CONTROLLED = 2
    SEALED = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A place as a destination. ``receiving`` None: at any time; an empty tuple: never in this plan's time.

    ``target_s`` overrides the order's. ``most_vehicles`` caps those that may come. ``allowed``: vehicles by size and by
    name, None: all; ``needs_pass``: the pass that a vehicle must carry besides. ``preferred``: vehicles that should come.
    """

    place: Place
    demands: tuple[Demand, ...]
    receiving: tuple[Interval, ...] | None = None
    finish_by_close: bool = False
    priority: int = 2
    required: bool = False
    service_s: Seconds = 240
    service_per_crate_s: float = 6.0
    target_s: Seconds | None = None
    zone: ZoneLevel = ZoneLevel.OPEN
    most_vehicles: int | None = None
    allowed: frozenset[str] | None = None
    needs_pass: str | None = None
    preferred: frozenset[str] = frozenset()

    def takes(self, vehicle: Vehicle) -> bool:
        """Whether the vehicle may come: by size and name, and with the pass it takes."""
        return may_come(vehicle, self.allowed, self.needs_pass)


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


class Break(NamedTuple):
    """A rest of ``duration_s`` that begins within ``window``."""

    window: Interval
    duration_s: Seconds


@dataclass(frozen=True, slots=True)
class Vehicle:
    """``start`` and ``end`` are depots. It may leave and be back within ``shift``.

    It makes at most ``max_loops`` loops, the first from ``start``, later ones from a depot in ``reload_at``. ``been``:
    the highest risk it has been at in a loop it is still on, of which the first one here is the rest. ``profile``, ``size``:
    what it is on the roads. ``road_class``: the number of the class of vehicles alike there, once places are located.
    """

    id: str
    name: str
    kind: str
    start: str
    end: str
    capacity: Load
    shift: Interval
    fixed_cost_s: Seconds = 0
    max_loops: int = 1
    reload_at: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    passes: frozenset[str] = frozenset()
    licence: str = ""
    been: ZoneLevel = ZoneLevel.OPEN
    profile: str = "van"
    size: Size = field(default_factory=Size)
    road_class: int = 0


def may_come(vehicle: Vehicle, allowed: frozenset[str] | None, needs_pass: str | None) -> bool:
    return (allowed is None or vehicle.id in allowed) and (needs_pass is None or needs_pass in vehicle.passes)


@dataclass(frozen=True, slots=True)
class Driver:
    """Drives one vehicle at a time, of the licences held, within the shift. ``known``: sites visited before."""

    id: str
    name: str
    shift: Interval
    licences: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """What is better than what. ``prices``: seconds per unserved visit by priority, with ``objective = "prices"``.

    ``target_from``: the target counts from the order, or from the loop's departure. ``longest_route_s``: no vehicle is
    out for longer. ``disinfection_s``: before the next loop of a vehicle that was in a sealed zone. ``change_price_s``: of
    a stop by another vehicle than in the earlier plan. ``longest_route_price``: of each second of the plan's longest
    route.
    """

    after_target: Literal["deliver_late", "leave_out"] = "deliver_late"
    objective: Literal["lexicographic", "prices"] = "lexicographic"
    prices: Mapping[int, Seconds] = field(default_factory=dict)
    target_from: Literal["order", "departure"] = "order"
    longest_route_s: Seconds | None = None
    disinfection_s: Seconds = 1_800
    unpreferred_price_s: Seconds = 0
    change_price_s: Seconds = 0
    longest_route_price: float = 0.0


@dataclass(frozen=True, slots=True)
class Lock:
    """What the coordinator fixed: the visit is made by the vehicle, as its n-th stop where a position is given.

    Without a visit the vehicle's whole route is as in the earlier plan.
    """

    vehicle: str
    visit: str | None = None
    position: int | None = None


class EarlierLoop(NamedTuple):
    depot: str
    visits: tuple[str, ...]


class EarlierStop(NamedTuple):
    """In seconds of today's clock."""

    vehicle: str
    start_s: Seconds


@dataclass(frozen=True, slots=True)
class Earlier:
    """The plan to change as little as possible: who served which visit, and each vehicle's loops in their order.

    ``routes`` None: only who served what is known.
    """

    stops: Mapping[str, EarlierStop]
    routes: Mapping[str, tuple[EarlierLoop, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day's inputs. ``epoch`` is the first dispatch order; ``fingerprint`` names the input in its plans.

    ``exempt``: by order the ids of restrictions that do not count in its wave.
    """

    name: str
    epoch: datetime
    timezone: str
    kinds: tuple[SupplyKind, ...]
    access_points: tuple[AccessPoint, ...]
    depots: tuple[Depot, ...]
    sites: tuple[Site, ...]
    vehicles: tuple[Vehicle, ...]
    orders: tuple[DispatchOrder, ...]
    drivers: tuple[Driver, ...] = ()
    policy: Policy = Policy()
    snap_limit_m: float = 300.0
    fingerprint: str = ""
    locks: tuple[Lock, ...] = ()
    earlier: Earlier | None = None
    restrictions: Restrictions = field(default_factory=Restrictions)
    permits: tuple[Pass, ...] = ()
    exempt: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hour_factors: HourlyFactors | None = None
    ferries: bool = False


# --- what is to be done -----------------------------------------------------------------------------------------


class Reload(NamedTuple):
    """Between two loops: back to a depot, to load for the next."""

    depot: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A site's demand, or one part of it. Identified by site and part number, which survive re-planning.

    ``windows``: the instants at which service may begin by the site's hours, within the wave; None of them: never.
    ``row``: the access point's row and column in the travel-time table. ``target_s``: the site's own, None: the order's.
    ``earlier``: the vehicle that made it in the plan that is to change as little as possible, if there is one.
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
    target_s: Seconds | None = None
    zone: ZoneLevel = ZoneLevel.OPEN
    allowed: frozenset[str] | None = None
    needs_pass: str | None = None
    preferred: frozenset[str] = frozenset()
    earlier: str | None = None

    @property
    def id(self) -> str:
        return f"{self.site}/{self.part}"

    @property
    def within_s(self) -> Seconds:
        """The dispatch target that holds for it."""
        return self.order.target_s if self.target_s is None else self.target_s

    @property
    def deadline_s(self) -> Seconds:
        """The last second in time, where the target counts from the order."""
        return self.order.order_s + self.within_s

    def takes(self, vehicle: Vehicle) -> bool:
        """Whether the vehicle may come: by size and name, and with the pass it takes."""
        return may_come(vehicle, self.allowed, self.needs_pass)

    @property
    def urgency(self) -> int:
        """0 for required visits, else the priority: the order in which the objective counts them."""
        return 0 if self.required else self.priority


class AtGate(NamedTuple):
    """A gate at which goods for places in some zones are handed over. ``outside``: the level of the ground there."""

    id: str
    name: str
    location: LonLat
    position: RoadPosition
    zones: tuple[str, ...]
    outside: ZoneLevel


@dataclass(frozen=True, slots=True)
class ShutOff:
    """Why vehicles of a class cannot drive to a place and back, though they could without restrictions.

    ``by``: sets of restrictions, each of which opens the way if it is lifted. ``passes``: some, none of which can be spared,
    that would open it to who holds them besides; none if no pass does. ``zones``: those around it that ask for one.
    ``nearest``: the nearest place on a road to which one can drive and back, ``nearest_m`` away in a straight line;
    ``outside``: the level of the ground there.
    """

    by: tuple[tuple[str, ...], ...]
    passes: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    nearest: RoadPosition | None = None
    nearest_m: float | None = None
    outside: ZoneLevel = ZoneLevel.OPEN


@dataclass(frozen=True, slots=True)
class LocatedPlaces:
    """Where every access point and depot meets the roads, by access point id."""

    by_access_point: Mapping[str, Located]


@dataclass(frozen=True, slots=True, eq=False)
class HourlyTimes:
    """Times of drives by the hour of the clock in which they begin, 0 to 23, where hours differ.

    ``hour_at``: of an instant. ``table``: [classes, rows, rows] whole seconds in an hour. ``own``: each drive in the hour
    of its order. ``waves``: [rows, rows] the number of the order that each drive is for.
    """

    hour_at: Callable[[Seconds], int]
    table: Callable[[int], Ints]
    own: Ints
    waves: Ints


class Measured(NamedTuple):
    """What the roads say of a scenario: see ``Problem``."""

    scenario: Scenario
    located: LocatedPlaces
    travel_s: Ints
    row_of: Mapping[str, int]
    row_in_wave: Mapping[tuple[str, str], int] = MappingProxyType({})
    at_gate: Mapping[tuple[int, int], AtGate] = MappingProxyType({})
    zone_levels: Mapping[tuple[str, str], ZoneLevel] = MappingProxyType({})
    shut_off: Mapping[tuple[int, int], ShutOff] = MappingProxyType({})
    hourly: HourlyTimes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What a solver is given. ``visits`` can each be driven to and carried by some vehicle; the rest is ``dismissed``.

    ``travel_s``: [classes, rows, rows] whole seconds for each class of vehicles, ``NO_WAY_S`` where no way leads.
    ``row_of``: access point to row, ``row_in_wave``: access point and order to row, where that is another. ``apart``: for
    each supply kind the kinds it must not share a loop with. ``at_gate``: for class and row, if it is for a gate.
    ``zone_levels``: of the ground under access points, by order, where zones raise it. ``shut_off``: by
    class and row, where restrictions keep every vehicle away that might come. ``hourly``: where a drive's time is
    that of the hour in which it begins; ``travel_s`` then is what searches go by and reasons are tested on: that of the hour
    of the order, for reasons of one of ``reason_hours``, by order.
    """

    scenario: Scenario
    located: LocatedPlaces
    visits: tuple[Visit, ...]
    dismissed: tuple[Unserved, ...]
    travel_s: Ints
    row_of: Mapping[str, int]
    depots: Mapping[str, Depot]
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)
    row_in_wave: Mapping[tuple[str, str], int] = field(default_factory=dict)
    at_gate: Mapping[tuple[int, int], AtGate] = field(default_factory=dict)
    zone_levels: Mapping[tuple[str, str], ZoneLevel] = field(default_factory=dict)
    shut_off: Mapping[tuple[int, int], ShutOff] = field(default_factory=dict)
    hourly: HourlyTimes | None = None
    reason_hours: Mapping[str, int] = field(default_factory=dict)

    def call(self, number: int) -> Visit | Reload:
        """What a number in a solver's route stands for: a visit, or below zero a reload at a depot."""
        return self.visits[number] if number >= 0 else Reload(self.scenario.depots[-1 - number].place.id)

    def reload_number(self, depot: str) -> int:
        return -1 - list(self.depots).index(depot)

    def depot_row(self, depot: str) -> int:
        return self.row_of[self.depots[depot].place.access_point]

    def drive_s(self, vehicle: Vehicle, origin_row: int, destination_row: int) -> Seconds:
        seconds: int = self.travel_s.item(vehicle.road_class, origin_row, destination_row)
        return seconds

    def driven_s(self, vehicle: Vehicle, origin_row: int, destination_row: int, left_s: Seconds) -> Seconds:
        """Of a drive that begins at ``left_s``."""
        if self.hourly is None:
            return self.drive_s(vehicle, origin_row, destination_row)
        table = self.hourly.table(self.hourly.hour_at(left_s))
        seconds: int = table.item(vehicle.road_class, origin_row, destination_row)
        return seconds

    def drives_to(self, vehicle: Vehicle, row: int) -> bool:
        """Whether the vehicle can drive there from its start, and on to its end."""
        out_s = self.drive_s(vehicle, self.depot_row(vehicle.start), row)
        back_s = self.drive_s(vehicle, row, self.depot_row(vehicle.end))
        return max(out_s, back_s) < NO_WAY_S

    def gate_of(self, vehicle: Vehicle, visit: Visit) -> AtGate | None:
        """Where the vehicle hands over instead of driving to the site, if it does."""
        return self.at_gate.get((vehicle.road_class, visit.row))

    def zone_of(self, vehicle: Vehicle, visit: Visit) -> ZoneLevel:
        """The risk of the ground on which the vehicle hands over: outside, at a gate."""
        return zone_in(self, vehicle.road_class, visit)


def zone_in(problem: Problem, road_class: int, visit: Visit) -> ZoneLevel:
    """As ``Problem.zone_of``, for a class of vehicles."""
    gate = problem.at_gate.get((road_class, visit.row))
    return visit.zone if gate is None else gate.outside


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


class Relief(StrEnum):
    """What one would have to give for a visit to be made in time, in the order in which it is tried: cheapest first."""

    A_HIGHER_PRICE = "a_higher_price"
    A_LONGER_SEARCH = "a_longer_search"
    A_LITTLE_MORE_TIME = "a_little_more_time"
    ONE_MORE_VEHICLE = "one_more_vehicle"
    OTHER_HOURS = "other_hours"
    A_PASS = "a_pass"  # noqa: S105  no secret
    NEAREST_OPEN_POINT = "nearest_open_point"
    MORE_STOCK = "more_stock"
    A_HIGHER_CAP = "a_higher_cap"
    MORE_TIME = "more_time"
    HOURS_AND_TIME = "other_hours_and_a_little_more_time"
    VEHICLE_AND_TIME = "one_more_vehicle_and_a_little_more_time"
    VEHICLE_AND_HOURS = "one_more_vehicle_and_other_hours"
    VEHICLE_AND_PASS = "one_more_vehicle_and_a_pass"  # noqa: S105  no secret
    VEHICLE_AND_STOCK = "one_more_vehicle_and_more_stock"
    VEHICLE_AND_CAP = "one_more_vehicle_and_a_higher_cap"
    NONE_FOUND = "none_found"
    NOT_TRIED = "not_tried"


Figures = Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The cheapest change under which a visit was found to be made in time, by solving; or that none was found."""

    relief: Relief
    message: Text
    figures: Figures


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a visit is late or unserved, with the figures it was tested with, and what would have helped."""

    code: ReasonCode
    message: Text
    figures: Figures
    relaxation: Relaxation | None = None


@dataclass(frozen=True, slots=True)
class Unserved:
    visit: Visit
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit with a vehicle and times: at the access point, bay taken and unloading begun, unloaded.

    ``gate``: the id of that where it hands over, in a plan whose legs are known.
    """

    visit: Visit
    arrival_s: Seconds
    start_s: Seconds
    departure_s: Seconds
    travel_s: Seconds
    leg: Leg | None = None
    reason: Reason | None = None
    due_s: Seconds | None = None
    gate: str | None = None

    @property
    def latest_s(self) -> Seconds:
        """The last second at which it would begin in time."""
        return self.visit.deadline_s if self.due_s is None else self.due_s

    @property
    def late_s(self) -> Seconds:
        return max(0, self.start_s - self.latest_s)


class Rest(NamedTuple):
    start_s: Seconds
    duration_s: Seconds


@dataclass(frozen=True, slots=True)
class Loop:
    """Leaves a depot once, ends at ``end``: the next loop's depot or the vehicle's. ``load_s``: loading begins."""

    depot: str
    end: str
    departure_s: Seconds
    stops: tuple[Stop, ...]
    back_s: Seconds
    back_travel_s: Seconds
    back_leg: Leg | None = None
    load_s: Seconds | None = None

    @property
    def loading_from_s(self) -> Seconds:
        return self.departure_s if self.load_s is None else self.load_s


class RouteTotals(NamedTuple):
    """What a plan states of a route; the checker adds it up again.

    ``wait_s``: before stops and rests. ``depot_s``: at depots between loops. ``price_s``: of stops by vehicles that their
    sites do not prefer, and by others than in the earlier plan.
    """

    stops: int
    travel_s: Seconds
    length_m: float
    service_s: Seconds
    wait_s: Seconds
    fixed_cost_s: Seconds
    cost_s: Seconds
    load: Load
    rest_s: Seconds = 0
    depot_s: Seconds = 0
    price_s: Seconds = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Everything one vehicle does in one plan. ``driver``: who drives it, None where nobody is assigned."""

    vehicle: str
    loops: tuple[Loop, ...]
    totals: RouteTotals
    rests: tuple[Rest, ...] = ()
    driver: str | None = None

    @property
    def out(self) -> Interval:
        """From loading to the return."""
        return Interval(self.loops[0].loading_from_s, self.loops[-1].back_s)

    @property
    def away_s(self) -> Seconds:
        """From the first departure to the return."""
        return self.loops[-1].back_s - self.loops[0].departure_s if self.loops else 0


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
class Transfer:
    """What a first stage brings to a station, and from when on all of it is unloaded and sorted."""

    station: str
    supplier: str
    lines: tuple[DemandLine, ...]
    ready_s: Seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """``transfers``: where the routes are of two stages, what the first brings for the second."""

    routes: tuple[Route, ...]
    unserved: tuple[Unserved, ...]
    summary: Summary
    transfers: tuple[Transfer, ...] = ()

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
