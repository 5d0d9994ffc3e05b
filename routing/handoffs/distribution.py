"""From sorted goods to households: collection and door rounds of some sites, and what of them could not be arranged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from routing.handoffs.collection import Batch, Collected, collect, collect_as_given, parts_of
from routing.handoffs.door_rounds import Assigned, Trip, assign_rounds, trips_on_foot
from routing.handoffs.figures import Arranged
from routing.handoffs.model import Lack, Mode, SiteInput, Unmet
from routing.handoffs.reception import Asked, Reception
from routing.model import Seconds

CollectionStarts = Mapping[str, Mapping[tuple[int, int], Seconds]]
"""By site: when the batches begin to collect, by trip and number of the slot group."""

TripsBySite = Mapping[str, Sequence[Trip]]


def all_trips(asked: Asked) -> dict[str, tuple[Trip, ...]]:
    return {site.id: trips_on_foot(asked, site) for site in asked.given.sites}


def distribute(
    asked: Asked, sites: Iterable[SiteInput], reception: Reception, trips: TripsBySite, starts_s: CollectionStarts
) -> Arranged:
    """``starts_s``: of sites where they are known; elsewhere by a list schedule."""
    here = list(sites)
    sorted_s = reception.sorted_s
    given_out = [site for site in here if site.mode is not Mode.SITE_CREW]
    collected = {
        site.id: collect_as_given(asked, site, sorted_s, starts_s[site.id])
        if site.id in starts_s
        else collect(asked, site, sorted_s)
        for site in given_out
    }
    assigned = assign_rounds(asked, given_out, trips, sorted_s)
    unmet = [*_reception_lacks(asked, here, reception), *_lane_lacks(collected), *_door_lacks(assigned)]
    stops = {arrival.stop for site in here for arrival in asked.at_site(site.id)}
    slots = tuple(slot for each in collected.values() for slot in each.slots)
    return Arranged(
        tuple(slot for stop, slot in reception.bays.items() if stop in stops),
        tuple(task for task in reception.tasks if task.stop in stops),
        slots,
        assigned.rounds,
        unmet,
    )


def _reception_lacks(asked: Asked, sites: Iterable[SiteInput], reception: Reception) -> Iterator[Unmet]:
    sorted_s = reception.sorted_s
    for site in sites:
        for arrival in asked.at_site(site.id):
            slot = reception.bays.get(arrival.stop)
            if arrival.stop not in sorted_s:
                yield Unmet(Lack.CREW, site.id, arrival.stop)
            if slot is not None and slot.taken_s > arrival.latest_s:
                yield Unmet(Lack.LATE, site.id, arrival.stop, delay_s=slot.taken_s - arrival.latest_s)


def _lane_lacks(collected: Mapping[str, Collected]) -> Iterator[Unmet]:
    for site, each in collected.items():
        yield from _left(Lack.GOODS, site, each.no_goods)
        yield from _left(Lack.LANE, site, each.no_room)


def _left(lack: Lack, site: str, batches: Iterable[Batch]) -> Iterator[Unmet]:
    by_trip: dict[int, list[Batch]] = {}
    for batch in batches:
        by_trip.setdefault(batch.trip, []).append(batch)
    for trip, left in by_trip.items():
        yield Unmet(lack, site, trip=trip, parts=tuple(part for batch in left for part in parts_of(batch)))


def _door_lacks(assigned: Assigned) -> Iterator[Unmet]:
    for lack, left in ((Lack.GOODS, assigned.no_goods), (Lack.VOLUNTEER, assigned.no_one)):
        doors: dict[tuple[str, int], list[tuple[str, str]]] = {}
        for site, trip in left:
            doors.setdefault((site, trip.trip), []).extend((call.group, call.door) for call in trip.calls)
        for (site, number), missed in doors.items():
            yield Unmet(lack, site, trip=number, doors=tuple(missed))
