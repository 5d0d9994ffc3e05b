"""The independent judge: every rule of a plan, recomputed from the problem and its travel-time table alone.

Shares no code with any solver. A plan is shown only if ``check_plan`` and ``check_roads.check_roads`` find nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from geodata.errors import Text
from geodata.travel_times import NO_WAY_S
from routing.check_book import Book, may_come
from routing.check_reasons import check_reasons
from routing.model import (
    Break,
    Depot,
    Interval,
    Load,
    Loop,
    Plan,
    Problem,
    Rest,
    Route,
    Stop,
    Vehicle,
    Violation,
    Visit,
    ZoneLevel,
)

SKIPPED_WITHOUT_HANDOFFS = ("BAY", "CONTACT", "COLLECT")
"""Rules that say nothing of a plan whose handoffs are not scheduled; its summary names them."""


def check_plan(problem: Problem, plan: Plan, *, explained: bool = True) -> tuple[Violation, ...]:
    """Every violation, empty when the plan is good. ``explained`` False: reasons have not been added yet."""
    book = Book.of(problem)
    found: list[Violation] = []
    found += _check_demand(book, plan)
    found += _check_fleet(book, plan)
    for route in plan.routes:
        vehicle = book.vehicles.get(route.vehicle)
        if vehicle is not None:
            found += _check_route(book, vehicle, route)
    found += _check_shared(book, plan)
    if explained:
        found += check_reasons(book, plan, {stop.visit.id for stop, _ in _late(book, plan)})
    found += _check_summary(book, plan)
    return tuple(found)


# --- DEMAND -----------------------------------------------------------------------------------------------------


def _check_demand(book: Book, plan: Plan) -> Iterator[Violation]:
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


def _check_stated_visit(book: Book, stated: Visit) -> Iterator[Violation]:
    posed = book.visits.get(stated.id)
    if posed is None:
        text = Text(f"没有配送任务 {stated.id}", f"there is no visit {stated.id}")
        yield Violation("DEMAND", text, visit=stated.id)
    elif posed != stated:
        text = Text(f"配送任务 {stated.id} 与需求不符", f"visit {stated.id} differs from what was demanded")
        yield Violation("DEMAND", text, visit=stated.id)


def _check_parts(book: Book) -> Iterator[Violation]:
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


def _check_fleet(book: Book, plan: Plan) -> Iterator[Violation]:
    """Nobody is in two places: a vehicle has one route, and it exists."""
    for vehicle, routes in Counter(route.vehicle for route in plan.routes).items():
        if vehicle not in book.vehicles:
            yield Violation("SHIFT", Text(f"没有车辆 {vehicle}", f"there is no vehicle {vehicle}"), vehicle=vehicle)
        elif routes > 1:
            text = Text(f"车辆 {vehicle} 有 {routes} 条线路", f"vehicle {vehicle} has {routes} routes")
            yield Violation("SHIFT", text, vehicle=vehicle)


def _check_route(book: Book, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    yield from _check_loops(book, vehicle, route)
    yield from _check_breaks(vehicle, route)
    yield from _check_rests(vehicle, route)
    for loop in route.loops:
        yield from _check_loading(book, vehicle, loop)
        yield from _check_capacity(vehicle, loop)
        yield from _check_shift(vehicle, loop)
        yield from _check_drives(book, vehicle, loop, route.rests)
        yield from _check_company(book, vehicle, loop)
        for stop in loop.stops:
            yield from _check_stop(book, vehicle, loop, stop)
    yield from _check_route_totals(book, vehicle, route)


def _check_loops(book: Book, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    """How many, where each loads and ends, and the time between them."""
    if not 1 <= len(route.loops) <= vehicle.max_loops:
        zh, en = (
            f"有 {len(route.loops)} 趟，最多 {vehicle.max_loops} 趟",
            f"makes {len(route.loops)} loops of {vehicle.max_loops}",
        )
        yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id)
    for number, loop in enumerate(route.loops):
        loads_at = (vehicle.start,) if number == 0 else vehicle.reload_at
        if loop.depot not in loads_at:
            text = Text(f"不能在 {loop.depot} 装货", f"must not load at {loop.depot}, only at {', '.join(loads_at)}")
            yield Violation("DEPOT", text, vehicle=vehicle.id, subject=loop.depot)
        ends_at = vehicle.end if number == len(route.loops) - 1 else route.loops[number + 1].depot
        if loop.end != ends_at:
            text = Text(f"回到 {loop.end}，应回 {ends_at}", f"ends at {loop.end}, must end at {ends_at}")
            yield Violation("DEPOT", text, vehicle=vehicle.id, subject=loop.end)
    for stop in route.loops[0].stops if route.loops else ():
        if book.level(vehicle, stop.visit) < vehicle.been:
            text = Text("由高风险到低风险", "the vehicle has been where the risk is higher, and is still on that loop")
            yield Violation("RISK", text, vehicle=vehicle.id, visit=stop.visit.id)
    for before, after in pairwise(route.loops):
        sealed = any(book.level(vehicle, stop.visit) is ZoneLevel.SEALED for stop in before.stops)
        gap_s = book.problem.scenario.policy.disinfection_s if sealed else 0
        if after.loading_from_s < before.back_s + gap_s:
            rule = "RISK" if sealed and after.loading_from_s >= before.back_s else "SHIFT"
            zh = f"{before.back_s} 秒返回、{after.loading_from_s} 秒装货，间隔应有 {gap_s} 秒"
            en = f"is back at {before.back_s} s and loads at {after.loading_from_s} s; {gap_s} s must lie between"
            yield Violation(rule, Text(zh, en), vehicle=vehicle.id)
    yield from _check_longest(book, vehicle, route)


def _check_longest(book: Book, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    longest_s = book.problem.scenario.policy.longest_route_s
    if longest_s is None or not route.loops:
        return
    out_s = route.loops[-1].back_s - route.loops[0].departure_s
    if out_s > longest_s:
        text = Text(
            f"在外 {out_s} 秒，上限 {longest_s} 秒", f"is out for {out_s} s; the longest route is {longest_s} s"
        )
        yield Violation("SHIFT", text, vehicle=vehicle.id)


def _check_breaks(vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    """Each break is taken within its window, unless it was over before leaving or can still come after the return."""
    if not route.loops:
        return
    out = Interval(route.loops[0].departure_s, route.loops[-1].back_s)
    due = [
        rest
        for rest in vehicle.breaks
        if out.open_s < rest.window.open_s + rest.duration_s and out.close_s > rest.window.close_s
    ]
    for window, duration_s in _not_taken(due, route.rests):
        zh = f"{window.open_s} 至 {window.close_s} 秒之间未休息 {duration_s} 秒"
        en = f"takes no rest of {duration_s} s begun between {window.open_s} and {window.close_s} s"
        yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id)


def _not_taken(due: Sequence[Break], rests: Sequence[Rest]) -> list[Break]:
    """The breaks that no rest is left for, when each takes one of its own, in the way that leaves the fewest."""
    if not due:
        return []
    first, others = due[0], due[1:]
    fitting = [rest for rest in rests if first.window.holds(rest.start_s) and rest.duration_s >= first.duration_s]
    ways = [_not_taken(others, [other for other in rests if other is not rest]) for rest in fitting]
    return min([*ways, [first, *_not_taken(others, rests)]], key=len)


def _check_rests(vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    """Nobody rests while driving, unloading, loading for the next loop or resting already."""
    pauses = [pause for loop in route.loops for pause in _pauses(loop)]
    ordered = sorted(route.rests)
    for number, rest in enumerate(ordered):
        end_s = rest.start_s + rest.duration_s
        twice = number + 1 < len(ordered) and ordered[number + 1].start_s < end_s
        if (
            twice
            or rest.duration_s < 0
            or not any(pause.holds(rest.start_s) and pause.holds(end_s) for pause in pauses)
        ):
            zh = f"{rest.start_s} 至 {end_s} 秒的休息与行车、卸货、装货或另一次休息重叠"
            en = f"the rest from {rest.start_s} to {end_s} s falls into driving, unloading, loading or another rest"
            yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id)


def _pauses(loop: Loop) -> Iterator[Interval]:
    """When the vehicle of a loop stands idle: before it drives on, and before it unloads."""
    free_s = loop.departure_s
    for stop in loop.stops:
        yield Interval(free_s, stop.arrival_s - stop.travel_s)
        yield Interval(stop.arrival_s, stop.start_s)
        free_s = stop.departure_s
    yield Interval(free_s, loop.back_s - loop.back_travel_s)


def _check_loading(book: Book, vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    """Loading takes its time, with the depot open."""
    depot = book.problem.depots.get(loop.depot)
    if depot is None:
        return
    crates = sum(stop.visit.load.crates for stop in loop.stops)
    loading_s = depot.loading_s + round(depot.loading_per_crate_s * crates)
    if loop.departure_s - loop.loading_from_s != loading_s:
        zh = f"{loop.loading_from_s} 秒装货、{loop.departure_s} 秒出车，装车需 {loading_s} 秒"
        en = f"loads at {loop.loading_from_s} s and leaves at {loop.departure_s} s; loading takes {loading_s} s"
        yield Violation("DEPOT", Text(zh, en), vehicle=vehicle.id, subject=loop.depot)
    opening = (Interval(-NO_WAY_S, NO_WAY_S),) if depot.opening is None else depot.opening
    if not any(hours.holds(loop.loading_from_s) and hours.holds(loop.departure_s) for hours in opening):
        text = Text(
            f"{loop.loading_from_s} 至 {loop.departure_s} 秒装车时储备库 {loop.depot} 未开放",
            f"loads from {loop.loading_from_s} to {loop.departure_s} s while depot {loop.depot} is closed",
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
    if loop.loading_from_s < shift.open_s or loop.back_s > shift.close_s:
        zh = f"{loop.loading_from_s} 至 {loop.back_s} 秒在外，班次为 {shift.open_s} 至 {shift.close_s} 秒"
        en = f"is out from {loop.loading_from_s} to {loop.back_s} s; its shift is {shift.open_s} to {shift.close_s} s"
        yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id)
    for stop in loop.stops:
        if stop.start_s < stop.arrival_s or stop.departure_s != stop.start_s + stop.visit.service_s:
            zh = f"到达 {stop.arrival_s}、开始 {stop.start_s}、离开 {stop.departure_s} 秒与卸货 {stop.visit.service_s} 秒不符"
            en = (
                f"arrival {stop.arrival_s}, start {stop.start_s} and departure {stop.departure_s} s"
                f" do not fit {stop.visit.service_s} s of service"
            )
            yield Violation("SHIFT", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)


def _check_drives(book: Book, vehicle: Vehicle, loop: Loop, rests: tuple[Rest, ...]) -> Iterator[Violation]:
    """Each leg takes what the travel-time table says, that of the hour in which it begins where hours differ.

    It starts when the stop before it, and a rest after it, ends.
    """
    row, now_s = book.row(loop.depot), loop.departure_s
    for stop in loop.stops:
        left_s = _rested(rests, now_s, stop.arrival_s)
        table_s = book.driven_s(vehicle, row, stop.visit.row, left_s)
        if stop.travel_s != table_s or stop.arrival_s != left_s + table_s:
            yield _wrong_drive(vehicle, stop.visit.id, left_s, stop.arrival_s, stop.travel_s, table_s)
        row, now_s = stop.visit.row, stop.departure_s
    left_s = _rested(rests, now_s, loop.back_s)
    table_s = book.driven_s(vehicle, row, book.row(loop.end), left_s)
    if loop.back_travel_s != table_s or loop.back_s != left_s + table_s:
        yield _wrong_drive(vehicle, "", left_s, loop.back_s, loop.back_travel_s, table_s)


def _rested(rests: tuple[Rest, ...], free_s: int, until_s: int) -> int:
    """When the vehicle drives on: rests that begin from when it is free until it arrives come first."""
    return max((rest.start_s + rest.duration_s for rest in rests if free_s <= rest.start_s < until_s), default=free_s)


def _check_company(book: Book, vehicle: Vehicle, loop: Loop) -> Iterator[Violation]:
    """SEPARATE, RISK and ZONE: what rides together, in which order, and whether the vehicle may come at all."""
    kinds = {line.kind: stop.visit.id for stop in loop.stops for line in stop.visit.lines}
    for kind in book.problem.scenario.kinds:
        for other in sorted(kind.apart & kinds.keys()) if kind.id in kinds else ():
            text = Text(f"“{kind.id}”与“{other}”不得同车", f"{kind.id} and {other} must not share a loop")
            yield Violation("SEPARATE", text, vehicle=vehicle.id, visit=kinds[kind.id], subject=other)
    for before, after in pairwise(loop.stops):
        if book.level(vehicle, before.visit) > book.level(vehicle, after.visit):
            text = Text("由高风险到低风险", f"comes from {before.visit.id}, where the risk is higher")
            yield Violation("RISK", text, vehicle=vehicle.id, visit=after.visit.id)
    for stop in loop.stops:
        site = book.sites.get(stop.visit.site)
        if site is not None and not may_come(site, vehicle):
            text = Text(
                "该车不得前往（通行证、车型或指定车辆）", "the vehicle may not come: pass, size or named vehicles"
            )
            yield Violation("ZONE", text, vehicle=vehicle.id, visit=stop.visit.id)


def _check_shared(book: Book, plan: Plan) -> Iterator[Violation]:
    """Stock and loading bays of depots, and sites' caps on vehicles."""
    loops = [(route.vehicle, loop) for route in plan.routes for loop in route.loops]
    yield from _check_stock(book, [loop for _, loop in loops])
    for depot in book.problem.scenario.depots:
        if depot.bays is not None:
            yield from _check_bays(depot, [loop for _, loop in loops if loop.depot == depot.place.id])
    coming: dict[str, set[str]] = {}
    for vehicle, loop in loops:
        for stop in loop.stops:
            coming.setdefault(stop.visit.site, set()).add(vehicle)
    for name, vehicles in coming.items():
        most = book.sites[name].most_vehicles if name in book.sites else None
        if most is not None and len(vehicles) > most:
            text = Text(
                f"有 {len(vehicles)} 辆车前往，最多 {most} 辆", f"{len(vehicles)} vehicles come, at most {most} may"
            )
            yield Violation("ZONE", text, subject=name)


