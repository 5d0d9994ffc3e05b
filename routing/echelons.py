"""Two echelons: a supplier's vehicles fill transfer stations first, the stations' vehicles serve the sites from them.

Given what is brought to each station and when it is sorted there (``Transfer``), both stages are ordinary problems. In the
first, stations are sites that want what is to be brought, unloaded in time to be sorted; in the second they are depots that
open when it is sorted and hold it beside their own stock. So every rule of a transfer is a rule of one of the two: DEMAND
and WINDOW of the first, DEPOT of either. Visits of the second stage have the same parts whatever is brought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from geodata.errors import BadInput, Text
from geodata.travel_times import NO_WAY_S
from routing.evaluate import Solution, Worth, plan_of, with_summary, worth
from routing.model import (
    UNBOUND,
    Demand,
    DemandLine,
    Depot,
    Interval,
    Load,
    Plan,
    Problem,
    Scenario,
    Seconds,
    Site,
    Stop,
    Supply,
    Transfer,
    total_load,
)
from routing.problem import pose_anew
from routing.solvers import base
from routing.solvers.improve import keep_what_may_stay, place_left_out

ROUNDS = 2
"""So often is the second stage planned freely, the first for it, and the second again for what the first can do."""

FREE_SHARE, FIRST_SHARE = 0.4, 0.2
"""Parts of a round's work: the second stage planned freely, and the first stage; the rest is the second stage's again."""

MOST_DEADLINES = 6
"""So many deadlines are tried for the first stage."""

CLOSE_ENOUGH_S = 60

Transfers = tuple[Transfer, ...]
Listen = Callable[[Problem], base.OnImprovement]
"""What hears the improvements of the second stage with what is brought."""

SolverFor = Callable[[Problem], base.Solver]


@dataclass(frozen=True, slots=True, eq=False)
class TwoStages:
    """A problem and a solution of each stage, and the transfers by which both are posed."""

    first: Problem
    bringing: Solution
    second: Problem
    serving: Solution
    transfers: Transfers

    def plans(self) -> tuple[tuple[Problem, Plan], tuple[Problem, Plan]]:
        """Of both stages, each with its problem."""
        return (self.first, plan_of(self.first, self.bringing)), (self.second, plan_of(self.second, self.serving))


# --- the two problems -------------------------------------------------------------------------------------------


def has_stations(scenario: Scenario) -> bool:
    return any(depot.supply is not None for depot in scenario.depots)


def require_one_stage(scenario: Scenario, what: Text) -> None:
    """Raises BadInput where a depot is supplied from another and ``what`` does not know of that."""
    for index, depot in enumerate(scenario.depots):
        if depot.supply is not None:
            zh = f"“{depot.place.id}”由“{depot.supply.supplier}”供货；{what.zh}暂不支持两级配送"
            en = (
                f"{depot.place.id!r} is supplied from {depot.supply.supplier!r}; {what.en} does not know two stages yet"
            )
            raise BadInput.one(zh, en, pointer=f"/depots/{index}/supplied_from")


def first_vehicles(scenario: Scenario) -> frozenset[str]:
    """Those of the first stage: they start at a supplier."""
    above = _suppliers(scenario)
    return frozenset(vehicle.id for vehicle in scenario.vehicles if vehicle.start in above)


def first_stage(problem: Problem, transfers: Transfers) -> Problem:
    """Suppliers bring each station its lines, unloaded in time to be sorted when it is to be ready."""
    scenario = problem.scenario
    above, first = _suppliers(scenario), first_vehicles(scenario)
    stations = {depot.place.id: depot for depot in scenario.depots if depot.supply is not None}
    stage = replace(
        scenario,
        depots=tuple(depot for depot in scenario.depots if depot.place.id in above),
        sites=tuple(_as_site(scenario, stations[each.station], each) for each in transfers if each.lines),
        vehicles=tuple(vehicle for vehicle in scenario.vehicles if vehicle.id in first),
        policy=replace(
            scenario.policy,
            target_from="order",
            objective="lexicographic",
            after_target="leave_out",
            longest_route_price=0.0,
        ),
        drivers=(),
    )
    return pose_anew(problem, stage)


def _as_site(scenario: Scenario, station: Depot, transfer: Transfer) -> Site:
    """The station as a place that receives, while it is open, until what is brought can just be sorted in time."""
    supply, order = _supply(station), scenario.orders[0]
    until = Interval(order.order_s, transfer.ready_s - sorting_time_s(scenario, supply, transfer.lines))
    opening = (until,) if station.opening is None else station.opening
    receiving = (hours.meet(until) for hours in opening)
    coming = (vehicle.id for vehicle in scenario.vehicles if vehicle.start == supply.supplier)
    return Site(
        place=station.place,
        demands=(Demand(order.id, transfer.lines),),
        receiving=tuple(hours for hours in receiving if hours is not None and hours.open_s <= hours.close_s),
        finish_by_close=True,
        service_s=supply.service_s,
        service_per_crate_s=supply.service_per_crate_s,
        target_s=max(1, until.close_s - supply.service_s - order.order_s),
        allowed=frozenset(coming),
    )


def second_stage(problem: Problem, transfers: Transfers) -> Problem:
    """Everybody else serves the sites; stations open when they are ready and hold their own and what was brought."""
    brought = {each.station: each for each in transfers}
    left = _left_behind(problem, transfers)
    return _with_depots(
        second_at_large(problem),
        lambda depot: _filled(problem.depots[depot.place.id], brought.get(depot.place.id), left),
    )


def _left_behind(problem: Problem, transfers: Transfers) -> Mapping[str, Mapping[str, int]]:
    """Of each limited kind what suppliers still hold."""
    left = {name: Counter(problem.depots[name].stock) for name in _suppliers(problem.scenario)}
    for each in transfers:
        limited = problem.depots[each.supplier].stock
        left[each.supplier].subtract({line.kind: line.units for line in each.lines if line.kind in limited})
    return left


def second_at_large(problem: Problem) -> Problem:
    """The second stage with everything at the stations that their suppliers might send, at once."""
    scenario = problem.scenario
    above, first = _suppliers(scenario), first_vehicles(scenario)
    stage = replace(
        scenario,
        depots=tuple(_at_large(problem, depot) for depot in scenario.depots if depot.place.id not in above),
        vehicles=tuple(vehicle for vehicle in scenario.vehicles if vehicle.id not in first),
        drivers=(),
    )
    return pose_anew(problem, stage)


def _at_large(problem: Problem, depot: Depot) -> Depot:
    if depot.supply is None:
        return depot
    above = problem.depots[depot.supply.supplier].stock
    return replace(depot, stock={kind: own + above[kind] for kind, own in depot.stock.items() if kind in above})


def _filled(depot: Depot, transfer: Transfer | None, left: Mapping[str, Mapping[str, int]]) -> Depot:
    if transfer is None or not transfer.lines:
        return depot
    stock = Counter(depot.stock)
    stock.update({line.kind: line.units for line in transfer.lines})
    above = left[transfer.supplier]
    behind = {kind: above.get(kind, UNBOUND) for kind in stock}
    return replace(depot, stock=dict(stock), opening=opening_from(depot, transfer.ready_s), behind=behind)


def opening_from(depot: Depot, ready_s: Seconds) -> tuple[Interval, ...]:
    """The depot's hours from an instant on."""
    rest = Interval(ready_s, NO_WAY_S)
    opening = (rest,) if depot.opening is None else depot.opening
    return tuple(met for hours in opening if (met := hours.meet(rest)) is not None)


