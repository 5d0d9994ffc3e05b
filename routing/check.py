"""The independent judge: every rule of a plan, recomputed from the problem and its travel-time table alone.

Shares no code with any solver. A plan is shown only if ``check_plan`` and ``check_roads`` find nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse.csgraph import dijkstra

from geodata.errors import Text
from geodata.model import Floats, Leg, RoadPosition
from geodata.profile import CLOSED
from geodata.roads import Roads
from geodata.travel_times import NO_WAY_S
from routing.model import (
    Interval,
    Load,
    Loop,
    Place,
    Plan,
    Problem,
    ReasonCode,
    Route,
    Site,
    Stop,
    Vehicle,
    Violation,
    Visit,
)

SKIPPED_WITHOUT_HANDOFFS = ("BAY", "CONTACT", "COLLECT")
"""Rules that say nothing of a plan whose handoffs are not scheduled; its summary names them."""


def check_plan(problem: Problem, plan: Plan, *, explained: bool = True) -> tuple[Violation, ...]:
    """Every violation, empty when the plan is good. ``explained`` False: reasons have not been added yet."""
    book = _Book.of(problem)
    found: list[Violation] = []
    found += _check_demand(book, plan)
    found += _check_fleet(book, plan)
    for route in plan.routes:
        vehicle = book.vehicles.get(route.vehicle)
        if vehicle is not None:
            found += _check_route(book, vehicle, route)
    if explained:
        found += _check_reasons(book, plan)
    found += _check_summary(book, plan)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Book:
    """The problem, looked up by name."""

    problem: Problem
    visits: Mapping[str, Visit]
    sites: Mapping[str, Site]
    vehicles: Mapping[str, Vehicle]

    @classmethod
    def of(cls, problem: Problem) -> _Book:
        everything = [*problem.visits, *(dismissed.visit for dismissed in problem.dismissed)]
        return cls(
            problem=problem,
            visits={visit.id: visit for visit in everything},
            sites={site.place.id: site for site in problem.scenario.sites},
            vehicles={vehicle.id: vehicle for vehicle in problem.scenario.vehicles},
        )


# --- DEMAND -----------------------------------------------------------------------------------------------------


def _check_demand(book: _Book, plan: Plan) -> Iterator[Violation]:
    """Every demanded unit is delivered once, or listed as unserved."""
    yield from _check_parts(book)
    listed = Counter(stop.visit.id for stop in plan.stops())
    listed.update(unserved.visit.id for unserved in plan.unserved)
    for visit in book.visits:
        if listed[visit] != 1:
            zh, en = (
                f"配送任务 {visit} 出现 {listed[visit]} 次，应为 1 次",
                f"is listed {listed[visit]} times, not once",
            )
            yield Violation("DEMAND", Text(zh, f"visit {visit} {en}"), visit=visit)
    for stated in [*(stop.visit for stop in plan.stops()), *(unserved.visit for unserved in plan.unserved)]:
        yield from _check_stated_visit(book, stated)


def _check_stated_visit(book: _Book, stated: Visit) -> Iterator[Violation]:
    posed = book.visits.get(stated.id)
    if posed is None:
        text = Text(f"没有配送任务 {stated.id}", f"there is no visit {stated.id}")
        yield Violation("DEMAND", text, visit=stated.id)
    elif posed != stated:
        text = Text(f"配送任务 {stated.id} 与需求不符", f"visit {stated.id} differs from what was demanded")
        yield Violation("DEMAND", text, visit=stated.id)


def _check_parts(book: _Book) -> Iterator[Violation]:
    """The parts of a site's demand add up to the demand."""
    posed: Counter[tuple[str, str, str]] = Counter()
    for visit in book.visits.values():
        for line in visit.lines:
            posed[visit.site, visit.order.id, line.kind] += line.units
    wanted: Counter[tuple[str, str, str]] = Counter()
    for site in book.sites.values():
        for demand in site.demands:
            for line in demand.lines:
                wanted[site.place.id, demand.order, line.kind] += line.units
    for key in sorted((wanted - posed) + (posed - wanted)):
        site_id, order, kind = key
        zh = f"点位 {site_id} 批次 {order} 的“{kind}”需求 {wanted[key]}，各任务合计 {posed[key]}"
        en = f"site {site_id} wants {wanted[key]} of {kind} by order {order}; its visits hold {posed[key]}"
        yield Violation("DEMAND", Text(zh, en), subject=site_id)