def _check_stock(book: Book, loops: list[Loop]) -> Iterator[Violation]:
    sent: Counter[tuple[str, str]] = Counter()
    for loop in loops:
        for stop in loop.stops:
            for line in stop.visit.lines:
                sent[loop.depot, line.kind] += line.units
    for depot in book.problem.scenario.depots:
        for kind, units in depot.stock.items():
            if sent[depot.place.id, kind] > units:
                zh = f"发出“{kind}” {sent[depot.place.id, kind]} 件，库存 {units} 件"
                en = f"sends {sent[depot.place.id, kind]} of {kind}, holds {units}"
                yield Violation("DEPOT", Text(zh, en), subject=depot.place.id)


def _check_bays(depot: Depot, loops: list[Loop]) -> Iterator[Violation]:
    """Sweep over the beginnings: at none of them are more loading than there are bays."""
    for loop in loops:
        at_s = loop.loading_from_s
        if loop.departure_s == at_s:
            continue
        busy = sum(1 for other in loops if other.loading_from_s <= at_s < other.departure_s)
        if depot.bays is not None and busy > depot.bays:
            text = Text(
                f"{at_s} 秒时 {busy} 辆车装货，装车位 {depot.bays}",
                f"{busy} load at {at_s} s, there are {depot.bays} bays",
            )
            yield Violation("DEPOT", text, subject=depot.place.id)
            return


