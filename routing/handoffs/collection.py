"""Who collects when: slot groups on the lanes of a site, each once its goods are sorted, in the order that waits least.

For one instant of readiness and groups of one slot each, the largest first is best on any number of like lanes (Smith's
rule: McNaughton 1959 for parallel machines of unit jobs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple

from routing.handoffs.calendars import first_fit
from routing.handoffs.groups import SlotGroup, slot_groups
from routing.handoffs.model import CollectionSlot, SiteInput, SlotPart
from routing.handoffs.reception import Asked
from routing.model import Seconds


class Batch(NamedTuple):
    """A slot group's trip to the lane, once the stops it waits for are sorted."""

    trip: int
    group: SlotGroup
    stops: tuple[str, ...]

    @property
    def key(self) -> tuple[int, int]:
        return self.trip, self.group.number


class Collected(NamedTuple):
    """``no_goods`` and ``no_room``: batches whose goods are never sorted, and those with no slot left."""

    slots: tuple[CollectionSlot, ...]
    no_goods: tuple[Batch, ...]
    no_room: tuple[Batch, ...]


def batches_of(asked: Asked, site: SiteInput) -> tuple[Batch, ...]:
    return tuple(
        Batch(trip, group, stops)
        for group in slot_groups(site)
        for trip, stops in trips_of(asked, site, group.buildings)
    )


def trips_of(asked: Asked, site: SiteInput, buildings: Sequence[str]) -> list[tuple[int, tuple[str, ...]]]:
    """Per trip the stops whose goods it needs: all of one's own, or with two trips the first that comes, and all."""
    own = [each for each in asked.at_site(site.id) if any(each.brings_to(building) for building in buildings)]
    own.sort(key=lambda arrival: (arrival.start_s, arrival.stop))
    stops = tuple(arrival.stop for arrival in own)
    return [(1, stops[:1]), (2, stops)] if site.twice and len(stops) > 1 else [(1, stops)]


def ready_s(site: SiteInput, stops: Sequence[str], sorted_s: Mapping[str, Seconds]) -> Seconds | None:
    """When the buffer after the last sorting is over; None if something is never sorted or nothing comes."""
    if not stops or any(stop not in sorted_s for stop in stops):
        return None
    return max(sorted_s[stop] for stop in stops) + site.buffer_s


class _Waiting(NamedTuple):
    """``worth``: households per slot."""

    ready_s: Seconds
    length_s: Seconds
    worth: float
    batch: Batch


def collect(asked: Asked, site: SiteInput, sorted_s: Mapping[str, Seconds]) -> Collected:
    """A list schedule: whenever a lane is free, of the groups whose goods are there the one with most people per slot."""
    no_goods: list[Batch] = []
    waiting: list[_Waiting] = []
    for batch in batches_of(asked, site):
        at_s, group = ready_s(site, batch.stops, sorted_s), batch.group
        if at_s is None:
            no_goods.append(batch)
        else:
            worth = group.households / len(group.slots)
            waiting.append(_Waiting(at_s, group.length_s(site.lanes), worth, batch))
    slots, no_room = _list_schedule(site, waiting)
    return Collected(tuple(slots), tuple(no_goods), tuple(no_room))


def _list_schedule(site: SiteInput, waiting: list[_Waiting]) -> tuple[list[CollectionSlot], list[Batch]]:
    pieces = site.open_times

    @cache
    def fit(from_s: Seconds, length_s: Seconds) -> Seconds | None:
        return first_fit(pieces, from_s, length_s, site.lanes.grid_s)

    free_s = [site.hours.open_s] * site.lanes.count
    first_trip: dict[int, Seconds] = {}
    slots: list[CollectionSlot] = []
    no_room: list[Batch] = []

    def start(each: _Waiting, lane: int) -> Seconds | None:
        return fit(max(each.ready_s, free_s[lane], first_trip.get(each.batch.group.number, 0)), each.length_s)

    def turn(each: _Waiting, lane: int) -> tuple[float, ...]:
        """The earliest start; then the most households per slot; then the order of the list."""
        start_s = start(each, lane)
        return (start_s is None, start_s or 0, -each.worth, each.batch.trip, each.batch.group.number)

    while waiting:
        lane = min(range(len(free_s)), key=lambda number: (free_s[number], number))
        chosen = min(waiting, key=partial(turn, lane=lane))
        waiting.remove(chosen)
        start_s = start(chosen, lane)
        if start_s is None:
            no_room.append(chosen.batch)
            continue
        slots += slots_of(site, chosen.batch, lane + 1, start_s)
        free_s[lane] = slots[-1].end_s + site.buffer_s
        first_trip[chosen.batch.group.number] = slots[-1].end_s
    return slots, no_room


def collect_as_given(
    asked: Asked, site: SiteInput, sorted_s: Mapping[str, Seconds], starts_s: Mapping[tuple[int, int], Seconds]
) -> Collected:
    """With the start of each batch known, lanes are dealt out: the first that is free."""
    batches = batches_of(asked, site)
    free_s = [site.hours.open_s] * site.lanes.count
    slots: list[CollectionSlot] = []
    for batch in sorted(
        (each for each in batches if each.key in starts_s), key=lambda each: (starts_s[each.key], each.key)
    ):
        lane = next(number for number, at_s in enumerate(free_s) if at_s <= starts_s[batch.key])
        slots += slots_of(site, batch, lane + 1, starts_s[batch.key])
        free_s[lane] = slots[-1].end_s + site.buffer_s
    left = [batch for batch in batches if batch.key not in starts_s]
    no_goods = tuple(batch for batch in left if ready_s(site, batch.stops, sorted_s) is None)
    return Collected(tuple(slots), no_goods, tuple(batch for batch in left if batch not in no_goods))


def slots_of(site: SiteInput, batch: Batch, lane: int, start_s: Seconds) -> list[CollectionSlot]:
    lanes = site.lanes
    return [
        CollectionSlot(
            site.id,
            batch.trip,
            batch.group.number,
            lane,
            start_s + number * lanes.slot_s,
            start_s + (number + 1) * lanes.slot_s,
            parts,
            min(lanes.at_once, sum(part.households for part in parts)),
        )
        for number, parts in enumerate(batch.group.slots)
    ]


def parts_of(batch: Batch) -> tuple[SlotPart, ...]:
    return tuple(part for slot in batch.group.slots for part in slot)