def _with_depots(problem: Problem, change: Callable[[Depot], Depot]) -> Problem:
    depots = tuple(change(depot) for depot in problem.depots.values())
    scenario = replace(problem.scenario, depots=depots)
    return replace(problem, scenario=scenario, depots={depot.place.id: depot for depot in depots})


def sorting_time_s(scenario: Scenario, supply: Supply, lines: Iterable[DemandLine]) -> Seconds:
    """Between the last arrival's unloading and the first loading."""
    return supply.sorting_s + round(supply.sorting_per_crate_s * _load(scenario, lines).crates)


def all_visits(problem: Problem, transfers: Transfers) -> Problem:
    """The whole problem with the visits of both stages: what a plan of both speaks of."""
    first, second = first_stage(problem, transfers), second_stage(problem, transfers)
    return replace(
        problem,
        visits=(*first.visits, *second.visits),
        dismissed=(*first.dismissed, *second.dismissed),
    )


def _suppliers(scenario: Scenario) -> frozenset[str]:
    return frozenset(depot.supply.supplier for depot in scenario.depots if depot.supply is not None)


def _supply(station: Depot) -> Supply:
    assert station.supply is not None, "a transfer goes to a station"  # noqa: S101
    return station.supply


# --- one plan of two ----------------------------------------------------------------------------------------------


