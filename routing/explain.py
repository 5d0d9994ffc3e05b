"""Why a visit is late or unserved: each reason is tested before it is given, in the order of ``ReasonCode``."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from heapq import nlargest
from typing import NamedTuple

from geodata.errors import Text
from geodata.restrictions import Checkpoint, Closure, Zone
from geodata.travel_times import NO_WAY_S
from routing.evaluate import one_of_each_kind
from routing.model import (
    UNBOUND,
    DemandLine,
    Figures,
    Interval,
    Load,
    Plan,
    Problem,
    Reason,
    ReasonCode,
    Route,
    Seconds,
    ShutOff,
    Stop,
    Vehicle,
    Visit,
    total_load,
)
from routing.schedule import Timetable, earliest_alone

MOST_NAMED = 5
"""So many restrictions are named in a sentence."""


def explain_plan(problem: Problem, plan: Plan) -> Plan:
    """The same plan with a tested reason at every late stop and every unserved visit."""
    reasons = _Reasons(problem, plan)
    return replace(
        plan,
        routes=tuple(_explain_route(reasons, route) for route in plan.routes),
        unserved=tuple(
            replace(unserved, reason=unserved.reason or reasons.of(unserved.visit, unserved=True))
            for unserved in plan.unserved
        ),
    )


def explain_anew(problem: Problem, plan: Plan) -> Plan:
    """The plan with the reasons found here in place of those it states, for every visit the problem knows."""
    reasons = _Reasons(problem, plan)
    known = {visit.id: visit for visit in problem.visits}
    dismissed = {left.visit.id: left.reason for left in problem.dismissed}

    def reason(visit: Visit, stated: Reason | None, *, unserved: bool) -> Reason | None:
        if visit.id in known:
            return reasons.of(known[visit.id], unserved=unserved)
        return dismissed.get(visit.id, stated)

    def explained(stop: Stop) -> Stop:
        return replace(stop, reason=reason(stop.visit, stop.reason, unserved=False)) if stop.late_s else stop

    return replace(
        plan,
        routes=tuple(_with_stops(route, explained) for route in plan.routes),
        unserved=tuple(replace(left, reason=reason(left.visit, left.reason, unserved=True)) for left in plan.unserved),
    )


def _with_stops(route: Route, change: Callable[[Stop], Stop]) -> Route:
    loops = tuple(replace(loop, stops=tuple(change(stop) for stop in loop.stops)) for loop in route.loops)
    return replace(route, loops=loops)


def _explain_route(reasons: _Reasons, route: Route) -> Route:
    return _with_stops(route, lambda stop: _explain_stop(reasons, stop))


def _explain_stop(reasons: _Reasons, stop: Stop) -> Stop:
    return replace(stop, reason=reasons.of(stop.visit, unserved=False)) if stop.late_s else stop


def unreachable(problem: Problem, visit: Visit) -> Reason | None:
    """No road within the limit, or no vehicle that might come can drive there and on to where it must end.

    Where a pass alone would open the way, the reason is NO_PASS.
    """
    if visit.row < 0:
        return _off_the_roads(problem, visit)
    coming = might_come(problem, visit)
    if any(problem.drives_to(vehicle, visit.row) for vehicle in coming):
        return None
    shut = shut_off(problem, visit)
    if shut is not None:
        return _pass_lacking(problem, shut) if shut.passes else _cut_off(problem, shut)
    text = Text("没有道路可从任何车辆的出发地到达并返回", "no road leads there and back for any vehicle")
    return Reason(ReasonCode.UNREACHABLE, text, {})


def dismissal(problem: Problem, visit: Visit) -> Reason | None:
    """Why no vehicle there is can drive there or carry it, if so."""
    return unreachable(problem, visit) or no_pass(problem, visit) or too_big(problem, visit)


def might_come(problem: Problem, visit: Visit) -> Sequence[Vehicle]:
    """By size, name and the pass the site asks for; where none may, all of them."""
    vehicles = problem.scenario.vehicles
    return [vehicle for vehicle in vehicles if visit.takes(vehicle)] or vehicles


def shut_off(problem: Problem, visit: Visit) -> ShutOff | None:
    """What keeps those away that might come: of their classes the one that lacks least, then the one that comes nearest."""
    classes = sorted({vehicle.road_class for vehicle in might_come(problem, visit)} or range(len(problem.travel_s)))
    found = [problem.shut_off[number, visit.row] for number in classes if (number, visit.row) in problem.shut_off]
    return min(found, key=_least_lacking, default=None)


def _least_lacking(shut: ShutOff) -> tuple[bool, int, float]:
    return not shut.passes, len(shut.passes), math.inf if shut.nearest_m is None else shut.nearest_m


def _cut_off(problem: Problem, shut: ShutOff) -> Reason:
    names = list(dict.fromkeys(name for lifted in shut.by for name in lifted))
    said = [_restriction_said(problem, name) for name in names[:MOST_NAMED]]
    zh = f"被{'、'.join(each.zh for each in said)}{'等' if len(names) > len(said) else ''}切断，没有车能到达并返回"
    en = f"cut off by {' and '.join(each.en for each in said)}{' and others' if len(names) > len(said) else ''}"
    if len(shut.by) > 1:
        zh, en = f"{zh}；解除其中任一项即可通达", f"{en}, of which any one lifted would open the way"
    elif len(names) > 1:
        zh, en = f"{zh}；须一并解除才能通达", f"{en}, which would have to be lifted together"
    near = _nearest_said(shut)
    figures: Figures = {
        "restrictions": " / ".join("+".join(each) for each in shut.by),
        "nearest_open_m": shut.nearest_m,
    }
    return Reason(ReasonCode.UNREACHABLE, Text(f"{zh}{near.zh}", f"{en}{near.en}"), figures)


def _pass_lacking(problem: Problem, shut: ShutOff) -> Reason:
    said = [_restriction_said(problem, name) for name in shut.passes]
    zh, en = "、".join(each.zh for each in said), " and ".join(each.en for each in said)
    gateless = not set(shut.zones).isdisjoint(shut.passes)
    near = _nearest_said(shut)
    text = Text(
        f"须持{zh}的通行证才能到达，可派的车辆都没有{'，也没有可用的卡口' if gateless else ''}{near.zh}",
        f"one gets there only with a pass for {en}, which no vehicle that might come holds"
        f"{', and no gate can be used' if gateless else ''}{near.en}",
    )
    figures: Figures = {"pass": "+".join(shut.passes), "nearest_open_m": shut.nearest_m}
    return Reason(ReasonCode.NO_PASS, text, figures)


def _nearest_said(shut: ShutOff) -> Text:
    if shut.nearest_m is None:
        return Text("", "")
    metres = f"{shut.nearest_m:.0f}"
    return Text(f"；最近的可达道路在 {metres} 米外", f"; the nearest road that can be reached is {metres} m away")


KINDS_SAID = {
    Closure: Text("封闭", "closure"),
    Checkpoint: Text("检查点", "checkpoint"),
    Zone: Text("防控区", "zone"),
}


def _restriction_said(problem: Problem, name: str) -> Text:
    """Its kind, id and name."""
    for each in problem.scenario.restrictions.all:
        if each.id == name:
            kind = KINDS_SAID[type(each)]
            also = f" {each.name}" if each.name and each.name != name else ""
            return Text(f"{kind.zh}“{name}{also}”", f"{kind.en} {name!r}{f' ({each.name})' if also else ''}")
    return Text(f"“{name}”", repr(name))


def _off_the_roads(problem: Problem, visit: Visit) -> Reason:
    point = next(site.place.access_point for site in problem.scenario.sites if site.place.id == visit.site)
    located = problem.located.by_access_point[point]
    limit_m = problem.scenario.snap_limit_m
    figures: Figures = {
        "snap_m": None if located.snap_m is None else round(located.snap_m, 1),
        "nearest_m": round(located.nearest_m, 1),
        "limit_m": limit_m,
    }
    if located.snap_m is None:
        text = Text(
            "没有任何储备库的车能开到并返回的道路",
            "there is no road that a vehicle from any depot can reach and return from",
        )
    else:
        text = Text(
            f"离可通行道路 {located.snap_m:.0f} 米，超过 {limit_m:.0f} 米的限度",
            f"{located.snap_m:.0f} m from the nearest road a depot can reach; the limit is {limit_m:.0f} m",
        )
    return Reason(ReasonCode.UNREACHABLE, text, figures)


def no_pass(problem: Problem, visit: Visit) -> Reason | None:
    """It takes a pass, and none of the vehicles that might come by size and name carries it."""
    everyone = problem.scenario.vehicles
    if visit.needs_pass is None or any(visit.takes(vehicle) for vehicle in everyone):
        return None
    if not any(replace(visit, needs_pass=None).takes(vehicle) for vehicle in everyone):
        return None
    text = Text(
        f"进入需要通行证“{visit.needs_pass}”，可派的车辆都没有",
        f"it takes the pass {visit.needs_pass!r}, which none of the vehicles that might come carries",
    )
    return Reason(ReasonCode.NO_PASS, text, {"pass": visit.needs_pass})


def too_big(problem: Problem, visit: Visit) -> Reason | None:
    """One unit of each of its lines fits no vehicle that can drive there. Visits were cut to fit, so a unit is what counts."""
    kinds = {kind.id: kind for kind in problem.scenario.kinds}
    units = [kinds[line.kind].load(1) for line in visit.lines]
    takers = [vehicle for vehicle in problem.scenario.vehicles if visit.takes(vehicle)]
    driving = [vehicle for vehicle in takers if visit.row >= 0 and problem.drives_to(vehicle, visit.row)]
    capacities = [vehicle.capacity for vehicle in driving or takers]
    if not capacities:
        text = Text("没有一辆车的车型或指定可以前往", "no vehicle may come there, by size or by name")
        return Reason(ReasonCode.TOO_BIG, text, {"vehicles_allowed": 0})
    if any(unit.fits(capacity) for unit in units for capacity in capacities):
        return None
    largest = max(capacities)
    figures: Figures = {
        "unit_kg": units[0].grams / 1000,
        "unit_m3": units[0].cm3 / 1_000_000,
        "unit_crates": units[0].crates,
        "largest_vehicle_kg": None if largest.grams >= UNBOUND else largest.grams / 1000,
    }
    names = "、".join(kinds[line.kind].name or line.kind for line in visit.lines)
    text = Text(
        f"“{names}”的一件就装不进任何一辆能开到的车（{units[0].grams / 1000:g} 公斤、{units[0].crates} 箱）",
        f"one unit of {names!r} fits no vehicle that can drive there ({units[0].grams / 1000:g} kg, {units[0].crates} crates)",
    )
    return Reason(ReasonCode.TOO_BIG, text, figures)


def over_the_cap(problem: Problem, visit: Visit) -> Reason | None:
    """Its site wants more than any vehicles that may come, no more than its cap, carry in all their loops.

    Kilograms, room and crates each by themselves, times left aside: no plan could bring it all.
    """
    site = next(site for site in problem.scenario.sites if site.place.id == visit.site)
    if site.most_vehicles is None:
        return None
    coming = [vehicle for vehicle in problem.scenario.vehicles if site.takes(vehicle)]
    wanted = total_load(other.load for other in problem.visits if other.site == visit.site)
    most = Load(*(_most_carried(coming, site.most_vehicles, dimension) for dimension in range(len(wanted))))
    if wanted.fits(most):
        return None
    figures: dict[str, float | int | str | None] = {"most_vehicles": site.most_vehicles}
    said_zh, said_en = [], []
    for unit, asked, carried in zip(UNITS, wanted, most, strict=True):
        figures[f"demand_{unit.id}"] = asked / unit.size
        figures[f"most_{unit.id}"] = None if carried >= UNBOUND else carried / unit.size
        if asked > carried:
            said_zh.append(f"{carried / unit.size:g} {unit.name.zh}，需求为 {asked / unit.size:g} {unit.name.zh}")
            said_en.append(f"{carried / unit.size:g} of the {asked / unit.size:g} {unit.name.en} wanted")
    text = Text(
        f"该点位限派 {site.most_vehicles} 辆车，跑完全部趟次最多运 {'；'.join(said_zh)}",
        f"no more than {site.most_vehicles} vehicles may come; in all their loops they carry at most"
        f" {' and '.join(said_en)}",
    )
    return Reason(ReasonCode.TOO_BIG, text, figures)


class _Unit(NamedTuple):
    id: str
    size: int
    name: Text


UNITS = (
    _Unit("kg", 1_000, Text("公斤", "kg")),
    _Unit("m3", 1_000_000, Text("立方米", "m³")),
    _Unit("crates", 1, Text("箱", "crates")),
)
"""What people count a load's grams, cubic centimetres and crates in."""


