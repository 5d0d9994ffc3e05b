"""The turn list of every leg of a finished plan: from its document and the roads it was made on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from api.maps.driven import leg_ends, places_on_road, require_its_network, stands_at
from api.schemas import (
    Bilingual,
    DirectionsDocument,
    LegDirectionsEntry,
    LegEntry,
    LoopEntry,
    PlanDocument,
    RouteEntry,
    StepEntry,
)
from geodata.direction_texts import direction_text
from geodata.directions import Step, directions
from geodata.errors import Text
from geodata.model import Leg, LonLat
from geodata.network import Network
from geodata.roads import Roads
from routing.model import Scenario

RoadsOf = Callable[[str, str], Roads]
"""By vehicle and dispatch order."""

Locations = Mapping[str, LonLat]
"""Where the access point of each place is, off the road."""


def locations_of(scenario: Scenario) -> Locations:
    points = {point.id: point.location for point in scenario.access_points}
    places = [*(depot.place for depot in scenario.depots), *(site.place for site in scenario.sites)]
    return {place.id: points[place.access_point] for place in places}


def plan_directions(
    plan: PlanDocument, network: Network, roads_of: RoadsOf, locations: Locations
) -> DirectionsDocument:
    """Steps with their texts for every leg, in the plan's order.

    ``roads_of``: as each vehicle drives them; they say how a leg's seconds, which are the plan's, fall to its steps.
    ``locations``: tell on which side a place lies; it is not said of one that is not among them. Raises ``BadInput`` for
    another network than the plan's.
    """
    require_its_network(plan, network)
    on_road = places_on_road(plan)
    return DirectionsDocument(
        scenario=plan.scenario,
        network=plan.network,
        legs=tuple(
            _leg_directions(route, loop, drive, roads_of(route.vehicle, drive.order), locations)
            for route in plan.routes
            for loop in route.loops
            for drive in _drives(loop, on_road)
        ),
    )


class _Drive(NamedTuple):
    """``number``: 1 for the first stop of a loop; the way back has the one after the last, and the order of the last."""

    number: int
    origin: str
    destination: str
    visit: str | None
    order: str
    leg: LegEntry
    start: LonLat
    end: LonLat


def _drives(loop: LoopEntry, on_road: Mapping[str, LonLat]) -> Iterator[_Drive]:
    here, start, order = loop.depot, on_road[loop.depot], ""
    for number, stop in enumerate(loop.stops, start=1):
        end, name = stands_at(stop), stop.site if stop.gate is None else stop.gate.id
        yield _Drive(number, here, name, stop.visit, stop.order, stop.leg, start, end)
        here, start, order = name, end, stop.order
    back = loop.back
    yield _Drive(len(loop.stops) + 1, here, back.place, None, order, back.leg, start, on_road[back.place])


def _leg_directions(
    route: RouteEntry, loop: LoopEntry, drive: _Drive, roads: Roads, locations: Locations
) -> LegDirectionsEntry:
    return LegDirectionsEntry(
        vehicle=route.vehicle,
        loop=loop.number,
        number=drive.number,
        origin=drive.origin,
        destination=drive.destination,
        visit=drive.visit,
        travel_s=drive.leg.travel_s,
        length_m=drive.leg.length_m,
        steps=tuple(_step_entries(drive.leg, _steps(drive, roads, locations.get(drive.destination)))),
    )


def _steps(drive: _Drive, roads: Roads, location: LonLat | None) -> tuple[Step, ...]:
    if not drive.leg.arcs:
        return ()
    origin, destination = leg_ends(roads.network, drive.leg, drive.start, drive.end)
    leg = Leg(drive.leg.travel_s * 1_000, drive.leg.length_m, drive.leg.arcs)
    return directions(roads, leg, origin, destination, location)


def _step_entries(leg: LegEntry, steps: Sequence[Step]) -> Iterator[StepEntry]:
    seconds = shares(leg.travel_s, [step.ms for step in steps])
    decimetres = shares(round(10 * leg.length_m), [step.length_m for step in steps])
    for step, travel_s, length_dm in zip(steps, seconds, decimetres, strict=True):
        yield StepEntry(
            type=step.type.value,
            modifier=step.modifier,
            name=_bilingual(step.name),
            exit=step.exit,
            rotary=_bilingual(step.rotary),
            junctions=step.junctions,
            lon=round(step.location.lon, 7),
            lat=round(step.location.lat, 7),
            bearing=round(step.bearing, 1),
            length_m=length_dm / 10,
            travel_s=travel_s,
            text=_bilingual(direction_text(step)),
        )


def shares(total: int, parts: Sequence[float]) -> list[int]:
    """A whole number in whole shares, in proportion to the parts as nearly as it adds up; in equal ones if they are 0."""
    sums = list(accumulate(parts if any(parts) else [1] * len(parts)))
    marks = [0, *(round(total * until / sums[-1]) for until in sums)]
    return [after - before for before, after in pairwise(marks)]


def _bilingual(text: Text) -> Bilingual:
    return Bilingual(zh=text.zh, en=text.en)