def together(first: Plan, second: Plan, transfers: Transfers) -> Plan:
    """One plan: sites are counted as the second stage serves them; vehicles, driving and cost are of both."""
    brought, served = first.summary, second.summary
    summary = replace(
        served,
        vehicles_used=brought.vehicles_used + served.vehicles_used,
        vehicles=brought.vehicles + served.vehicles,
        travel_s=brought.travel_s + served.travel_s,
        length_m=round(brought.length_m + served.length_m, 1),
        objective=served.objective._replace(cost_s=brought.objective.cost_s + served.objective.cost_s),
    )
    return Plan((*first.routes, *second.routes), second.unserved, summary, transfers)


def apart(problem: Problem, plan: Plan) -> tuple[tuple[Problem, Plan], tuple[Problem, Plan]]:
    """Each stage with its problem: the inverse of ``together``. What the whole plan states too much, the second does."""
    bringing = first_vehicles(problem.scenario)
    first, second = first_stage(problem, plan.transfers), second_stage(problem, plan.transfers)
    brought = with_summary(first, tuple(route for route in plan.routes if route.vehicle in bringing), ())
    whole, less = plan.summary, brought.summary
    summary = replace(
        whole,
        vehicles_used=whole.vehicles_used - less.vehicles_used,
        vehicles=whole.vehicles - less.vehicles,
        travel_s=whole.travel_s - less.travel_s,
        length_m=round(whole.length_m - less.length_m, 1),
        objective=whole.objective._replace(cost_s=whole.objective.cost_s - less.objective.cost_s),
    )
    served = Plan(tuple(route for route in plan.routes if route.vehicle not in bringing), plan.unserved, summary)
    return (first, brought), (second, served)


# --- search -------------------------------------------------------------------------------------------------------


def solve_two_stages(
    problem: Problem, *, solver_for: SolverFor, stop: base.Stop, seed: int, listen: Listen
) -> TwoStages:
    """The best pair found in a few rounds. Same problem, seed and work limit: same pair.

    A round plans the second stage as if its suppliers' goods came by themselves, brings what that takes, in time for it
    as far as the first stage can, and plans the second stage again with what is brought when it is.
    """
    search = _Search(problem, solver_for, _Work(stop), seed, listen)
    ready = {depot.place.id: _soonest_ready_s(problem, depot) for depot in _stations(problem.scenario)}
    best = search.round(ready)
    for _ in range(1, ROUNDS):
        if stop.now():
            break
        ready |= {each.station: each.ready_s for each in best.transfers}
        best = min(best, search.round(ready), key=pair_worth)
    return replace(best, serving=search.work.told(best.serving))


def pair_worth(stages: TwoStages) -> Worth:
    """As the second stage's objective has it, with the cost of the first."""
    serving, bringing = worth(stages.second, stages.serving), worth(stages.first, stages.bringing)
    assert serving is not None, "a second stage is kept only if it keeps the rules"  # noqa: S101
    assert bringing is not None, "a first stage is kept only if it keeps the rules"  # noqa: S101
    return (*serving[:-1], serving[-1] + bringing[-1])