# --- SHIFT, DEPOT, CAPACITY, ROAD, TARGET, WINDOW ---------------------------------------------------------------


def _check_fleet(book: _Book, plan: Plan) -> Iterator[Violation]:
    """Nobody is in two places: a vehicle has one route, and it exists."""
    for vehicle, routes in Counter(route.vehicle for route in plan.routes).items():
        if vehicle not in book.vehicles:
            yield Violation("SHIFT", Text(f"没有车辆 {vehicle}", f"there is no vehicle {vehicle}"), vehicle=vehicle)
        elif routes > 1:
            text = Text(f"车辆 {vehicle} 有 {routes} 条线路", f"vehicle {vehicle} has {routes} routes")
            yield Violation("SHIFT", text, vehicle=vehicle)


def _check_route(book: _Book, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    if len(route.loops) != 1:
        text = Text("一辆车在计划中恰有一趟", f"a vehicle has one loop, not {len(route.loops)}")
        yield Violation("SHIFT", text, vehicle=vehicle.id)
    for loop in route.loops:
        yield from _check_depot(book, vehicle, loop)
        yield from _check_capacity(vehicle, loop)
        yield from _check_shift(vehicle, loop)
        yield from _check_drives(book, vehicle, loop)
        for stop in loop.stops:
            yield from _check_stop(book, vehicle, loop, stop)
    yield from _check_route_totals(vehicle, route)


def _check_depot(book: _Book, vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    if loop.depot != vehicle.start:
        text = Text(f"从 {loop.depot} 装货，应从 {vehicle.start}", f"loads at {loop.depot}, belongs at {vehicle.start}")
        yield Violation("DEPOT", text, vehicle=vehicle.id, subject=loop.depot)
    if loop.end != vehicle.end:
        text = Text(f"收车于 {loop.end}，应于 {vehicle.end}", f"ends at {loop.end}, must end at {vehicle.end}")
        yield Violation("DEPOT", text, vehicle=vehicle.id, subject=loop.end)
    depot = book.problem.depots.get(loop.depot)
    if depot is not None and depot.opening is not None and not _inside(depot.opening, loop.departure_s):
        text = Text(
            f"{loop.departure_s} 秒出车时储备库 {loop.depot} 未开放",
            f"leaves at {loop.departure_s} s while depot {loop.depot} is closed",
        )
        yield Violation("DEPOT", text, vehicle=vehicle.id, subject=loop.depot)


def _check_capacity(vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    for axis, unit in enumerate(Load._fields):
        carried = sum(stop.visit.load[axis] for stop in loop.stops)
        if carried > vehicle.capacity[axis]:
            zh = f"装载 {carried} {unit}，超过 {vehicle.capacity[axis]}"
            en = f"carries {carried} {unit}, holds {vehicle.capacity[axis]}"
            yield Violation("CAPACITY", Text(zh, en), vehicle=vehicle.id, subject=unit)


def _check_shift(vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    shift = vehicle.shift
    if loop.departure_s < shift.open_s or loop.back_s > shift.close_s:
        zh = f"{loop.departure_s} 至 {loop.back_s} 秒在外，班次为 {shift.open_s} 至 {shift.close_s} 秒"
        en = f"is out from {loop.departure_s} to {loop.back_s} s; its shift is {shift.open_s} to {shift.close_s} s"
        yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id)
    for stop in loop.stops:
        if stop.start_s < stop.arrival_s or stop.departure_s != stop.start_s + stop.visit.service_s:
            zh = f"到达 {stop.arrival_s}、开始 {stop.start_s}、离开 {stop.departure_s} 秒与卸货 {stop.visit.service_s} 秒不符"
            en = (
                f"arrival {stop.arrival_s}, start {stop.start_s} and departure {stop.departure_s} s"
                f" do not fit {stop.visit.service_s} s of service"
            )
            yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)


def _check_drives(book: _Book, vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    """Each leg takes what the travel-time table says, and starts when the stop before it ends."""
    row, now_s = _row(book, loop.depot), loop.departure_s
    for stop in loop.stops:
        table_s = _table_s(book, row, stop.visit.row)
        if stop.travel_s != table_s or stop.arrival_s != now_s + table_s:
            yield _wrong_drive(vehicle, stop.visit.id, now_s, stop.arrival_s, stop.travel_s, table_s)
        row, now_s = stop.visit.row, stop.departure_s
    table_s = _table_s(book, row, _row(book, loop.end))
    if loop.back_travel_s != table_s or loop.back_s != now_s + table_s:
        yield _wrong_drive(vehicle, "", now_s, loop.back_s, loop.back_travel_s, table_s)


def _row(book: _Book, depot: str) -> int:
    return book.problem.depot_row(depot) if depot in book.problem.depots else -1


def _table_s(book: _Book, origin: int, destination: int) -> int:
    if min(origin, destination) < 0:
        return NO_WAY_S
    return int(book.problem.travel_s[origin, destination])


def _wrong_drive(vehicle: Vehicle, visit: str, from_s: int, to_s: int, stated_s: int, table_s: int) -> Violation:
    zh = f"{from_s} 秒出发、{to_s} 秒到达、写明行驶 {stated_s} 秒；路网为 {table_s} 秒"
    en = f"leaves at {from_s} s, arrives at {to_s} s, states {stated_s} s of driving; the roads need {table_s} s"
    return Violation("ROAD", Text(zh, en), vehicle=vehicle.id, visit=visit)


def _check_stop(book: _Book, vehicle: Vehicle, loop: Loop, stop: Stop) -> Iterator[Violation]:
    yield from _check_target(book, vehicle, loop, stop)
    site = book.sites.get(stop.visit.site)
    if site is None or site.receiving is None:
        return
    until_s = stop.visit.service_s if site.finish_by_close else 0
    if not any(hours.open_s <= stop.start_s and stop.start_s + until_s <= hours.close_s for hours in site.receiving):
        zh, en = f"{stop.start_s} 秒不在接收时间内", f"begins at {stop.start_s} s, outside the receiving hours"
        yield Violation("WINDOW", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)


def _check_target(book: _Book, vehicle: Vehicle, loop: Loop, stop: Stop) -> Iterator[Violation]:
    order = stop.visit.order
    after_s = stop.start_s - order.order_s
    if after_s > order.round_limit_s or after_s < 0:
        zh = f"指令后 {after_s} 秒开始，应在 0 至 {order.round_limit_s} 秒内"
        en = f"begins {after_s} s after its order; the round lasts {order.round_limit_s} s"
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)
    elif after_s > order.target_s and book.problem.scenario.policy.after_target == "leave_out":
        zh = f"指令后 {after_s} 秒开始，超过时限 {order.target_s} 秒"
        en = f"begins {after_s} s after its order, later than the target of {order.target_s} s"
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)
    if loop.departure_s < order.order_s:
        zh = f"{loop.departure_s} 秒出车,早于 {order.order_s} 秒的调配指令"
        en = f"its vehicle left at {loop.departure_s} s, before the order of {order.order_s} s was given"
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)


