"""From door to door on foot: who goes to which doors in which order, those who cannot come down first.

Doors are put in one tour, the vulnerable before the others, and cut into rounds of nearly equal size; within a round
the places (a unit and a floor of a building) are ordered exactly where they are few, else by the nearest and 2-opt.
Rounds then go to volunteers by a list schedule. Two volunteers never take parcels up at the same time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise, permutations
from typing import NamedTuple

from routing.handoffs.calendars import Calendar, first_fit
from routing.handoffs.collection import ready_s, trips_of
from routing.handoffs.model import (
    Door,
    DoorCall,
    DoorRound,
    Foot,
    Group,
    SiteInput,
    Volunteer,
)
from routing.handoffs.reception import Asked
from routing.model import Seconds

EARTH_RADIUS_M = 6_371_000.0
EXACT_PLACES = 6
"""Up to so many places the order is found by trying all."""


class _Doorstep(NamedTuple):
    group: Group
    door: Door

    @property
    def place(self) -> tuple[str, str, int | None]:
        return self.group.name, self.door.unit, self.door.floor


class Trip(NamedTuple):
    """A round before somebody is found for it. ``calls``: from the instant at which parcels begin to be taken up."""

    trip: int
    stops: tuple[str, ...]
    calls: tuple[DoorCall, ...]
    length_s: Seconds

    @property
    def vulnerable(self) -> int:
        return sum(call.vulnerable for call in self.calls)


class Assigned(NamedTuple):
    """``no_goods``: rounds whose goods are never sorted; ``no_one``: those for which nobody is free in time."""

    rounds: tuple[DoorRound, ...]
    no_goods: tuple[tuple[str, Trip], ...]
    no_one: tuple[tuple[str, Trip], ...]


# --- rounds -----------------------------------------------------------------------------------------------------


def trips_on_foot(asked: Asked, site: SiteInput) -> tuple[Trip, ...]:
    """Every round that a site's doors need. Buildings that wait for the same goods share rounds."""
    steps = [_Doorstep(group, door) for group in site.groups for door in site.doors_of(group)]
    made: list[Trip] = []
    for goods, together in _by_goods(asked, site, steps):
        cuts = _cut(_toured(site.foot, together), site.per_round)
        timed = [_timed(site.foot, _ordered(site.foot, steps_of_round)) for steps_of_round in cuts]
        made += [Trip(trip, stops, calls, length_s) for trip, stops in goods for calls, length_s in timed]
    return tuple(made)


def _by_goods(
    asked: Asked, site: SiteInput, steps: Sequence[_Doorstep]
) -> list[tuple[list[tuple[int, tuple[str, ...]]], list[_Doorstep]]]:
    goods = {group.building: trips_of(asked, site, [group.building]) for group in site.groups}
    in_order = sorted(steps, key=lambda step: goods[step.group.building])
    return [(key, list(same)) for key, same in groupby(in_order, key=lambda step: goods[step.group.building])]


def _toured(foot: Foot, steps: Sequence[_Doorstep]) -> list[_Doorstep]:
    """The vulnerable first; each part by the nearest building from the last, whole buildings, units and floors in order."""
    tour: list[_Doorstep] = []
    for vulnerable in (True, False):
        left: dict[str, list[_Doorstep]] = {}
        for step in steps:
            if step.door.vulnerable is vulnerable:
                left.setdefault(step.group.name, []).append(step)
        at: Group | None = None
        while left:
            name = min(left, key=lambda each: _walk_s(foot, at, left[each][0].group))
            building = sorted(left.pop(name), key=lambda step: (step.door.unit, -(step.door.floor or 0)))
            at = building[0].group
            tour += building
    return tour