def _wrong_drive(vehicle: Vehicle, visit: str, from_s: int, to_s: int, stated_s: int, table_s: int) -> Violation:
    zh = f"{from_s} 秒出发、{to_s} 秒到达、写明行驶 {stated_s} 秒；路网为 {table_s} 秒"
    en = f"leaves at {from_s} s, arrives at {to_s} s, states {stated_s} s of driving; the roads need {table_s} s"
    return Violation("ROAD", Text(zh, en), vehicle=vehicle.id, visit=visit)


def _check_stop(book: Book, vehicle: Vehicle, loop: Loop, stop: Stop) -> Iterator[Violation]:
    yield from _check_target(book, vehicle, loop, stop)
    site = book.sites.get(stop.visit.site)
    if site is None or site.receiving is None:
        return
    until_s = stop.visit.service_s if site.finish_by_close else 0
    if not any(hours.open_s <= stop.start_s and stop.start_s + until_s <= hours.close_s for hours in site.receiving):
        zh, en = f"{stop.start_s} 秒不在接收时间内", f"begins at {stop.start_s} s, outside the receiving hours"
        yield Violation("WINDOW", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)


def _check_target(book: Book, vehicle: Vehicle, loop: Loop, stop: Stop) -> Iterator[Violation]:
    order = stop.visit.order
    after_s, due_s = stop.start_s - order.order_s, _due_s(book, loop, stop)
    if after_s > order.round_limit_s or after_s < 0:
        zh = f"指令后 {after_s} 秒开始，应在 0 至 {order.round_limit_s} 秒内"
        en = f"begins {after_s} s after its order; the round lasts {order.round_limit_s} s"
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)
    elif stop.start_s > due_s and book.problem.scenario.policy.after_target == "leave_out":
        zh, en = f"{stop.start_s} 秒开始，时限为 {due_s} 秒", f"begins at {stop.start_s} s, its target is {due_s} s"
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)
    if stop.latest_s != due_s:
        zh, en = (
            f"写明时限 {stop.latest_s} 秒，应为 {due_s} 秒",
            f"states its target as {stop.latest_s} s; it is {due_s} s",
        )
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)
    if loop.loading_from_s < order.order_s:
        zh = f"{loop.loading_from_s} 秒装货，早于 {order.order_s} 秒的调配指令"
        en = f"its vehicle loaded at {loop.loading_from_s} s, before the order of {order.order_s} s was given"
        yield Violation("TARGET", Text(zh, en), vehicle=vehicle.id, visit=stop.visit.id)


