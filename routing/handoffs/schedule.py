"""Handoffs of a plan: a list schedule of everything, bettered part by part, and what of it cannot be and would help.

Parts are bettered one after the other. Each leaves alone what the others arranged: a stop may begin late only as long as its
vehicle's next stop elsewhere begins as it does now. So everything fits together at any time and nothing gets worse.
"""

from __future__ import annotations

from typing import NamedTuple

from routing.handoffs import cpsat
from routing.handoffs.collection import batches_of
from routing.handoffs.components import components
from routing.handoffs.distribution import CollectionStarts, TripsBySite, all_trips, distribute
from routing.handoffs.figures import figures_of, waiting_cost, worth_of
from routing.handoffs.intake import require_sound
from routing.handoffs.listing import best_list, sites_of
from routing.handoffs.model import CrewTask, HandoffInput, Handoffs, Mode, Work
from routing.handoffs.reception import Asked, Reception
from routing.handoffs.remedies import with_needs

MOST_WORK = 1.5
"""Of the limit, in CP-SAT's deterministic seconds, at most so much for one part."""

WORK_TO_BUILD = 0.02
"""Counted for a part besides its search."""


def schedule_handoffs(given: HandoffInput, *, seed: int = 0, work: float = 4.0, needs: bool = True) -> Handoffs:
    """The best schedule found; every time, when the same is asked. ``work``: CP-SAT's deterministic seconds, 0: list only.

    ``needs``: whether to try what would do for what cannot be arranged. Raises ``BadInput`` with every complaint.
    """
    require_sound(given)
    asked = Asked(given)
    trips = all_trips(asked)
    plain, first = best_list(asked, trips)
    better, starts_s, improved = _bettered(asked, plain, trips, seed=seed, work=work)
    arranged = distribute(asked, given.sites, _on_time(asked, better), trips, starts_s)
    if improved == 0 or worth_of(asked, first) <= worth_of(asked, arranged):
        arranged, improved = first, 0
    unmet = with_needs(asked, arranged) if needs else tuple(arranged.unmet)
    arranged = arranged._replace(unmet=unmet)
    return Handoffs(
        tuple(sorted(arranged.bays, key=lambda slot: (slot.taken_s, slot.stop))),
        tuple(sorted(arranged.tasks, key=lambda task: (task.start_s, task.stop, task.work))),
        tuple(sorted(arranged.slots, key=lambda slot: (slot.site, slot.start_s, slot.lane))),
        tuple(sorted(arranged.rounds, key=lambda each: (each.site, each.start_s, each.volunteer))),
        unmet,
        figures_of(asked, arranged),
        worth_of(asked, first),
        improved,
    )


class _Candidate(NamedTuple):
    gain: int
    number: int
    stops: frozenset[str]


def _bettered(
    asked: Asked, reception: Reception, trips: TripsBySite, *, seed: int, work: float
) -> tuple[Reception, CollectionStarts, int]:
    starts_s: dict[str, dict[tuple[int, int], int]] = {}
    improved = 0
    candidates = _candidates(asked, reception, trips) if work > 0 else []
    for place, candidate in enumerate(candidates):
        if work <= 0:
            break
        limit = min(MOST_WORK, max(0.05, 4 * work / (len(candidates) - place)))
        sites = [asked.sites[site] for site in sites_of(asked, candidate.stops)]
        now = distribute(asked, sites, reception, trips, {})
        part = cpsat.Part(
            [arrival for arrival in asked.given.arrivals if arrival.stop in candidate.stops],
            _windows(asked, candidate.stops, reception),
            reception.of(candidate.stops),
            now.slots,
        )
        found = cpsat.improve(asked, part, trips, seed=seed, limit=limit)
        work -= WORK_TO_BUILD + (found.work if found is not None else limit)
        if found is None:
            continue
        then = distribute(asked, sites, found.reception, trips, found.starts_s)
        if worth_of(asked, then) < worth_of(asked, now):
            reception, improved = reception.updated(found.reception), improved + 1
            starts_s |= {site: dict(each) for site, each in found.starts_s.items()}
    return reception, starts_s, improved


def _candidates(asked: Asked, reception: Reception, trips: TripsBySite) -> list[_Candidate]:
    """Parts that may be bettered, by what there is to gain against everybody served at once, most first."""
    found = []
    for number, stops in enumerate(components(asked)):
        sites = [asked.sites[site] for site in sites_of(asked, stops)]
        here = reception.of(stops)
        now = distribute(asked, sites, here, trips, {})
        at_once = distribute(asked, sites, _at_once(asked, stops), trips, {})
        gain = waiting_cost(asked, now) - waiting_cost(asked, at_once)
        late = worth_of(asked, now).late * 10**12
        if now.unmet or gain > 0 or len({task.crew for task in now.tasks}) > 1 or _tangled(asked, stops):
            found.append(_Candidate(gain + late, number, stops))
    return sorted(found, key=lambda each: (-each.gain, each.number))


def _tangled(asked: Asked, stops: frozenset[str]) -> bool:
    """Whether the order of slots is not known to be the best: groups of several slots beside others, or pauses."""
    for site in sites_of(asked, stops):
        given = asked.sites[site]
        batches = () if given.mode is Mode.SITE_CREW else batches_of(asked, given)
        lengths = {len(batch.group.slots) for batch in batches}
        if len(lengths) > 1 or (given.quiet and len(batches) > 1):
            return True
    return False


def _at_once(asked: Asked, stops: frozenset[str]) -> Reception:
    """Nobody waits: what no schedule can be better than."""
    tasks = []
    for arrival in asked.given.arrivals:
        if arrival.stop in stops:
            site = asked.sites[arrival.site]
            persons = max(asked.crews[crew].persons for crew in site.crews)
            cold_s = asked.owners[arrival.owner].gap_s + arrival.service_s if site.cold else 0
            start_s = arrival.start_s + arrival.service_s + cold_s
            work = Work.CARRY_IN if site.mode is Mode.SITE_CREW else Work.SORT
            end_s = start_s + site.sorting_s(arrival.crates, persons)
            tasks.append(CrewTask(site.crews[0], site.id, arrival.stop, work, start_s, end_s))
    return Reception({}, tuple(tasks))


def _windows(asked: Asked, stops: frozenset[str], reception: Reception) -> dict[str, cpsat.Window]:
    windows = {}
    for name in stops:
        arrival, following = asked.arrivals[name], asked.next_stop.get(name)
        from_s, until_s = arrival.start_s, None
        if arrival.after not in stops:
            from_s = max(from_s, asked.arrives_s(arrival, reception.bays))
        else:
            from_s = max(from_s, arrival.arrival_s)
        if following is not None and following.stop not in stops and following.stop in reception.bays:
            until_s = reception.bays[following.stop].taken_s - following.lead_s - arrival.service_s
        windows[name] = cpsat.Window(from_s, until_s)
    return windows


def _on_time(asked: Asked, reception: Reception) -> Reception:
    """With every vehicle's arrival as its earlier stops now let it come."""
    bays = {
        stop: slot._replace(arrival_s=asked.arrives_s(asked.arrivals[stop], reception.bays))
        for stop, slot in reception.bays.items()
    }
    return Reception(bays, reception.tasks)
