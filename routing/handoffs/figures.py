"""What a schedule is worth: how early everybody has their goods, who is on duty, and how evenly volunteers walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from routing.handoffs.model import (
    BaySlot,
    CollectionSlot,
    CrewTask,
    DoorRound,
    HandoffFigures,
    Lack,
    SiteInput,
    Unmet,
    Work,
    Worth,
)
from routing.handoffs.reception import Asked
from routing.model import Seconds


class Served(NamedTuple):
    """Households that have their goods, and the sum and last of the instants at which they do."""

    households: int = 0
    sum_s: int = 0
    last_s: Seconds = 0
    vulnerable: int = 0
    vulnerable_s: int = 0

    def plus(self, other: Served) -> Served:
        return Served(
            self.households + other.households,
            self.sum_s + other.sum_s,
            max(self.last_s, other.last_s),
            self.vulnerable + other.vulnerable,
            self.vulnerable_s + other.vulnerable_s,
        )


class Arranged(NamedTuple):
    """What has been scheduled of some sites."""

    bays: Sequence[BaySlot]
    tasks: Sequence[CrewTask]
    slots: Sequence[CollectionSlot]
    rounds: Sequence[DoorRound]
    unmet: Sequence[Unmet]


def slot_served(slot: CollectionSlot, household_s: Seconds) -> Served:
    """One household after another: the n-th has its goods n times ``household_s`` after the start."""
    count = slot.households
    waiting_s = household_s * count * (count + 1) // 2
    return Served(count, count * slot.start_s + waiting_s, slot.start_s + household_s * count)


def round_served(each: DoorRound) -> Served:
    """A household at the door has its goods when the door opens."""
    opened = [call.opens_s for call in each.calls]
    vulnerable = [call.opens_s for call in each.calls if call.vulnerable]
    return Served(len(opened), sum(opened), max(opened, default=0), len(vulnerable), sum(vulnerable))


def figures_of(asked: Asked, arranged: Arranged) -> HandoffFigures:
    served = _served_by_site(asked, arranged)
    total = Served()
    for each in served.values():
        total = total.plus(each)
    work = _work_by_volunteer(arranged.rounds)
    crews = {task.crew for task in arranged.tasks}
    return HandoffFigures(
        total.households,
        total.vulnerable,
        _mean(total.sum_s, total.households),
        _mean(total.vulnerable_s, total.vulnerable),
        total.last_s if total.households else None,
        len(crews),
        sum(asked.crews[crew].persons for crew in crews) + len(work),
        len(work),
        min(work.values(), default=0),
        max(work.values(), default=0),
        sum(slot.taken_s - max(slot.arrival_s, asked.arrivals[slot.stop].start_s) for slot in arranged.bays),
        worth_of(asked, arranged),
    )


def worth_of(asked: Asked, arranged: Arranged) -> Worth:
    """See ``Weights``; a site crew that has its kits counts as one household."""
    over = [max(0, slot.taken_s - asked.arrivals[slot.stop].latest_s) for slot in arranged.bays]
    cost = waiting_cost(asked, arranged) + _duty_cost(asked, arranged)
    return Worth(_count_unmet(arranged), sum(late_s > 0 for late_s in over), sum(over), cost)


def waiting_cost(asked: Asked, arranged: Arranged) -> int:
    """Of households until they have their goods."""
    weights, cost = asked.given.weights, 0
    for site, each in _served_by_site(asked, arranged).items():
        cost += weights.mean * each.sum_s + weights.vulnerable * each.vulnerable_s
        cost += weights.last * each.last_s * people_at(asked.sites[site])
    return cost


def _duty_cost(asked: Asked, arranged: Arranged) -> int:
    crews = {task.crew for task in arranged.tasks}
    volunteers = {each.volunteer for each in arranged.rounds}
    persons = sum(asked.crews[crew].persons for crew in crews) + len(volunteers)
    return asked.given.weights.person_s * persons + asked.given.weights.uneven * _unevenness(arranged.rounds)


def people_at(site: SiteInput) -> int:
    """For whom a site's last household counts."""
    return max(1, sum(group.households for group in site.groups))


def _served_by_site(asked: Asked, arranged: Arranged) -> dict[str, Served]:
    served: dict[str, Served] = {}
    for slot in arranged.slots:
        of_slot = slot_served(slot, asked.sites[slot.site].lanes.household_s)
        served[slot.site] = served.get(slot.site, Served()).plus(of_slot)
    for each in arranged.rounds:
        served[each.site] = served.get(each.site, Served()).plus(round_served(each))
    for task in arranged.tasks:
        if task.work is Work.CARRY_IN:
            served[task.site] = served.get(task.site, Served()).plus(Served(1, task.end_s, task.end_s))
    return served


def _count_unmet(arranged: Arranged) -> int:
    """Stops not received or not sorted, and households without goods."""
    stops = sum(1 for each in arranged.unmet if each.lack is Lack.CREW)
    return stops + sum(each.households for each in arranged.unmet)


def _work_by_volunteer(rounds: Iterable[DoorRound]) -> Counter[str]:
    work: Counter[str] = Counter()
    for each in rounds:
        work[each.volunteer] += each.back_s - each.start_s
    return work


def _unevenness(rounds: Iterable[DoorRound]) -> Seconds:
    """Summed over sites: the most that a volunteer on duty there walks less the least."""
    by_site: dict[str, Counter[str]] = {}
    for each in rounds:
        by_site.setdefault(each.site, Counter())[each.volunteer] += each.back_s - each.start_s
    return sum(max(work.values()) - min(work.values()) for work in by_site.values())


def _mean(total: int, count: int) -> Seconds | None:
    return round(total / count) if count else None