class _Work:
    """Deals a work limit out in shares, and a time budget by when each share ends."""

    def __init__(self, stop: base.Stop) -> None:
        unlimited = stop.iterations is None and stop.seconds is None
        self.whole = replace(stop, iterations=base.DEFAULT_ITERATIONS) if unlimited else stop
        self._dealt = 0.0
        self._finished = True

    def part(self, share: float) -> base.Stop:
        """The next share of a round's work."""
        whole, before = self.whole, self._dealt
        self._dealt += share / ROUNDS
        return replace(
            whole,
            iterations=None if whole.iterations is None else max(1, round(whole.iterations * share / ROUNDS)),
            seconds=None if whole.seconds is None else whole.seconds * min(1.0, self._dealt),
            on_work=lambda done: whole.on_work(min(1.0, before + share / ROUNDS * done)),
        )

    def note(self, solution: Solution) -> Solution:
        self._finished = self._finished and solution.finished
        return solution

    def told(self, solution: Solution) -> Solution:
        """The solution with the whole search's limit, and whether time cut any of it short."""
        return replace(solution, work_limit=self.whole.iterations, finished=self._finished and not self.whole.now())


Lines = Mapping[str, Sequence[DemandLine]]
"""What is to be brought, by station."""


class _Search:
    def __init__(self, problem: Problem, solver_for: SolverFor, work: _Work, seed: int, listen: Listen) -> None:
        self._problem = problem
        self._solver_for = solver_for
        self._seed = seed
        self._listen = listen
        self._at_large = second_at_large(problem)
        self.work = work

    def round(self, ready_s: Mapping[str, Seconds]) -> TwoStages:
        free = _with_depots(self._at_large, lambda depot: _open_from(depot, ready_s.get(depot.place.id)))
        wish = self._solve(free, FREE_SHARE)
        plan = plan_of(free, wish)
        first, bringing, transfers = self._bring(to_be_brought(self._problem, plan), due(free, plan))
        second = second_stage(self._problem, transfers)
        return TwoStages(first, bringing, second, self._serve(second, wish), transfers)

    def _solve(self, problem: Problem, share: float) -> Solution:
        """Unheard: a stage alone, or one that has not been brought what it sends, is nothing to show."""
        solver, stop = self._solver_for(problem), self.work.part(share)
        return self.work.note(solver.solve(problem, stop=stop, seed=self._seed, on_improvement=lambda _: None))

    # the first stage

    def _bring(self, lines: Lines, due: Due) -> tuple[Problem, Solution, Transfers]:
        """As much of the lines as can be brought within the round, as little after it is due as can be."""
        share = FIRST_SHARE / (MOST_DEADLINES + 1)
        while any(lines.values()):
            wished = self._by_the_end(lines)
            first = first_stage(self._problem, wished)
            bringing = place_left_out(first, self._solve(first, share))
            left = [first.visits[index] for index in bringing.unserved(first)]
            left += [dismissed.visit for dismissed in first.dismissed]
            if not left:
                return self._sooner(*self._kept(first, bringing, wished), due, share)
            lines = _less(lines, ((visit.site, line) for visit in left for line in visit.lines))
        nothing = first_stage(self._problem, ())
        return nothing, Solution(tuple(() for _ in nothing.scenario.vehicles)), ()

    def _by_the_end(self, lines: Lines) -> Transfers:
        """Ready as late as the last that is unloaded within the round allows."""
        end_s = self._problem.scenario.orders[0].limit_s
        found = []
        for station in _stations(self._problem.scenario):
            supply, wanted = _supply(station), tuple(lines.get(station.place.id, ()))
            if wanted:
                crates = _load(self._problem.scenario, wanted).crates
                unloading_s = supply.service_s + round(supply.service_per_crate_s * crates)
                ready_s = end_s + unloading_s + sorting_time_s(self._problem.scenario, supply, wanted)
                found.append(Transfer(station.place.id, supply.supplier, wanted, ready_s))
        return tuple(found)

    def _as_it_comes(self, first: Problem, bringing: Solution) -> tuple[Problem, Solution, Transfers]:
        """Stations are ready when the last has been unloaded and is sorted, not when it was asked for."""
        last: dict[str, Seconds] = {}
        for stop in plan_of(first, bringing).stops():
            last[stop.visit.site] = max(last.get(stop.visit.site, 0), stop.departure_s)
        stations = {depot.place.id: depot for depot in _stations(self._problem.scenario)}
        found = []
        for site in first.scenario.sites:
            supply, lines = _supply(stations[site.place.id]), site.demands[0].lines
            ready_s = last[site.place.id] + sorting_time_s(self._problem.scenario, supply, lines)
            found.append(Transfer(site.place.id, supply.supplier, lines, ready_s))
        return first_stage(self._problem, tuple(found)), bringing, tuple(found)

    def _sooner(
        self, first: Problem, bringing: Solution, transfers: Transfers, due: Due, share: float
    ) -> tuple[Problem, Solution, Transfers]:
        """Halve the time by which the stations are behind; below nought only where something is late in any case."""
        best = first, bringing, transfers
        soonest = {
            depot.place.id: _soonest_ready_s(self._problem, depot) for depot in _stations(self._problem.scenario)
        }
        least_s = max(soonest[each.station] - due.by_s[each.station] for each in transfers)
        goal_s = least_s if due.late else max(0, least_s)
        fails_s = goal_s - 1
        for attempt in range(MOST_DEADLINES):
            behind_s = max(each.ready_s - due.by_s[each.station] for each in best[2])
            if behind_s <= goal_s or (attempt and behind_s - fails_s <= CLOSE_ENOUGH_S):
                break
            allowed_s = (fails_s + behind_s) // 2 if attempt or due.late else goal_s
            wished = tuple(replace(each, ready_s=due.by_s[each.station] + allowed_s) for each in transfers)
            problem = first_stage(self._problem, wished)
            found = place_left_out(problem, self._solve(problem, share))
            if found.unserved(problem) or problem.dismissed:
                fails_s = allowed_s
            else:
                best = self._kept(problem, found, wished)
        return best

    def _kept(self, problem: Problem, found: Solution, wished: Transfers) -> tuple[Problem, Solution, Transfers]:
        """With the times it turned out to have, unless bays are dealt out so that it only fits the times asked for."""
        real = self._as_it_comes(problem, found)
        return real if worth(real[0], found) is not None else (problem, found, wished)

    # the second stage

    def _serve(self, second: Problem, wish: Solution) -> Solution:
        """The routes wished for with what has come, or a search that keeps every visit at its station."""
        hear = self._listen(second)
        kept = place_left_out(second, keep_what_may_stay(second, wish))
        hear(kept)
        bound, stop = at_their_stations(second, kept), self.work.part(1 - FREE_SHARE - FIRST_SHARE)
        found = self._solver_for(second).solve(bound, stop=stop, seed=self._seed, on_improvement=hear)
        found = place_left_out(second, keep_what_may_stay(second, self.work.note(found)))
        better = min((kept, found), key=lambda each: _worth_if_any(second, each))
        hear(better)
        return better