def _cut(tour: Sequence[_Doorstep], most: int) -> list[Sequence[_Doorstep]]:
    """Into as few rounds as the limit allows, of nearly equal size."""
    count = math.ceil(len(tour) / most)
    marks = [len(tour) * number // count for number in range(count + 1)] if count else [0]
    return [tour[start:end] for start, end in pairwise(marks)]


def _ordered(foot: Foot, steps: Sequence[_Doorstep]) -> list[_Doorstep]:
    """The quickest order of places found, the vulnerable before the others."""
    ordered: list[_Doorstep] = []
    for vulnerable in (True, False):
        places: dict[tuple[str, str, int | None], list[_Doorstep]] = {}
        for step in steps:
            if step.door.vulnerable is vulnerable:
                places.setdefault(step.place, []).append(step)
        before = ordered[-1] if ordered else None
        for place in _shortest(foot, before, [doors[0] for doors in places.values()]):
            ordered += places[place.place]
    return ordered


def _shortest(foot: Foot, before: _Doorstep | None, places: list[_Doorstep]) -> list[_Doorstep]:
    if len({(step.group.name, step.door.floor) for step in places}) <= 1:
        return places
    if len(places) <= EXACT_PLACES:
        return min(map(list, permutations(places)), key=lambda order: _tour_s(foot, before, order))
    return _two_opt(foot, before, _nearest(foot, before, places))


def _nearest(foot: Foot, before: _Doorstep | None, places: list[_Doorstep]) -> list[_Doorstep]:
    left = list(places)
    order: list[_Doorstep] = []
    while left:
        at = order[-1] if order else before
        step = min(left, key=lambda each: _step_s(foot, at, each))
        left.remove(step)
        order.append(step)
    return order


def _two_opt(foot: Foot, before: _Doorstep | None, order: list[_Doorstep]) -> list[_Doorstep]:
    best_s, better = _tour_s(foot, before, order), True
    while better:
        better = False
        for first in range(len(order) - 1):
            for last in range(first + 2, len(order) + 1):
                turned = [*order[:first], *reversed(order[first:last]), *order[last:]]
                turned_s = _tour_s(foot, before, turned)
                if turned_s < best_s:
                    order, best_s, better = turned, turned_s, True
    return order


def _tour_s(foot: Foot, before: _Doorstep | None, order: Sequence[_Doorstep]) -> Seconds:
    """From the step before through all, and back to the drop point."""
    way = [before, *order, None]
    return sum(_step_s(foot, one, other) for one, other in pairwise(way))


def _timed(foot: Foot, steps: Sequence[_Doorstep]) -> tuple[tuple[DoorCall, ...], Seconds]:
    """The calls from the moment at which parcels begin to be taken up, and when the volunteer is back."""
    now_s, calls, at = foot.pickup_s, [], None
    for step in steps:
        now_s += _step_s(foot, at, step)
        left_s = now_s + foot.door_s
        call = DoorCall(step.group.name, step.door.name, step.door.vulnerable, now_s, left_s, left_s + foot.step_back_s)
        calls.append(call)
        now_s, at = left_s, step
    return tuple(calls), now_s + _step_s(foot, at, None)


def _step_s(foot: Foot, one: _Doorstep | None, other: _Doorstep | None) -> Seconds:
    """Between two doors, or the drop point and a door. Who stays on a floor of a unit takes no stairs."""
    if one is None or other is None:
        step = one or other
        return 0 if step is None else _walk_s(foot, None, step.group) + _climb_s(foot, step.group, step.door.floor)
    if (one.group.name, one.door.unit) != (other.group.name, other.door.unit):
        down_s, up_s = (_climb_s(foot, each.group, each.door.floor) for each in (one, other))
        return down_s + _walk_s(foot, one.group, other.group) + up_s
    if one.door.floor is None or other.door.floor is None:
        return foot.unknown_s
    return _stairs_s(foot, one.group, abs(one.door.floor - other.door.floor))


def _climb_s(foot: Foot, group: Group, floor: int | None) -> Seconds:
    return foot.unknown_s if floor is None else _stairs_s(foot, group, abs(floor - 1))


def _stairs_s(foot: Foot, group: Group, floors: int) -> Seconds:
    by_stairs_s = foot.floor_s * floors
    return min(by_stairs_s, foot.lift_wait_s + foot.lift_floor_s * floors) if group.lift and floors else by_stairs_s


def _walk_s(foot: Foot, one: Group | None, other: Group | None) -> Seconds:
    """Straight with a detour where both locations are known, else by way of the drop point."""
    if one is not None and other is not None:
        if one.building == other.building:
            return foot.unit_s
        if one.location is not None and other.location is not None:
            return math.ceil(_metres(one, other) * foot.detour / foot.metres_per_s)
    return sum(math.ceil(60 * group.minutes) for group in (one, other) if group is not None)


def _metres(one: Group, other: Group) -> float:
    assert one.location is not None, "asked of located groups"  # noqa: S101
    assert other.location is not None, "asked of located groups"  # noqa: S101
    middle = math.cos(math.radians((one.location.lat + other.location.lat) / 2))
    east = math.radians(other.location.lon - one.location.lon) * middle
    north = math.radians(other.location.lat - one.location.lat)
    return EARTH_RADIUS_M * math.hypot(east, north)


# --- who goes ---------------------------------------------------------------------------------------------------


def assign_rounds(
    asked: Asked, sites: Iterable[SiteInput], trips: Mapping[str, Sequence[Trip]], sorted_s: Mapping[str, Seconds]
) -> Assigned:
    """Rounds as their goods are ready, those to the vulnerable first; each to who ends it at the least cost.

    ``trips``: of each site, by ``trips_on_foot``. No round goes out before those to the vulnerable with the same goods.
    """
    roster = _Roster(asked)
    waiting = []
    no_goods: list[tuple[str, Trip]] = []
    for site in sites:
        for number, trip in enumerate(trips[site.id]):
            at_s = ready_s(site, trip.stops, sorted_s)
            if at_s is None:
                no_goods.append((site.id, trip))
            else:
                waiting.append(((at_s, trip.trip, not trip.vulnerable, site.id, number), site, trip))
    rounds: list[DoorRound] = []
    no_one: list[tuple[str, Trip]] = []
    for (at_s, *_), site, trip in sorted(waiting, key=lambda each: each[0]):
        found = roster.send(site, trip, at_s)
        if found is None:
            no_one.append((site.id, trip))
        else:
            rounds.append(found)
    return Assigned(tuple(rounds), tuple(no_goods), tuple(no_one))


class _Roster:
    """Who is out until when, and when parcels are being taken up at each site."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._back_s: dict[str, Seconds] = {}
        self._work_s: dict[str, Seconds] = {}
        self._at: dict[str, str] = {}
        self._pick_up: dict[str, Calendar] = {}
        self._vulnerable_left_s: dict[tuple[str, int, tuple[str, ...]], Seconds] = {}

    def send(self, site: SiteInput, trip: Trip, from_s: Seconds) -> DoorRound | None:
        calendar = self._pick_up.setdefault(site.id, Calendar())
        after = (site.id, trip.trip, trip.stops)
        if not trip.vulnerable:
            from_s = max(from_s, self._vulnerable_left_s.get(after, 0))
        offers = []
        for name in site.volunteers:
            start_s = self._start(site, trip, self._asked.volunteers[name], calendar, from_s)
            if start_s is not None:
                offers.append((self._cost(name, trip, start_s), self._work_s.get(name, 0), start_s, name))
        if not offers:
            return None
        *_, start_s, name = min(offers)
        calendar.take(start_s, site.foot.pickup_s)
        self._back_s[name], self._at[name] = start_s + trip.length_s, site.id
        self._work_s[name] = self._work_s.get(name, 0) + trip.length_s
        if trip.vulnerable:
            self._vulnerable_left_s[after] = max(start_s, self._vulnerable_left_s.get(after, 0))
        return _at_instant(site, trip, name, start_s)

    def _start(
        self, site: SiteInput, trip: Trip, volunteer: Volunteer, calendar: Calendar, from_s: Seconds
    ) -> Seconds | None:
        """When the volunteer may begin: the last time back, parcels free, within own and the site's hours."""
        pieces = [met for piece in site.open_times if (met := piece.meet(volunteer.hours)) is not None]
        change_s = volunteer.change_s if self._at.get(volunteer.id, site.id) != site.id else 0
        start_s: Seconds | None = max(from_s, self._back_s.get(volunteer.id, 0) + change_s)
        length_s = max(trip.length_s, max((call.opens_s for call in trip.calls), default=0))
        while start_s is not None:
            start_s = first_fit(pieces, start_s, length_s)
            if start_s is None or calendar.earliest(start_s, site.foot.pickup_s) == start_s:
                return start_s
            start_s = calendar.earliest(start_s, site.foot.pickup_s)
        return None

    def _cost(self, name: str, trip: Trip, start_s: Seconds) -> int:
        weights = self._asked.given.weights
        served = weights.mean * len(trip.calls) + weights.vulnerable * trip.vulnerable
        return served * start_s + (0 if name in self._work_s else weights.person_s)


def _at_instant(site: SiteInput, trip: Trip, volunteer: str, start_s: Seconds) -> DoorRound:
    calls = tuple(
        call._replace(at_s=start_s + call.at_s, left_s=start_s + call.left_s, opens_s=start_s + call.opens_s)
        for call in trip.calls
    )
    return DoorRound(site.id, trip.trip, volunteer, start_s, calls, start_s + trip.length_s)
