"""From the vehicle to sorted goods, by a plain list schedule: who comes first takes the first bay and crew that are free.

Vehicles go before sorting, since their wait delays later stops: all are received in the order in which they come, each
as early as a bay and a crew allow; then everything is sorted in the gaps that are left. Where crews walk far or little
comes, sorting at once may be better: both are tried.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from routing.handoffs.calendars import Calendar, CrewCalendar
from routing.handoffs.model import (
    Arrival,
    BayOwner,
    BaySlot,
    CrewTask,
    HandoffInput,
    Mode,
    SiteInput,
    Work,
)
from routing.model import Seconds


@dataclass(frozen=True, slots=True)
class Reception:
    """Of some stops: bays and crews' tasks. A stop without a bay was not received, one without sorting not sorted."""

    bays: Mapping[str, BaySlot]
    tasks: tuple[CrewTask, ...]

    @property
    def sorted_s(self) -> dict[str, Seconds]:
        """When each stop's goods are sorted or carried in."""
        return {task.stop: task.end_s for task in self.tasks if task.work in (Work.SORT, Work.CARRY_IN)}

    def of(self, stops: frozenset[str]) -> Reception:
        bays = {stop: slot for stop, slot in self.bays.items() if stop in stops}
        return Reception(bays, tuple(task for task in self.tasks if task.stop in stops))

    def updated(self, other: Reception) -> Reception:
        """With the other's stops in the place of its own."""
        kept = (task for task in self.tasks if task.stop not in other.bays)
        return Reception({**self.bays, **other.bays}, (*kept, *other.tasks))


class Asked:
    """The input by id."""

    def __init__(self, given: HandoffInput) -> None:
        self.given = given
        self.sites = {site.id: site for site in given.sites}
        self.owners = {owner.id: owner for owner in given.owners}
        self.crews = {crew.id: crew for crew in given.crews}
        self.volunteers = {volunteer.id: volunteer for volunteer in given.volunteers}
        self.arrivals = {arrival.stop: arrival for arrival in given.arrivals}
        self.next_stop = {arrival.after: arrival for arrival in given.arrivals if arrival.after is not None}
        self._at_site: dict[str, list[Arrival]] = {}
        for arrival in given.arrivals:
            self._at_site.setdefault(arrival.site, []).append(arrival)

    def at_site(self, site: str) -> list[Arrival]:
        return self._at_site.get(site, [])

    def people(self, arrival: Arrival) -> int:
        """How many households wait for what comes; a site crew counts as one."""
        site = self.sites[arrival.site]
        return max(1, sum(group.households for group in site.groups if arrival.brings_to(group.building)))

    def arrives_s(self, arrival: Arrival, bays: Mapping[str, BaySlot]) -> Seconds:
        """With the delay that the vehicle brings along from its stop before."""
        before = bays.get(arrival.after) if arrival.after is not None else None
        return arrival.arrival_s if before is None else max(arrival.arrival_s, before.freed_s + arrival.lead_s)


class _Place(NamedTuple):
    """Where and when a stop might be received, compared by what it costs. ``crew_s``: the crew comes to the bay."""

    cost: int
    start_s: Seconds
    crew_s: Seconds
    crew: int
    bay: int


def receive(asked: Asked, arrivals: Iterable[Arrival], at_once: frozenset[str] = frozenset()) -> Reception:
    """The list schedule of these stops. Vehicles' other stops are taken to be as planned.

    ``at_once``: stops whose goods are sorted before the crew receives what comes later.
    """
    return _Reception(asked, at_once).schedule(list(arrivals))