def _most_carried(vehicles: Sequence[Vehicle], most: int, dimension: int) -> int:
    """By so many of the vehicles, in all their loops together."""
    rooms = (each.capacity[dimension] * (each.max_loops if each.reload_at else 1) for each in vehicles)
    return min(UNBOUND, sum(nlargest(most, rooms)))


class _Best(NamedTuple):
    """The best found over all vehicles: in time if any, then the earliest. Seconds count as the target does.

    None: no vehicle can make the visit at all.
    """

    taken_s: Seconds | None
    vehicle: Vehicle | None

    def in_time(self, visit: Visit) -> bool:
        return self.taken_s is not None and self.taken_s <= visit.within_s


class _Reasons:
    """Tests per visit. Vehicles that differ in nothing but their names are tested once."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self._problem = replace(problem, hourly=None)  # tested on the table: alone, one leaves at once
        self._kinds = one_of_each_kind(problem)
        self._loaded_at = {stop.visit.id: loop.depot for r in plan.routes for loop in r.loops for stop in loop.stops}
        self._stock_left = _stock_left(problem, plan)

    def of(self, visit: Visit, *, unserved: bool) -> Reason:
        of_any_plan = (
            unreachable(self._problem, visit) or no_pass(self._problem, visit) or too_big(self._problem, visit)
        )
        if of_any_plan is not None:
            return of_any_plan
        over_the_limit = over_the_cap(self._problem, visit) if unserved else None
        if over_the_limit is not None:
            return over_the_limit
        by_road = self._best(replace(visit, windows=(Interval(visit.order.order_s, visit.order.limit_s),)))
        if not by_road.in_time(visit):
            return self._too_far(visit)
        in_hours = self._best(visit)
        if not in_hours.in_time(visit):
            return _window_missed(self._problem, visit, by_road, in_hours)
        return self._no_stock(visit) or _no_capacity_left(self._problem, visit, in_hours)

    def _vehicles(self, visit: Visit) -> list[Vehicle]:
        return [vehicle for vehicle in self._kinds if visit.takes(vehicle)]

    def _best(self, visit: Visit) -> _Best:
        return self._best_of(visit, self._vehicles(visit))

    def _best_of(self, visit: Visit, vehicles: Sequence[Vehicle]) -> _Best:
        tables = ((earliest_alone(self._problem, vehicle, visit), vehicle) for vehicle in vehicles)
        taken = [(_taken_s(visit, table), vehicle) for table, vehicle in tables if table is not None]
        return _Best(*min(taken, key=lambda pair: pair[0], default=(None, None)))

    def _too_far(self, visit: Visit) -> Reason:
        """Without round limit or shift end, and if need be without the ceiling on routes: the figure says how far it is."""
        endless = Interval(visit.order.order_s, NO_WAY_S)
        free = replace(visit, windows=(endless,))
        ceiling_s = self._problem.scenario.policy.longest_route_s
        for problem, longest_s in ((self._problem, None), (_without_ceiling(self._problem), ceiling_s)):
            tables = [(earliest_alone(problem, _without_end(v), free), v) for v in self._vehicles(visit)]
            taken = [(_taken_s(visit, table), vehicle) for table, vehicle in tables if table is not None]
            if taken:
                return _far(problem, visit, *min(taken, key=lambda pair: pair[0]), longest_s)
        return _nobody_leaves(visit)

    def _no_stock(self, visit: Visit) -> Reason | None:
        """No depot from which a vehicle would make it in time alone has enough of everything beside what others take."""
        depots = {vehicle.start for vehicle in self._vehicles(visit) if self._best_of(visit, [vehicle]).in_time(visit)}
        if any(self._holds(depot, visit, visit.lines) for depot in depots):
            return None
        short = next((line for line in visit.lines if not self._anywhere(depots, visit, line)), visit.lines[0])
        most = max((self._left(depot, visit, short) for depot in depots), default=0)
        figures: Figures = {"kind": short.kind, "units": short.units, "most_left": most}
        text = Text(
            f"需要“{short.kind}” {short.units} 件，来得及的储备库最多还剩 {most} 件",
            f"it takes {short.units} of {short.kind}; no depot that it could come from in time has more than {most} left",
        )
        return Reason(ReasonCode.NO_STOCK, text, figures)

    def _anywhere(self, depots: Collection[str], visit: Visit, line: DemandLine) -> bool:
        return any(self._holds(depot, visit, (line,)) for depot in depots)

    def _holds(self, depot: str, visit: Visit, lines: Sequence[DemandLine]) -> bool:
        limited = self._problem.depots[depot].stock
        return all(line.kind not in limited or self._left(depot, visit, line) >= line.units for line in lines)

    def _left(self, depot: str, visit: Visit, line: DemandLine) -> int:
        """Units of a limited kind beside what other visits take: what the visit itself drew there counts as left.

        At a station so does what its supplier still holds.
        """
        own = line.units if self._loaded_at.get(visit.id) == depot else 0
        behind = self._problem.depots[depot].behind.get(line.kind, 0)
        return self._stock_left.get((depot, line.kind), 0) + own + behind


def _taken_s(visit: Visit, table: Timetable) -> Seconds:
    """Seconds from where the target counts to the beginning of the stop."""
    return table.starts_s[0] - table.due_s[0] + visit.within_s


def _stock_left(problem: Problem, plan: Plan) -> dict[tuple[str, str], int]:
    left = {(depot.place.id, kind): n for depot in problem.scenario.depots for kind, n in depot.stock.items()}
    for loop in (loop for route in plan.routes for loop in route.loops):
        for line in (line for stop in loop.stops for line in stop.visit.lines):
            if (loop.depot, line.kind) in left:
                left[loop.depot, line.kind] -= line.units
    return left


def _without_end(vehicle: Vehicle) -> Vehicle:
    return replace(vehicle, shift=Interval(vehicle.shift.open_s, NO_WAY_S))


def _without_ceiling(problem: Problem) -> Problem:
    policy = replace(problem.scenario.policy, longest_route_s=None)
    return replace(problem, scenario=replace(problem.scenario, policy=policy))


def _nobody_leaves(visit: Visit) -> Reason:
    text = Text(
        "没有合适的车能在储备库开放时间内、自己的班次内出发",
        "no vehicle that could carry it can leave while its depot is open and its shift lasts",
    )
    return Reason(ReasonCode.TOO_FAR, text, {"best_s": None, "target_s": visit.within_s})


def _far(problem: Problem, visit: Visit, after_s: Seconds, vehicle: Vehicle, longest_s: Seconds | None) -> Reason:
    """``longest_s``: the ceiling on routes, where nobody could go under it."""
    drive_s = problem.drive_s(vehicle, problem.depot_row(vehicle.start), visit.row)
    figures: dict[str, float | int | str | None] = {
        "best_s": after_s,
        "drive_s": drive_s,
        "target_s": visit.within_s,
        "depot": vehicle.start,
        "shift_ends_s": vehicle.shift.close_s,
    }
    hour = _hour_said(problem, visit)
    since = _since(problem)
    zh = f"最快也要在{since.zh} {minutes(after_s)}（从“{vehicle.start}”出发，行驶 {minutes(drive_s)}{hour.zh}）"
    en = (
        f"the fastest is {minutes(after_s)} after {since.en}"
        f" (from {vehicle.start!r}, driving {minutes(drive_s)}{hour.en})"
    )
    if longest_s is not None:
        figures["longest_route_s"] = longest_s
        zh = f"{zh}，但没有车能在最长线路 {minutes(longest_s)} 内返回"
        en = f"{en}, but no vehicle would be back within the longest route of {minutes(longest_s)}"
        return Reason(ReasonCode.TOO_FAR, Text(zh, en), figures)
    if after_s <= visit.within_s:
        return Reason(
            ReasonCode.TOO_FAR,
            Text(f"{zh}，但没有车能在班次内返回", f"{en}, but no vehicle would be back within its shift"),
            figures,
        )
    target = minutes(visit.within_s)
    return Reason(ReasonCode.TOO_FAR, Text(f"{zh}，时限 {target}", f"{en}; the target is {target}"), figures)


def _since(problem: Problem) -> Text:
    """From when targets, and so the seconds of reasons, count."""
    if problem.scenario.policy.target_from == "departure":
        return Text("出发后", "the departure")
    return Text("指令后", "the order")


def _hour_said(problem: Problem, visit: Visit) -> Text:
    hour = problem.reason_hours.get(visit.order.id)
    return Text("", "") if hour is None else Text(f"，按 {hour} 时的路况", f" on the roads as they are from {hour}:00")


def _window_missed(problem: Problem, visit: Visit, by_road: _Best, in_hours: _Best) -> Reason:
    opens_s = _next_opening_s(problem, visit)
    target = minutes(visit.within_s)
    figures: Figures = {
        "best_by_road_s": by_road.taken_s,
        "best_in_hours_s": in_hours.taken_s,
        "opens_s": opens_s,
        "target_s": visit.within_s,
        "round_limit_s": visit.order.round_limit_s,
    }
    if in_hours.taken_s is None:
        limit = minutes(visit.order.round_limit_s)
        opening = Text("此后几天都不接收", "it receives nothing in the days after")
        if opens_s is not None:
            opening = Text(
                f"其接收时间在指令后 {minutes(opens_s)} 开始", f"it opens {minutes(opens_s)} after the order"
            )
        text = Text(
            f"在指令后 {limit} 内、车辆班次内，没有可用的接收时间；{opening.zh}",
            f"no receiving hours can be met within {limit} of the order and a vehicle's shift; {opening.en}",
        )
    else:
        after, since = minutes(in_hours.taken_s), _since(problem)
        text = Text(
            f"按接收时间最早只能在{since.zh} {after} 开始卸货，时限 {target}",
            f"its receiving hours let unloading begin {after} after {since.en} at the earliest; the target is {target}",
        )
    return Reason(ReasonCode.WINDOW_MISSED, text, figures)


def _next_opening_s(problem: Problem, visit: Visit) -> Seconds | None:
    """Seconds from the order to the next time that the site begins to receive."""
    receiving = next(site.receiving for site in problem.scenario.sites if site.place.id == visit.site)
    order_s = visit.order.order_s
    return min((hours.open_s - order_s for hours in receiving or () if hours.open_s > order_s), default=None)


def _no_capacity_left(problem: Problem, visit: Visit, alone: _Best) -> Reason:
    assert alone.taken_s is not None and alone.vehicle is not None  # noqa: S101, PT018  tested by the caller
    after_s = alone.taken_s
    figures: Figures = {"alone_s": after_s, "depot": alone.vehicle.start, "target_s": visit.within_s}
    since = _since(problem)
    text = Text(
        f"单独配送可在{since.zh} {minutes(after_s)} 到达，但车辆已被其他任务占满",
        f"alone it could be begun {minutes(after_s)} after {since.en}, but the vehicles are taken up by other visits",
    )
    return Reason(ReasonCode.NO_CAPACITY_LEFT, text, figures)


def minutes(seconds: Seconds) -> str:
    """For people: '2 h 14 min', rounded up to the minute."""
    whole = -(-seconds // 60)
    return f"{whole // 60} h {whole % 60} min" if whole >= 60 else f"{whole} min"
