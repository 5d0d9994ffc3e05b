"""The words of a contactless handoff: what is asked of bays, crews, lanes and volunteers, and what was arranged.

Times are whole seconds of the scenario's clock. Whoever occupies something does so from the first instant to just before
the last: one may come at the instant at which the other leaves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from geodata.errors import Text
from geodata.model import LonLat
from routing.model import Figures, Interval, Seconds, ZoneLevel

ALWAYS = Interval(0, 10 * 86_400)
"""Hours of who is there at any time; no schedule runs longer."""


class Mode(StrEnum):
    """How goods go on from the bay. At a gate the crew inside takes them over, and doors are served: nobody leaves home."""

    COLLECTION = "collection"
    DOOR_ROUND = "door_round"
    MIXED = "mixed"
    SITE_CREW = "site_crew"
    GATE = "gate"


# --- what is asked ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BayOwner:
    """An access point or gate. ``gap_s``: disinfection between two vehicles; ``buffer_s``: kept free besides."""

    id: str
    bays: int = 1
    gap_s: Seconds = 600
    buffer_s: Seconds = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stop of the plan. ``latest_s``: the latest start that makes neither it nor a later stop of the vehicle late.

    ``after``: the vehicle's stop before it, left ``lead_s`` before the arrival. ``buildings``: whose goods it brings, empty: all.
    """

    stop: str
    vehicle: str
    site: str
    owner: str
    arrival_s: Seconds
    start_s: Seconds
    service_s: Seconds
    latest_s: Seconds
    crates: int = 0
    after: str | None = None
    lead_s: Seconds = 0
    buildings: frozenset[str] = frozenset()

    def brings_to(self, building: str) -> bool:
        return not self.buildings or building in self.buildings


@dataclass(frozen=True, slots=True)
class Crew:
    """Receives at the sites that name it. ``travel_s``: between two sites, either way round; within one it is none."""

    id: str
    persons: int = 2
    hours: Interval = ALWAYS
    travel_s: Mapping[tuple[str, str], Seconds] = field(default_factory=dict)

    def between_s(self, one: str, other: str) -> Seconds:
        if one == other:
            return 0
        return self.travel_s[one, other] if (one, other) in self.travel_s else self.travel_s[other, one]

    def knows(self, one: str, other: str) -> bool:
        return one == other or (one, other) in self.travel_s or (other, one) in self.travel_s


@dataclass(frozen=True, slots=True)
class Volunteer:
    """``change_s``: on the way from one of the sites that name this volunteer to another."""

    id: str
    hours: Interval = ALWAYS
    change_s: Seconds = 600