class _Reception:
    def __init__(self, asked: Asked, at_once: frozenset[str]) -> None:
        self._asked, self._at_once = asked, at_once
        self._bays = {owner.id: [Calendar() for _ in range(owner.bays)] for owner in asked.given.owners}
        self._crews = {crew.id: CrewCalendar(crew) for crew in asked.given.crews}
        self._slots: dict[str, BaySlot] = {}
        self._tasks: list[CrewTask] = []

    def schedule(self, arrivals: list[Arrival]) -> Reception:
        later: list[tuple[Seconds, str]] = []
        for arrival in self._as_they_come(arrivals):
            end_s = self._receive(arrival)
            if end_s is not None and arrival.stop in self._at_once:
                self._sort(arrival, end_s)
            elif end_s is not None:
                later.append((end_s, arrival.stop))
        for end_s, stop in sorted(later):
            self._sort(self._asked.arrivals[stop], end_s)
        return Reception(self._slots, tuple(self._tasks))

    def _as_they_come(self, arrivals: list[Arrival]) -> Iterator[Arrival]:
        """By the instant at which they might begin, those with the least time to spare first."""
        here = {arrival.stop for arrival in arrivals}
        heap = [self._turn(arrival) for arrival in arrivals if arrival.after not in here]
        heapq.heapify(heap)
        while heap:
            arrival = self._asked.arrivals[heapq.heappop(heap)[-1]]
            yield arrival
            following = self._asked.next_stop.get(arrival.stop)
            if following is not None and following.stop in here:
                heapq.heappush(heap, self._turn(following))

    def _turn(self, arrival: Arrival) -> tuple[Seconds, Seconds, str]:
        return self._released_s(arrival), arrival.latest_s, arrival.stop

    def _released_s(self, arrival: Arrival) -> Seconds:
        return max(arrival.start_s, self._asked.arrives_s(arrival, self._slots))

    def _receive(self, arrival: Arrival) -> Seconds | None:
        """Returns when the crew has unloaded or taken away; None if no crew can within its hours."""
        site, owner = self._asked.sites[arrival.site], self._asked.owners[arrival.owner]
        places = list(self._places(arrival, site, owner))
        if not places:
            return None
        place = min(places)
        crew = site.crews[place.crew]
        work = Work.PICK_UP if site.cold else Work.UNLOAD
        freed_s, crew_end_s = place.start_s + arrival.service_s, place.crew_s + arrival.service_s
        self._crews[crew].take(site.id, place.crew_s, arrival.service_s)
        self._tasks.append(CrewTask(crew, site.id, arrival.stop, work, place.crew_s, crew_end_s))
        self._bays[owner.id][place.bay].take(place.start_s, blocked_s(owner, place.start_s, freed_s, crew_end_s))
        arrival_s = self._asked.arrives_s(arrival, self._slots)
        slot = BaySlot(arrival.stop, owner.id, place.bay + 1, arrival_s, place.start_s, freed_s, freed_s + owner.gap_s)
        self._slots[arrival.stop] = slot
        return crew_end_s

    def _places(self, arrival: Arrival, site: SiteInput, owner: BayOwner) -> Iterator[_Place]:
        released_s = self._released_s(arrival)
        for crew_number, crew in enumerate(site.crews):
            for bay in range(owner.bays):
                found = self._meet(arrival, site, owner, self._crews[crew], self._bays[owner.id][bay])
                if found is not None:
                    cost = self._price(crew) + self._wait_cost(arrival, found[0], released_s)
                    yield _Place(cost, *found, crew_number, bay)

    def _price(self, crew: str) -> int:
        calendar = self._crews[crew]
        return 0 if calendar.used else calendar.crew.persons * self._asked.given.weights.person_s

    def _wait_cost(self, arrival: Arrival, start_s: Seconds, released_s: Seconds) -> int:
        """What waiting costs; a start beyond the latest costs more than anyone on duty."""
        late = (start_s > arrival.latest_s) * 10**12 + max(0, start_s - arrival.latest_s) * 10**6
        return late + self._asked.given.weights.mean * self._asked.people(arrival) * (start_s - released_s)

    def _meet(
        self, arrival: Arrival, site: SiteInput, owner: BayOwner, crew: CrewCalendar, bay: Calendar
    ) -> tuple[Seconds, Seconds] | None:
        """When the vehicle can take the bay, and the crew come to it."""
        start_s = self._released_s(arrival)
        while True:
            lag_s = arrival.service_s + owner.gap_s if site.cold else 0
            crew_s = crew.earliest(site.id, start_s + lag_s, arrival.service_s)
            if crew_s is None:
                return None
            if not site.cold:
                start_s = crew_s
            length_s = blocked_s(owner, start_s, start_s + arrival.service_s, crew_s + arrival.service_s)
            free_s = bay.earliest(start_s, length_s)
            if free_s == start_s:
                return start_s, crew_s
            start_s = free_s

    def _sort(self, arrival: Arrival, from_s: Seconds) -> None:
        """By whoever ends it at the least cost, the one who unloaded before others."""
        site = self._asked.sites[arrival.site]
        unloaded_by = next(task.crew for task in self._tasks if task.stop == arrival.stop)
        found = []
        for name in site.crews:
            length_s = site.sorting_s(arrival.crates, self._crews[name].crew.persons)
            start_s = self._crews[name].earliest(site.id, from_s, length_s)
            if start_s is not None:
                wait = self._asked.given.weights.mean * self._asked.people(arrival) * (start_s + length_s - from_s)
                found.append((self._price(name) + wait, name != unloaded_by, name, start_s, start_s + length_s))
        if found:
            _, _, name, start_s, end_s = min(found)
            self._crews[name].take(site.id, start_s, end_s - start_s)
            self._tasks.append(CrewTask(name, site.id, arrival.stop, sorting_work(site), start_s, end_s))


def blocked_s(owner: BayOwner, start_s: Seconds, freed_s: Seconds, crew_end_s: Seconds) -> Seconds:
    """For how long the bay takes no other vehicle: until it is disinfected and what was set down is taken away."""
    return max(freed_s + owner.gap_s, crew_end_s) + owner.buffer_s - start_s


def sorting_work(site: SiteInput) -> Work:
    return Work.CARRY_IN if site.mode is Mode.SITE_CREW else Work.SORT