def _inside(intervals: tuple[Interval, ...], instant_s: int) -> bool:
    return any(interval.open_s <= instant_s <= interval.close_s for interval in intervals)


# --- reasons ----------------------------------------------------------------------------------------------------


def _check_reasons(book: _Book, plan: Plan) -> Iterator[Violation]:
    """Late and unserved visits carry the first reason that holds; stops in time carry none."""
    for stop in plan.stops():
        if (stop.reason is None) != (stop.start_s <= stop.visit.order.deadline_s):
            zh, en = "迟到的停靠须有原因,准时的没有", "a late stop carries a reason, a stop in time none"
            yield Violation("TARGET", Text(zh, en), visit=stop.visit.id)
        elif stop.reason is not None:
            yield from _check_reason(book, "TARGET", stop.visit, stop.reason.code)
    for unserved in plan.unserved:
        if unserved.reason is None:
            text = Text("未送达的任务须有原因", "an unserved visit carries a reason")
            yield Violation("DEMAND", text, visit=unserved.visit.id)
        else:
            yield from _check_reason(book, "DEMAND", unserved.visit, unserved.reason.code)


def _check_reason(book: _Book, rule: str, visit: Visit, stated: ReasonCode) -> Iterator[Violation]:
    if visit.id not in book.visits:
        return
    found = _reason_code(book, book.visits[visit.id])
    if stated is not found:
        text = Text(f"原因 {stated} 不成立,应为 {found}", f"the reason {stated} does not hold; {found} does")
        yield Violation(rule, text, visit=visit.id)