def _worth_if_any(problem: Problem, solution: Solution) -> tuple[bool, Worth]:
    found = worth(problem, solution)
    return (False, found) if found is not None else (True, ())


def at_their_stations(problem: Problem, solution: Solution) -> Problem:
    """The problem with each visit open only to vehicles of the depot it is loaded at, so that no stock runs short."""
    vehicles = problem.scenario.vehicles
    elsewhere = frozenset(each.id for each in vehicles if problem.depots[each.start].supply is None)
    open_to: dict[str, frozenset[str]] = {}
    for route in plan_of(problem, solution).routes:
        for loop in route.loops:
            there = frozenset(
                each.id for each in vehicles if each.start == loop.depot and set(each.reload_at) <= {loop.depot}
            )
            open_to |= {stop.visit.id: there or frozenset({route.vehicle}) for stop in loop.stops}
    visits = tuple(
        replace(visit, allowed=_both(visit.allowed, open_to.get(visit.id, elsewhere))) for visit in problem.visits
    )
    return replace(problem, visits=visits)


def _both(one: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    return other if one is None else one & other


def to_be_brought(problem: Problem, plan: Plan) -> Lines:
    """What the plan's loops take from stations beyond their own, most urgent first, as far as their suppliers hold it."""
    stations = {depot.place.id: depot for depot in _stations(problem.scenario)}
    own = {name: Counter(depot.stock) for name, depot in stations.items()}
    above = {name: Counter(problem.depots[name].stock) for name in _suppliers(problem.scenario)}
    brought: dict[str, Counter[str]] = {name: Counter() for name in stations}
    loaded = [(loop, stop) for route in plan.routes for loop in route.loops for stop in loop.stops]
    from_stations = [(loop.depot, stop) for loop, stop in loaded if loop.depot in stations]
    for name, stop in sorted(
        from_stations, key=lambda each: (each[1].visit.urgency, each[1].start_s, each[1].visit.id)
    ):
        supplier = _supply(stations[name]).supplier
        limited = problem.depots[supplier].stock
        short = {line.kind: max(0, line.units - own[name][line.kind]) for line in stop.visit.lines}
        if all(kind not in limited or units <= above[supplier][kind] for kind, units in short.items()):
            for line in stop.visit.lines:
                own[name][line.kind] -= line.units - short[line.kind]
            above[supplier].subtract(short)
            brought[name].update(short)
    kinds = [kind.id for kind in problem.scenario.kinds]
    return {
        name: tuple(DemandLine(kind, units[kind]) for kind in kinds if units[kind]) for name, units in brought.items()
    }


class Due(NamedTuple):
    """When each depot must be ready for what is in time to stay so, and whether something is late even then."""

    by_s: Mapping[str, Seconds]
    late: bool


def due(problem: Problem, plan: Plan) -> Due:
    """What a plan's loops ask of the depots they load at."""
    found = dict.fromkeys(problem.depots, NO_WAY_S)
    shifts = {vehicle.id: vehicle.shift for vehicle in problem.scenario.vehicles}
    for route in plan.routes:
        spare_s = [shifts[route.vehicle].close_s - route.loops[-1].back_s]
        for loop in reversed(route.loops):
            spare_s += [_spare_s(problem, stop) for stop in loop.stops]
            found[loop.depot] = min(found[loop.depot], loop.loading_from_s + min(spare_s))
    return Due(found, plan.summary.objective.late > 0)


def _spare_s(problem: Problem, stop: Stop) -> Seconds:
    """By how much it may begin later. A late one may not: it would get later still."""
    if stop.late_s:
        return 0
    end_s = max(window.close_s for window in stop.visit.windows)
    until_s = end_s if problem.scenario.policy.target_from == "departure" else min(end_s, stop.latest_s)
    return max(0, until_s - stop.start_s)


def _less(lines: Lines, left: Iterable[tuple[str, DemandLine]]) -> Lines:
    units = {name: Counter({line.kind: line.units for line in each}) for name, each in lines.items()}
    for name, line in left:
        units[name][line.kind] -= line.units
    return {
        name: tuple(DemandLine(line.kind, units[name][line.kind]) for line in each if units[name][line.kind] > 0)
        for name, each in lines.items()
    }


def _open_from(depot: Depot, ready_s: Seconds | None) -> Depot:
    return depot if ready_s is None else replace(depot, opening=opening_from(depot, ready_s))


def _stations(scenario: Scenario) -> list[Depot]:
    return [depot for depot in scenario.depots if depot.supply is not None]


def _load(scenario: Scenario, lines: Iterable[DemandLine]) -> Load:
    kinds = {kind.id: kind for kind in scenario.kinds}
    return total_load(kinds[line.kind].load(line.units) for line in lines)


def _soonest_ready_s(problem: Problem, station: Depot) -> Seconds:
    """With next to nothing brought by a vehicle that is there when the order is given."""
    supply, order = _supply(station), problem.scenario.orders[0]
    loading_s = problem.depots[supply.supplier].loading_s
    rows = problem.depot_row(supply.supplier), problem.depot_row(station.place.id)
    coming = [vehicle for vehicle in problem.scenario.vehicles if vehicle.start == supply.supplier]
    drive_s = min((problem.drive_s(vehicle, *rows) for vehicle in coming), default=NO_WAY_S)
    return order.order_s + loading_s + drive_s + supply.service_s + supply.sorting_s
