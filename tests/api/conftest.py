"""A road square one can reckon by hand, a plan on it, and a scenario that fits.

Edge 0 from A (121.60, 38.90) by a bend to B (121.61, 38.90), edge 1 north to C (121.61, 38.91), edge 2 west to D
(121.60, 38.91), edge 3 south to A; both ways, so that arc 2e runs along edge e and arc 2e + 1 against it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from api.schemas import (
    Bilingual,
    LegEntry,
    LineEntry,
    LoadEntry,
    LocatedEntry,
    LoopEntry,
    NetworkEntry,
    Objective,
    OrderInPlan,
    PlanDocument,
    ReasonEntry,
    ReturnEntry,
    RouteEntry,
    RouteTotals,
    ScenarioDocument,
    ScenarioReference,
    SolverEntry,
    StopEntry,
    Summary,
    UnservedEntry,
)
from geodata.model import Segment
from geodata.network import Network, build_network, line_length_m

ORDER_AT = datetime(2022, 11, 20, 21, 0, tzinfo=timezone(timedelta(hours=8)))
DEPOT, FIRST, SECOND = (121.60, 38.905), (121.61, 38.9025), (121.61, 38.9075)
BEND = (121.605, 38.902)
CORNERS = {"A": (121.60, 38.90), "B": (121.61, 38.90), "C": (121.61, 38.91), "D": (121.60, 38.91)}


def at(seconds: int) -> datetime:
    return ORDER_AT + timedelta(seconds=seconds)


def metres(*points: tuple[float, float]) -> float:
    return line_length_m(np.array(points))


@pytest.fixture
def square() -> Network:
    lines = (
        (1, 2, [CORNERS["A"], BEND, CORNERS["B"]]),
        (2, 3, [CORNERS["B"], CORNERS["C"]]),
        (3, 4, [CORNERS["C"], CORNERS["D"]]),
        (4, 1, [CORNERS["D"], CORNERS["A"]]),
    )
    classes = ("primary", "residential", "residential", "trunk")
    roads = [
        Segment(tail, head, np.array(points), way, {"highway": kind}, {"name": "人民路"})
        for way, ((tail, head, points), kind) in enumerate(zip(lines, classes, strict=True))
    ]
    return build_network(roads, name="square", attribution="© OpenStreetMap contributors")


def stop(site: str, where: tuple[float, float], arrival_s: int, leg: LegEntry, **changes: Any) -> StopEntry:
    values: dict[str, Any] = {
        "visit": f"{site}#1",
        "site": site,
        "part": 1,
        "name": f"{site}号投放点",
        "access_point": site,
        "order": "w1",
        "lon": where[0],
        "lat": where[1],
        "arrival_s": arrival_s,
        "arrival_at": at(arrival_s),
        "start_s": arrival_s,
        "start_at": at(arrival_s),
        "departure_s": arrival_s + 240,
        "departure_at": at(arrival_s + 240),
        "latest_s": 7200,
        "latest_at": at(7200),
        "wait_s": 0,
        "service_s": 240,
        "late_s": 0,
        "reason": None,
        "lines": (LineEntry(kind="base", units=20),),
        "load": LoadEntry(kg=200.0, m3=0.5, crates=20),
        "leg": leg,
    }
    return StopEntry(**(values | changes))


def loop(number: int, departure_s: int, stops: tuple[StopEntry, ...], back: LegEntry) -> LoopEntry:
    arrival_s = stops[-1].departure_s + back.travel_s
    return LoopEntry(
        number=number,
        depot="D1",
        loading_s=departure_s,
        loading_at=at(departure_s),
        departure_s=departure_s,
        departure_at=at(departure_s),
        lines=(LineEntry(kind="base", units=20 * len(stops)),),
        load=LoadEntry(kg=200.0 * len(stops), m3=0.5 * len(stops), crates=20 * len(stops)),
        stops=stops,
        back=ReturnEntry(place="D1", arrival_s=arrival_s, arrival_at=at(arrival_s), leg=back),
    )


@pytest.fixture
def outward() -> LegEntry:
    """Half of edge 3, edge 0, a quarter of edge 1."""
    length_m = metres(DEPOT, CORNERS["A"], BEND, CORNERS["B"], FIRST)
    return LegEntry(travel_s=200, length_m=length_m, arcs=(6, 0, 2))


@pytest.fixture
def small_plan(square: Network, outward: LegEntry) -> PlanDocument:
    """One vehicle, two loops: the second begins at 23:10 and its stop, after midnight, is late. One site unserved."""
    onward = LegEntry(travel_s=60, length_m=metres(FIRST, SECOND), arcs=(2,))
    nowhere = LegEntry(travel_s=0, length_m=0.0, arcs=())
    home = LegEntry(travel_s=150, length_m=metres(SECOND, CORNERS["C"], CORNERS["D"], DEPOT), arcs=(2, 4, 6))
    back = LegEntry(travel_s=200, length_m=outward.length_m, arcs=(3, 1, 7))
    reason = ReasonEntry(
        code="TOO_FAR", message=Bilingual(zh="最快也要三小时", en="three hours at best"), figures={"best_s": 10860}
    )
    first = (
        stop("S1", FIRST, 800, outward),
        stop("S2", SECOND, 1100, onward),
        stop("S3", SECOND, 1340, nowhere, access_point="S2"),
    )
    late = stop("S4", FIRST, 10860, outward, late_s=3660, reason=reason)
    loops = (loop(1, 600, first, home), loop(2, 7800, (late,), back))
    legs = [entry.leg for each in loops for entry in (*each.stops, each.back)]
    totals = RouteTotals(
        stops=4,
        travel_s=sum(leg.travel_s for leg in legs),
        length_m=sum(leg.length_m for leg in legs),
        service_s=960,
        wait_s=0,
        fixed_cost_s=1800,
        cost_s=3570,
        load=LoadEntry(kg=800.0, m3=2.0, crates=80),
        rest_s=0,
        depot_s=0,
        price_s=0,
    )
    route = RouteEntry(vehicle="V1", name="辽B·12345", kind="厢货", loops=loops, rests=(), totals=totals)
    return PlanDocument(
        scenario=ScenarioReference(name="小方块", timezone="Asia/Shanghai", fingerprint="f"),
        network=NetworkEntry(name="square", fingerprint=square.fingerprint, attribution=square.attribution),
        solver=SolverEntry(engine="pyvrp", engine_version="0.14", seed=1, iterations=100, seconds=None),
        orders=(OrderInPlan(id="w1", order_s=0, order_at=ORDER_AT, target_s=7200, round_limit_s=21600),),
        summary=_summary(totals),
        routes=(route,),
        unserved=(_unserved(),),
        located=(LocatedEntry(place="D1", lon=DEPOT[0], lat=DEPOT[1], road="人民路", snap_m=3.0, nearest_m=3.0),),
        warnings=(Bilingual(zh="一处提醒", en="one warning"),),
    )


def _summary(totals: RouteTotals) -> Summary:
    return Summary(
        sites=5,
        sites_served=4,
        visits=5,
        served_in_time=3,
        served_late=1,
        unserved=1,
        latest_start_s=10860,
        vehicles_used=1,
        vehicles=2,
        travel_s=totals.travel_s,
        length_m=totals.length_m,
        load=totals.load,
        objective=Objective(unserved=1, late=1, late_s=3660, cost_s=3570),
        check="passed",
        skipped=("BAY",),
        reproducible=True,
    )


def _unserved() -> UnservedEntry:
    return UnservedEntry(
        visit="S5#1",
        site="S5",
        part=1,
        name="5号投放点",
        order="w1",
        lon=121.606,
        lat=38.906,
        required=True,
        priority=1,
        lines=(LineEntry(kind="base", units=20),),
        load=LoadEntry(kg=200.0, m3=0.5, crates=20),
        reason=ReasonEntry(
            code="NO_CAPACITY_LEFT", message=Bilingual(zh="车辆装不下", en="no vehicle has room"), figures={}
        ),
    )


@pytest.fixture
def renamed(small_plan: PlanDocument) -> Callable[[str], PlanDocument]:
    """The plan with another text as scenario name, vehicle name, and name of the first stop."""

    def rename(text: str) -> PlanDocument:
        route = small_plan.routes[0]
        stops = (route.loops[0].stops[0].model_copy(update={"name": text}), *route.loops[0].stops[1:])
        loops = (route.loops[0].model_copy(update={"stops": stops}), *route.loops[1:])
        route = route.model_copy(update={"name": text, "loops": loops})
        scenario = small_plan.scenario.model_copy(update={"name": text})
        return small_plan.model_copy(update={"scenario": scenario, "routes": (route,)})

    return rename


@pytest.fixture
def small_scenario() -> dict[str, Any]:
    """As JSON would give it."""
    sites = [
        {
            "id": f"S{number}",
            "name": f"S{number}号投放点",
            "lon": 121.61,
            "lat": 38.9 + number / 1000,
            "demand": [demand],
        }
        for number in range(1, 6)
        for demand in [{"kind": "base", "units": 20}]
    ]
    return {
        "name": "小方块",
        "network": "square",
        "orders": [{"id": "w1", "order_at": ORDER_AT.isoformat()}],
        "kinds": [{"id": "base", "name": "基础包", "kg": 10, "m3": 0.025, "crates": 1}],
        "depots": [{"id": "D1", "name": "一号库", "lon": DEPOT[0], "lat": DEPOT[1]}],
        "sites": sites,
        "vehicles": [{"id": "V1", "count": 2, "depot": "D1", "capacity_crates": 60}],
    }


@pytest.fixture
def small_scenario_document(small_scenario: dict[str, Any]) -> ScenarioDocument:
    return ScenarioDocument.model_validate(small_scenario)