def _reason_code(book: _Book, visit: Visit) -> ReasonCode:
    """The first reason that holds: the visit alone, by every vehicle there is."""
    vehicles = book.vehicles.values()
    kinds = {kind.id: kind for kind in book.problem.scenario.kinds}
    units = [kinds[line.kind].load(1) for line in visit.lines]
    if _unreachable(book, visit):
        return ReasonCode.UNREACHABLE
    if not any(_holds(vehicle, unit) for vehicle in vehicles for unit in units):
        return ReasonCode.TOO_BIG
    receiving = book.sites[visit.site].receiving
    if not any(_in_time_alone(book, vehicle, visit, None) for vehicle in vehicles):
        return ReasonCode.TOO_FAR
    if not any(_in_time_alone(book, vehicle, visit, receiving) for vehicle in vehicles):
        return ReasonCode.WINDOW_MISSED
    return ReasonCode.NO_CAPACITY_LEFT


def _holds(vehicle: Vehicle, load: Load) -> bool:
    return all(amount <= limit for amount, limit in zip(load, vehicle.capacity, strict=True))


def _in_time_alone(book: _Book, vehicle: Vehicle, visit: Visit, hours: tuple[Interval, ...] | None) -> bool:
    """Leave as soon as shift, depot and order allow, drive there, wait for the hours, and be back within the shift."""
    order, site = visit.order, book.sites[visit.site]
    opening = book.problem.depots[vehicle.start].opening
    departure_s = _soonest(opening, max(vehicle.shift.open_s, order.order_s), 0)
    arrival_s = departure_s + _table_s(book, _row(book, vehicle.start), visit.row)
    start_s = _soonest(hours, arrival_s, visit.service_s if site.finish_by_close else 0)
    back_s = start_s + visit.service_s + _table_s(book, visit.row, _row(book, vehicle.end))
    in_time = start_s <= min(order.deadline_s, order.limit_s)
    return _holds(vehicle, visit.load) and in_time and back_s <= vehicle.shift.close_s


def _soonest(hours: tuple[Interval, ...] | None, instant_s: int, lasting_s: int) -> int:
    """The first instant from the given one on in the hours, with so much of them left."""
    if hours is None:
        return instant_s
    starts = (max(instant_s, opens_s) for opens_s, closes_s in hours if max(instant_s, opens_s) + lasting_s <= closes_s)
    return min(starts, default=NO_WAY_S)


def _unreachable(book: _Book, visit: Visit) -> bool:
    return not any(
        max(_table_s(book, _row(book, vehicle.start), visit.row), _table_s(book, visit.row, _row(book, vehicle.end)))
        < NO_WAY_S
        for vehicle in book.vehicles.values()
    )


# --- TOTALS -----------------------------------------------------------------------------------------------------


