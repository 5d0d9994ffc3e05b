"""Every schedule of a tiny input, built step by step: the best worth there is.

Each order of crews' tasks, each choice of crew and bay for each, and each order of groups at the lanes; everything as early as
the order allows. As no cost falls when something is later, one of these is best. Shares no code with the scheduling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import NamedTuple

from routing.handoffs.model import POLICIES, Arrival, Crew, HandoffInput, SiteInput


class _State(NamedTuple):
    """``bays``: when each is free. ``crews``: where and until when each works. ``done``: unloaded at, and sorted at."""

    bays: Mapping[tuple[str, int], int]
    crews: Mapping[str, tuple[str, int]]
    unloaded: Mapping[str, tuple[int, int]]
    finished: Mapping[str, int]


def best_worth(given: HandoffInput) -> tuple[int, int, int]:
    """Late stops, late seconds and cost of the best schedule in which nothing is unmet. Warm handoffs, nobody at doors."""
    return min(_worth(given, state) for state in _states(given))


def _states(given: HandoffInput) -> Iterator[_State]:
    tasks = [(arrival.stop, sorting) for arrival in given.arrivals for sorting in (False, True)]
    start = _State({}, {}, {}, {})
    for order in permutations(tasks):
        if all(order.index((stop, False)) < order.index((stop, True)) for stop, sorting in tasks if sorting):
            yield from _carried_out(given, order, start)


def _carried_out(given: HandoffInput, order: tuple[tuple[str, bool], ...], state: _State) -> Iterator[_State]:
    if not order:
        yield state
        return
    (stop, sorting), *rest = order
    arrival = next(each for each in given.arrivals if each.stop == stop)
    site = next(each for each in given.sites if each.id == arrival.site)
    bays = range(next(owner.bays for owner in given.owners if owner.id == arrival.owner))
    for name, bay in product(site.crews, [0] if sorting else bays):
        crew = next(each for each in given.crews if each.id == name)
        after = _sorted(state, arrival, site, crew) if sorting else _unloaded(given, state, arrival, crew, bay)
        yield from _carried_out(given, tuple(rest), after)


def _comes_s(state: _State, crew: Crew, site: str) -> int:
    if crew.id not in state.crews:
        return crew.hours.open_s
    where, until_s = state.crews[crew.id]
    way_s = 0 if where == site else crew.travel_s.get((where, site), crew.travel_s.get((site, where), 0))
    return until_s + way_s


def _unloaded(given: HandoffInput, state: _State, arrival: Arrival, crew: Crew, bay: int) -> _State:
    gap_s = next(owner.gap_s for owner in given.owners if owner.id == arrival.owner)
    key = (arrival.owner, bay)
    start_s = max(arrival.start_s, state.bays.get(key, 0), _comes_s(state, crew, arrival.site))
    end_s = start_s + arrival.service_s
    return state._replace(
        bays={**state.bays, key: end_s + gap_s},
        crews={**state.crews, crew.id: (arrival.site, end_s)},
        unloaded={**state.unloaded, arrival.stop: (start_s, end_s)},
    )


def _sorted(state: _State, arrival: Arrival, site: SiteInput, crew: Crew) -> _State:
    length_s = math.ceil(60 * arrival.crates / (site.sorting_per_minute * crew.persons))
    end_s = max(state.unloaded[arrival.stop][1], _comes_s(state, crew, site.id)) + length_s
    return state._replace(
        crews={**state.crews, crew.id: (site.id, end_s)}, finished={**state.finished, arrival.stop: end_s}
    )


def _worth(given: HandoffInput, state: _State) -> tuple[int, int, int]:
    late = [max(0, state.unloaded[each.stop][0] - each.latest_s) for each in given.arrivals]
    persons = sum(crew.persons for crew in given.crews if crew.id in state.crews)
    cost = POLICIES[given.policy].person_s * persons + sum(_site_cost(given, site, state) for site in given.sites)
    return sum(each > 0 for each in late), sum(late), cost


def _site_cost(given: HandoffInput, site: SiteInput, state: _State) -> int:
    """Each building collects by itself, in one slot, from the next whole minute."""
    weights = POLICIES[given.policy]
    people = sum(group.households for group in site.groups)
    best = None
    for order in permutations(site.groups):
        free_s, total, last_s = [0] * site.lanes.count, 0, 0
        for group in order:
            own = [
                each.stop
                for each in given.arrivals
                if each.site == site.id and (not each.buildings or group.building in each.buildings)
            ]
            lane = free_s.index(min(free_s))
            ready_s = max([free_s[lane], *(state.finished[stop] for stop in own)])
            start_s = 60 * math.ceil(ready_s / 60)
            free_s[lane] = start_s + site.lanes.slot_s
            served = [start_s + number * site.lanes.household_s for number in range(1, group.households + 1)]
            total, last_s = total + sum(served), max(last_s, served[-1])
        cost = weights.mean * total + weights.last * people * last_s
        best = cost if best is None else min(best, cost)
    return best or 0