def _due_s(book: Book, loop: Loop, stop: Stop) -> int:
    """The last second in time: from the order or from the loop's departure, by the site's own target if it has one."""
    site = book.sites.get(stop.visit.site)
    own_s = site.target_s if site is not None else None
    within_s = stop.visit.order.target_s if own_s is None else own_s
    counted_from_order = book.problem.scenario.policy.target_from == "order"
    return (stop.visit.order.order_s if counted_from_order else loop.departure_s) + within_s


def _late(book: Book, plan: Plan) -> list[tuple[Stop, int]]:
    """Late stops with their seconds."""
    loops = [loop for route in plan.routes for loop in route.loops]
    lateness = ((stop, stop.start_s - _due_s(book, loop, stop)) for loop in loops for stop in loop.stops)
    return [(stop, late_s) for stop, late_s in lateness if late_s > 0]


# --- TOTALS -----------------------------------------------------------------------------------------------------


def _check_route_totals(book: Book, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
    stops = [stop for loop in route.loops for stop in loop.stops]
    legs = [stop.leg for stop in stops] + [loop.back_leg for loop in route.loops]
    away_s = route.loops[-1].back_s - route.loops[0].departure_s if route.loops else 0
    travel_s = sum(stop.travel_s for stop in stops) + sum(loop.back_travel_s for loop in route.loops)
    service_s = sum(stop.departure_s - stop.start_s for stop in stops)
    rest_s = sum(rest.duration_s for rest in route.rests)
    depot_s = sum(after.departure_s - before.back_s for before, after in pairwise(route.loops))
    price_s = _unpreferred_s(book, vehicle, stops)
    expected = {
        "stops": len(stops),
        "travel_s": travel_s,
        "length_m": round(sum(leg.length_m for leg in legs if leg is not None), 1),
        "service_s": service_s,
        "wait_s": away_s - travel_s - service_s - rest_s - depot_s,
        "fixed_cost_s": vehicle.fixed_cost_s,
        "cost_s": away_s + vehicle.fixed_cost_s + price_s,
        "load": _carried(stops),
        "rest_s": rest_s,
        "depot_s": depot_s,
        "price_s": price_s,
    }
    yield from _compare_totals(expected, route.totals._asdict(), vehicle=vehicle.id)


def _unpreferred_s(book: Book, vehicle: Vehicle, stops: list[Stop]) -> int:
    sites = [book.sites[stop.visit.site] for stop in stops if stop.visit.site in book.sites]
    strangers = [site for site in sites if site.preferred and vehicle.id not in site.preferred]
    posed = [book.visits[stop.visit.id] for stop in stops if stop.visit.id in book.visits]
    changed = [visit for visit in posed if visit.earlier not in (None, vehicle.id)]
    policy = book.problem.scenario.policy
    return len(strangers) * policy.unpreferred_price_s + len(changed) * policy.change_price_s


def _carried(stops: list[Stop]) -> Load:
    return Load(*(sum(stop.visit.load[axis] for stop in stops) for axis in range(3)))


def _check_summary(book: Book, plan: Plan) -> Iterator[Violation]:
    stops = list(plan.stops())
    late = _late(book, plan)
    late_visits = {stop.visit.id for stop, _ in late}
    in_time = [stop for stop in stops if stop.visit.id not in late_visits]
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


def _objective(book: Book, plan: Plan, late: list[tuple[Stop, int]]) -> dict[str, object]:
    policy = book.problem.scenario.policy
    out_s = sum(route.loops[-1].back_s - route.loops[0].departure_s for route in plan.routes if route.loops)
    stops_of = {route.vehicle: [stop for loop in route.loops for stop in loop.stops] for route in plan.routes}
    known = [vehicle for name, vehicle in book.vehicles.items() if name in stops_of]
    unpreferred_s = sum(_unpreferred_s(book, vehicle, stops_of[vehicle.id]) for vehicle in known)
    fixed_s = sum(book.vehicles[route.vehicle].fixed_cost_s for route in plan.routes if route.vehicle in book.vehicles)
    left = [unserved.visit.priority for unserved in plan.unserved]
    price_s = sum(policy.prices[priority] for priority in left) if policy.objective == "prices" else 0
    away_s = (route.loops[-1].back_s - route.loops[0].departure_s for route in plan.routes if route.loops)
    price_s += round(policy.longest_route_price * max(away_s, default=0))
    return {
        "unserved": len(plan.unserved),
        "late": len(late),
        "late_s": sum(late_s for _, late_s in late),
        "cost_s": out_s + fixed_s + unpreferred_s + price_s,
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