@dataclass(frozen=True, slots=True)
class Door:
    """``floor`` 1 is the ground; None: not known."""

    name: str
    unit: str = ""
    floor: int | None = None
    vulnerable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A building, or some of its units. ``vulnerable``: households that cannot come down. ``minutes``: from the drop point.

    ``by_door``: all of it is served at the door, where the site's mode is mixed. ``doors``: those known by name.
    """

    building: str
    households: int
    units: tuple[str, ...] = ()
    vulnerable: int = 0
    minutes: float = 0.0
    zone: ZoneLevel = ZoneLevel.OPEN
    by_door: bool = False
    lift: bool = False
    location: LonLat | None = None
    estimated: bool = False
    doors: tuple[Door, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.building}/{'+'.join(self.units)}" if self.units else self.building

    def all_doors(self) -> Iterator[Door]:
        """Those known by name, then numbered ones for the rest; the vulnerable among the latter first."""
        yield from self.doors
        unnamed = self.vulnerable - sum(door.vulnerable for door in self.doors)
        for number in range(len(self.doors) + 1, self.households + 1):
            yield Door(f"{self.name}#{number}", vulnerable=number - len(self.doors) <= unnamed)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where residents collect one after another, ``spacing_m`` apart, each in ``household_s``. Slots begin on ``grid_s``."""

    count: int = 1
    length_m: float = 20.0
    spacing_m: float = 2.0
    household_s: Seconds = 20
    slot_s: Seconds = 900
    grid_s: Seconds = 60

    @property
    def at_once(self) -> int:
        """So many stand in a lane."""
        return int(self.length_m // self.spacing_m)

    @property
    def per_slot(self) -> int:
        return self.slot_s // self.household_s


@dataclass(frozen=True, slots=True)
class Foot:
    """A volunteer's seconds: taking parcels up, walking, on stairs and in lifts, at a door, and until it opens.

    ``unit_s``: between two units of a building. ``unknown_s``: up or down to a door whose floor is not known. ``detour``: of
    a walk against the straight line.
    """

    pickup_s: Seconds = 60
    metres_per_s: float = 1.2
    detour: float = 1.3
    floor_s: Seconds = 18
    lift_wait_s: Seconds = 40
    lift_floor_s: Seconds = 3
    unit_s: Seconds = 20
    unknown_s: Seconds = 45
    door_s: Seconds = 20
    step_back_s: Seconds = 10


@dataclass(frozen=True, slots=True)
class SiteInput:
    """``crews``: any of them may receive. ``sorting_per_minute``: crates per minute and person. ``carry_s``: from the bay in.

    ``hours``: of collection and door rounds, ``quiet``: pauses in them. ``buffer_s``: kept free after sorting and after each slot
    group. ``cold``: the crew comes only when the vehicle has been away for the gap. ``twice``: what comes first is given
    out first, the rest when all is sorted. ``assumed``: crew or volunteers stand for people not yet named.
    """

    id: str
    mode: Mode = Mode.COLLECTION
    crews: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    lanes: Lanes = Lanes()
    sorting_per_minute: float = 4.0
    carry_s: Seconds = 0
    hours: Interval = ALWAYS
    quiet: tuple[Interval, ...] = ()
    volunteers: tuple[str, ...] = ()
    per_round: int = 10
    foot: Foot = Foot()
    buffer_s: Seconds = 0
    cold: bool = False
    twice: bool = False
    assumed: bool = False

    def sorting_s(self, crates: int, persons: int) -> Seconds:
        """Carrying in, counting and sorting."""
        return self.carry_s + math.ceil(60 * crates / (self.sorting_per_minute * persons))

    def goes_by_door(self, group: Group) -> bool:
        """Whether all of the group is served at the door."""
        return self.mode in (Mode.DOOR_ROUND, Mode.GATE) or (self.mode is Mode.MIXED and group.by_door)

    def doors_of(self, group: Group) -> tuple[Door, ...]:
        """Those served by a door round, vulnerable or not."""
        if self.mode is Mode.SITE_CREW:
            return ()
        everyone = self.goes_by_door(group)
        if not everyone and not group.vulnerable:
            return ()
        return tuple(door for door in group.all_doors() if everyone or door.vulnerable)

    def collecting(self, group: Group) -> int:
        """Households of the group that come to a lane."""
        return 0 if self.mode is Mode.SITE_CREW or self.goes_by_door(group) else group.households - group.vulnerable

    @property
    def open_times(self) -> tuple[Interval, ...]:
        """Its hours without the pauses, in order."""
        left = [self.hours]
        for pause in sorted(self.quiet):
            left = [piece for each in left for piece in _without(each, pause)]
        return tuple(left)


def _without(hours: Interval, pause: Interval) -> list[Interval]:
    if pause.close_s <= hours.open_s or pause.open_s >= hours.close_s:
        return [hours]
    pieces = [Interval(hours.open_s, pause.open_s), Interval(pause.close_s, hours.close_s)]
    return [piece for piece in pieces if piece.open_s < piece.close_s]


class Weights(NamedTuple):
    """What the objective counts, in household-seconds, beside each other.

    ``mean``: per second that a household waits; ``vulnerable``: besides, for those who cannot come down; ``last``: per second
    until a site's last household, once for each of its households; ``person_s``: per person on duty; ``uneven``: per second
    by which the volunteers' work at a site differs.
    """

    mean: int
    vulnerable: int
    last: int
    person_s: int
    uneven: int


POLICIES: Mapping[str, Weights] = {
    "early": Weights(mean=2, vulnerable=4, last=1, person_s=600, uneven=1),
    "balanced": Weights(mean=2, vulnerable=4, last=1, person_s=6_000, uneven=2),
    "few_people": Weights(mean=2, vulnerable=4, last=1, person_s=360_000, uneven=2),
}


@dataclass(frozen=True, slots=True)
class HandoffInput:
    owners: tuple[BayOwner, ...]
    sites: tuple[SiteInput, ...]
    arrivals: tuple[Arrival, ...]
    crews: tuple[Crew, ...]
    volunteers: tuple[Volunteer, ...] = ()
    policy: Literal["early", "balanced", "few_people"] = "balanced"

    @property
    def weights(self) -> Weights:
        return POLICIES[self.policy]


# --- what was arranged ------------------------------------------------------------------------------------------


class BaySlot(NamedTuple):
    """``arrival_s``: before the bay is taken the vehicle waits. ``disinfected_s``: the gap is over."""

    stop: str
    owner: str
    bay: int
    arrival_s: Seconds
    taken_s: Seconds
    freed_s: Seconds
    disinfected_s: Seconds


class Work(StrEnum):
    """Of a crew. ``pick_up``: after a cold handoff, at the bay. ``carry_in``: instead of sorting, at a sampling site."""

    UNLOAD = "unload"
    PICK_UP = "pick_up"
    SORT = "sort"
    CARRY_IN = "carry_in"


class CrewTask(NamedTuple):
    crew: str
    site: str
    stop: str
    work: Work
    start_s: Seconds
    end_s: Seconds


class SlotPart(NamedTuple):
    """Households of one building, or of some of its units, called together."""

    building: str
    units: tuple[str, ...]
    households: int


class CollectionSlot(NamedTuple):
    """``group``: the number of the slot group at its site. ``at_once``: so many are called into the lane at a time."""

    site: str
    trip: int
    group: int
    lane: int
    start_s: Seconds
    end_s: Seconds
    parts: tuple[SlotPart, ...]
    at_once: int

    @property
    def households(self) -> int:
        return sum(part.households for part in self.parts)


class DoorCall(NamedTuple):
    """The volunteer is at the door from ``at_s`` to ``left_s``; it opens at ``opens_s``."""

    group: str
    door: str
    vulnerable: bool
    at_s: Seconds
    left_s: Seconds
    opens_s: Seconds


class DoorRound(NamedTuple):
    """From ``start_s`` parcels are taken up at the site, for the time this takes; ``back_s``: back there."""

    site: str
    trip: int
    volunteer: str
    start_s: Seconds
    calls: tuple[DoorCall, ...]
    back_s: Seconds


class Lack(StrEnum):
    """What there was too little of. ``late``: a stop begins later than the vehicle's stops allow."""

    CREW = "crew"
    LATE = "late"
    LANE = "lane"
    VOLUNTEER = "volunteer"
    GOODS = "goods"


@dataclass(frozen=True, slots=True)
class Unmet:
    """What could not be arranged. ``needs``: what was tried and would do, each alone, such as ``{"volunteers": 3}``.

    ``stop``: not received, not sorted or late. ``parts`` and ``doors``: who gets nothing on the ``trip``.
    """

    lack: Lack
    site: str
    stop: str | None = None
    trip: int = 1
    parts: tuple[SlotPart, ...] = ()
    doors: tuple[tuple[str, str], ...] = ()
    delay_s: Seconds = 0
    needs: Mapping[str, int] = field(default_factory=dict)
    message: Text | None = None

    @property
    def households(self) -> int:
        return sum(part.households for part in self.parts) + len(self.doors)

    @property
    def figures(self) -> Figures:
        return {"households": self.households, "delay_s": self.delay_s, **self.needs}


class Worth(NamedTuple):
    """Compared in this order, less is better. ``unmet``: stops and households; ``cost``: in household-seconds."""

    unmet: int
    late: int
    late_s: Seconds
    cost: int


class HandoffFigures(NamedTuple):
    """``mean_s`` and ``last_s``: when households have their goods, each trip counting; None where nobody gets any.

    ``work_s``: least and most that a volunteer on duty walks. ``waiting_s``: of vehicles for a bay or crew.
    """

    households: int
    vulnerable: int
    mean_s: Seconds | None
    mean_vulnerable_s: Seconds | None
    last_s: Seconds | None
    crews: int
    persons: int
    volunteers: int
    least_work_s: Seconds
    most_work_s: Seconds
    waiting_s: Seconds
    worth: Worth


@dataclass(frozen=True, slots=True)
class Handoffs:
    """``improved``: how many independent parts CP-SAT bettered. ``greedy``: what the plain list schedule was worth."""

    bays: tuple[BaySlot, ...]
    tasks: tuple[CrewTask, ...]
    slots: tuple[CollectionSlot, ...]
    rounds: tuple[DoorRound, ...]
    unmet: tuple[Unmet, ...]
    figures: HandoffFigures
    greedy: Worth
    improved: int = 0
