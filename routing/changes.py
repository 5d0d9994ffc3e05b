"""What a plan changes against an earlier one: who serves a visit, not in which order or when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from routing.model import Earlier, EarlierStop, Plan


@dataclass(frozen=True, slots=True)
class Change:
    """A visit that another vehicle makes than before. None: not served, by the one plan or the other."""

    visit: str
    site: str
    before: EarlierStop | None
    after: EarlierStop | None


def changes(earlier: Earlier, plan: Plan) -> tuple[Change, ...]:
    """In the order of the plan's routes, then what is no longer served, then what is no longer asked for."""
    return tuple(_changes(earlier, plan))


def _changes(earlier: Earlier, plan: Plan) -> Iterator[Change]:
    known = {unserved.visit.id for unserved in plan.unserved}
    for route in plan.routes:
        for stop in (stop for loop in route.loops for stop in loop.stops):
            before = earlier.stops.get(stop.visit.id)
            known.add(stop.visit.id)
            if before is None or before.vehicle != route.vehicle:
                yield Change(stop.visit.id, stop.visit.site, before, EarlierStop(route.vehicle, stop.start_s))
    for unserved in plan.unserved:
        if unserved.visit.id in earlier.stops:
            yield Change(unserved.visit.id, unserved.visit.site, earlier.stops[unserved.visit.id], None)
    for visit in sorted(earlier.stops.keys() - known):
        yield Change(visit, visit.rpartition("/")[0], earlier.stops[visit], None)