def _check_route_totals(vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    stops = [stop for loop in route.loops for stop in loop.stops]
    legs = [stop.leg for stop in stops] + [loop.back_leg for loop in route.loops]
    away_s = sum(loop.back_s - loop.departure_s for loop in route.loops)
    expected = {
        "stops": len(stops),
        "travel_s": sum(stop.travel_s for stop in stops) + sum(loop.back_travel_s for loop in route.loops),
        "length_m": round(sum(leg.length_m for leg in legs if leg is not None), 1),
        "service_s": sum(stop.departure_s - stop.start_s for stop in stops),
        "wait_s": sum(stop.start_s - stop.arrival_s for stop in stops),
        "fixed_cost_s": vehicle.fixed_cost_s,
        "cost_s": away_s + vehicle.fixed_cost_s,
        "load": _carried(stops),
    }
    yield from _compare_totals(expected, route.totals._asdict(), vehicle=vehicle.id)


def _carried(stops: list[Stop]) -> Load:
    return Load(*(sum(stop.visit.load[axis] for stop in stops) for axis in range(3)))


def _check_summary(book: _Book, plan: Plan) -> Iterator[Violation]:
    stops = list(plan.stops())
    late = [stop for stop in stops if stop.start_s > stop.visit.order.deadline_s]
    in_time = [stop for stop in stops if stop.start_s <= stop.visit.order.deadline_s]
    parts = Counter(visit.site for visit in book.visits.values())
    served = Counter(stop.visit.site for stop in stops)
    expected: dict[str, object] = {
        "sites": len(parts),
        "sites_served": sum(1 for site in parts if served[site] == parts[site]),
        "visits": len(book.visits),
        "served_in_time": len(in_time),
        "served_late": len(late),
        "unserved": len(plan.unserved),
        "latest_start_s": max((stop.start_s - stop.visit.order.order_s for stop in in_time), default=None),
        "vehicles_used": len({route.vehicle for route in plan.routes}),
        "vehicles": len(book.vehicles),
        "travel_s": sum(route.totals.travel_s for route in plan.routes),
        "length_m": round(sum(route.totals.length_m for route in plan.routes), 1),
        "load": _carried(stops),
    }
    stated = {name: getattr(plan.summary, name) for name in expected}
    yield from _compare_totals(expected, stated)
    yield from _compare_totals(_objective(book, plan, late), plan.summary.objective._asdict())


def _objective(book: _Book, plan: Plan, late: list[Stop]) -> dict[str, object]:
    policy = book.problem.scenario.policy
    out_s = sum(loop.back_s - loop.departure_s for route in plan.routes for loop in route.loops)
    fixed_s = sum(book.vehicles[route.vehicle].fixed_cost_s for route in plan.routes if route.vehicle in book.vehicles)
    left = [unserved.visit.priority for unserved in plan.unserved]
    price_s = sum(policy.prices[priority] for priority in left) if policy.objective == "prices" else 0
    return {
        "unserved": len(plan.unserved),
        "late": len(late),
        "late_s": sum(stop.start_s - stop.visit.order.order_s - stop.visit.order.target_s for stop in late),
        "cost_s": out_s + fixed_s + price_s,
    }


def _compare_totals(
    expected: Mapping[str, object], stated: Mapping[str, object], *, vehicle: str = ""
) -> Iterator[Violation]:
    for name, value in expected.items():
        if stated[name] != value:
            zh, en = (
                f"{name} 写明 {stated[name]}，合计为 {value}",
                f"{name} is stated as {stated[name]}, adds up to {value}",
            )
            yield Violation("TOTALS", Text(zh, en), vehicle=vehicle, subject=name)


ROUNDED_M = 0.0501
"""Stated metres are rounded to one decimal."""


# --- ROAD, arc by arc -------------------------------------------------------------------------------------------


def check_roads(roads: Roads, problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Re-sum the arcs of every leg under the roads in force, and compare with Dijkstra's search."""
    depots = {depot.place.id: _position(problem, depot.place) for depot in problem.scenario.depots}
    sites = {site.place.id: _position(problem, site.place) for site in problem.scenario.sites}
    legs = [
        leg for route in plan.routes for loop in route.loops for leg in _legs_of(depots, sites, route.vehicle, loop)
    ]
    found = [violation for leg in legs for violation in _check_leg(roads, leg)]
    return (*found, *_compare_with_search(roads, [leg for leg in legs if leg.origin and leg.destination]))


@dataclass(frozen=True, slots=True)
class _DrivenLeg:
    vehicle: str
    visit: str
    origin: RoadPosition | None
    destination: RoadPosition | None
    travel_s: int
    leg: Leg | None


def _position(problem: Problem, place: Place) -> RoadPosition | None:
    return problem.located.by_access_point[place.access_point].position


_Positions = Mapping[str, RoadPosition | None]


def _legs_of(depots: _Positions, sites: _Positions, vehicle: str, loop: Loop) -> Iterator[_DrivenLeg]:
    places = [depots.get(loop.depot), *(sites.get(stop.visit.site) for stop in loop.stops), depots.get(loop.end)]
    drives = [(stop.visit.id, stop.travel_s, stop.leg) for stop in loop.stops]
    drives += [("", loop.back_travel_s, loop.back_leg)]
    for (origin, destination), (visit, travel_s, leg) in zip(pairwise(places), drives, strict=True):
        yield _DrivenLeg(vehicle, visit, origin, destination, travel_s, leg)


def _check_leg(roads: Roads, driven: _DrivenLeg) -> Iterator[Violation]:
    def violation(zh: str, en: str) -> Violation:
        return Violation("ROAD", Text(zh, en), vehicle=driven.vehicle, visit=driven.visit)

    leg, origin, destination = driven.leg, driven.origin, driven.destination
    if leg is None or not leg.arcs or origin is None or destination is None:
        yield violation("没有写明行车路径", "does not say which way is driven")
        return
    if not all(0 <= arc < roads.network.arcs for arc in leg.arcs):
        yield violation("路径包含路网中没有的路段", "drives an arc the network does not have")
        return
    closed = [arc for arc in leg.arcs if roads.ms[arc] >= CLOSED]
    if closed:
        yield violation(f"经过不可通行的路段 {closed[0]}", f"drives arc {closed[0]}, which is closed")
        return
    if not _is_connected(roads, leg.arcs, origin, destination):
        yield violation("路径不连续或起止不符", "its arcs do not lead from the one place to the other")
        return
    ms, metres = _sum_of_arcs(roads, leg.arcs, origin, destination)
    if -(-ms // 1000) != driven.travel_s or abs(metres - leg.length_m) > ROUNDED_M:
        yield violation(
            f"写明 {driven.travel_s} 秒、{leg.length_m:.1f} 米；按路段合计 {ms / 1000:.3f} 秒、{metres:.1f} 米",
            f"states {driven.travel_s} s and {leg.length_m:.1f} m; its arcs add up to {ms / 1000:.3f} s, {metres:.1f} m",
        )


def _is_connected(roads: Roads, arcs: tuple[int, ...], origin: RoadPosition, destination: RoadPosition) -> bool:
    network = roads.network
    ends_fit = network.arc_edge[arcs[0]] == origin.edge and network.arc_edge[arcs[-1]] == destination.edge
    return bool(ends_fit) and all(network.head[arc] == network.tail[following] for arc, following in pairwise(arcs))


def _sum_of_arcs(
    roads: Roads, arcs: tuple[int, ...], origin: RoadPosition, destination: RoadPosition
) -> tuple[int, float]:
    """All arcs whole, less what lies before the origin on the first and behind the destination on the last."""
    network = roads.network
    lengths = [float(network.edge_length_m[network.arc_edge[arc]]) for arc in arcs]
    ms = sum(int(roads.ms[arc]) for arc in arcs)
    ms -= roads.ms_behind(arcs[0], origin) + roads.ms_ahead(arcs[-1], destination)
    before = origin.fraction if network.arc_forward[arcs[0]] else 1 - origin.fraction
    after = 1 - destination.fraction if network.arc_forward[arcs[-1]] else destination.fraction
    return ms, sum(lengths) - before * lengths[0] - after * lengths[-1]


def _compare_with_search(roads: Roads, legs: list[_DrivenLeg]) -> Iterator[Violation]:
    by_origin: dict[RoadPosition, list[_DrivenLeg]] = {}
    for leg in legs:
        if leg.origin is not None:
            by_origin.setdefault(leg.origin, []).append(leg)
    for origin, driven in by_origin.items():
        yield from _compare_from(roads, origin, driven)


def _compare_from(roads: Roads, origin: RoadPosition, driven: list[_DrivenLeg]) -> Iterator[Violation]:
    """One search from a place, no farther than the longest drive stated from it."""
    to_node_ms = _search(roads, origin, limit_ms=1000 * max(leg.travel_s for leg in driven))
    for leg in driven:
        if leg.destination is None:
            continue
        search_s = math.ceil(_shortest_ms(roads, to_node_ms, origin, leg.destination) / 1000)
        if leg.travel_s != search_s:
            found = f"{search_s} s" if search_s < NO_WAY_S else "no way as short"
            zh, en = f"行驶 {leg.travel_s} 秒，独立搜索得 {found}", f"drives {leg.travel_s} s; a search finds {found}"
            yield Violation("ROAD", Text(zh, en), vehicle=leg.vehicle, visit=leg.visit)


def _search(roads: Roads, origin: RoadPosition, *, limit_ms: int) -> Floats:
    """[n] milliseconds from a position to each node by Dijkstra's algorithm, infinite beyond the limit."""
    best = np.full(roads.network.nodes, np.inf)
    for arc in roads.open_arcs_of(origin.edge):
        ahead_ms = roads.ms_ahead(arc, origin)
        if ahead_ms <= limit_ms:
            from_head = dijkstra(roads.graph, indices=[int(roads.network.head[arc])], limit=float(limit_ms - ahead_ms))
            best = np.minimum(best, from_head[0] + ahead_ms)
    return best


def _shortest_ms(roads: Roads, to_node_ms: Floats, origin: RoadPosition, destination: RoadPosition) -> float:
    """To the end of the destination's edge and on along it, or along the shared edge where both lie on one."""
    ways = [1000.0 * NO_WAY_S]
    for arc in roads.open_arcs_of(destination.edge):
        behind_ms = roads.ms_behind(arc, destination)
        ways.append(min(to_node_ms[roads.network.tail[arc]] + behind_ms, ways[0]))
        if origin.edge == destination.edge and _is_ahead(roads, arc, origin, destination):
            ways.append(behind_ms - roads.ms_behind(arc, origin))
    return float(min(ways))


def _is_ahead(roads: Roads, arc: int, origin: RoadPosition, destination: RoadPosition) -> bool:
    if roads.network.arc_forward[arc]:
        return destination.fraction >= origin.fraction
    return destination.fraction <= origin.fraction
