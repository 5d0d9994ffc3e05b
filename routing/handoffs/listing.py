"""The plain list schedule of everything: what CP-SAT starts from and is judged against, and what help is tried with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from routing.handoffs.components import components
from routing.handoffs.distribution import TripsBySite, distribute
from routing.handoffs.figures import Arranged, worth_of
from routing.handoffs.reception import Asked, Reception, receive


def best_list(asked: Asked, trips: TripsBySite) -> tuple[Reception, Arranged]:
    """The best list schedule: sorting after all vehicles, or at once, or either where it is better."""
    arrivals = asked.given.arrivals
    last = receive(asked, arrivals)
    shared = [part for part in components(asked) if len(part) > 1]
    if not shared:
        return last, distribute(asked, asked.given.sites, last, trips, {})
    at_once = receive(asked, arrivals, frozenset().union(*shared))
    mixed = receive(asked, arrivals, frozenset().union(*_better_at_once(asked, trips, shared, last, at_once)))
    offers = [(each, distribute(asked, asked.given.sites, each, trips, {})) for each in (last, at_once, mixed)]
    return min(offers, key=lambda offer: worth_of(asked, offer[1]))


def _better_at_once(
    asked: Asked, trips: TripsBySite, parts: Iterable[frozenset[str]], last: Reception, at_once: Reception
) -> Iterator[frozenset[str]]:
    for stops in parts:
        sites = [asked.sites[site] for site in sites_of(asked, stops)]
        one, other = (distribute(asked, sites, each.of(stops), trips, {}) for each in (last, at_once))
        if worth_of(asked, other) < worth_of(asked, one):
            yield stops


def sites_of(asked: Asked, stops: frozenset[str]) -> list[str]:
    return list(dict.fromkeys(arrival.site for arrival in asked.given.arrivals if arrival.stop in stops))
