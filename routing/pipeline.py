"""The main job, top to bottom. No input or output but the network, which is handed in loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from geodata.network import Network
from routing.ceilings import PricingLongest
from routing.check import check_plan
from routing.check_drivers import check_drivers
from routing.check_locks import check_locks
from routing.check_roads import check_roads
from routing.check_transfers import check_transfers
from routing.drivers import assign_drivers
from routing.echelons import TwoStages, all_visits, apart, has_stations, pair_worth, solve_two_stages, together
from routing.errors import PlanRejected
from routing.evaluate import Solution, plan_of, with_summary, with_totals, worth
from routing.explain import explain_plan
from routing.ground import Ground, hour_at, open_ground
from routing.holding import HoldingLocks
from routing.locks import with_locks
from routing.model import Loop, Plan, Problem, Scenario, Stop, Summary, Vehicle, Violation
from routing.previous import ChangingLittle
from routing.problem import pose_problem
from routing.relax import relax_plan
from routing.retime import Searched, as_driven, leaving_s, search_by_hour, with_reason_hours
from routing.solvers import base
from routing.solvers.improve import WORSE_THAN_ANY


class Progress(NamedTuple):
    """What the work has come to: a step's name, and the best plan so far once there is one."""

    step: str
    summary: Summary | None = None


OnProgress = Callable[[Progress], None]


def in_silence(progress: Progress) -> None:
    """Tell nobody."""


Later = Callable[[Problem], Problem]


def as_posed(problem: Problem) -> Problem:
    """The whole day is still ahead."""
    return problem


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A checked plan with what it was made of."""

    ground: Ground
    problem: Problem
    plan: Plan
    solution: Solution


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A problem on its ground, by which it was measured."""

    ground: Ground
    problem: Problem


def pose(scenario: Scenario, network: Network) -> Posed:
    """Everything that comes before solving; also what a plan is checked against."""
    ground = open_ground(scenario, network)
    return Posed(ground, with_locks(pose_problem(ground.measured())))


def make_plan(  # noqa: PLR0913  keyword-only
    scenario: Scenario,
    network: Network,
    *,
    solver: base.Solver,
    stop: base.Stop,
    seed: int = 0,
    later: Later = as_posed,
    on_progress: OnProgress = in_silence,
) -> Planned:
    """A checked plan. Raises ``PlanRejected`` rather than return one that breaks a rule.

    ``later`` makes of the posed problem the one that is left to solve, in the middle of a day.
    """
    on_progress(Progress("pose"))
    posed = pose(scenario, network)
    posed = replace(posed, problem=later(posed.problem))
    on_progress(Progress("solve"))
    if has_stations(posed.problem.scenario):
        return _in_two_stages(posed, solver, stop, seed, on_progress)
    solution = _searched(posed.problem, solver, stop, seed, on_progress)
    on_progress(Progress("check"))
    posed = replace(posed, problem=as_driven(posed.problem, plan_of(posed.problem, solution)))
    plan = finish_plan(posed, solution)
    require_good(posed, plan)
    return Planned(posed.ground, posed.problem, plan, solution)


def _searched(problem: Problem, solver: base.Solver, stop: base.Stop, seed: int, on_progress: OnProgress) -> Solution:
    def search(problem: Problem, stop: base.Stop) -> Searched[Solution]:
        hear = _checked(problem, on_progress)
        found = _fitted(problem, solver).solve(problem, stop=stop, seed=seed, on_improvement=hear)
        plans = ((problem, plan_of(problem, found)),)
        return Searched(found, worth(problem, found) or WORSE_THAN_ANY, plans, found.finished)

    searched = search_by_hour(problem, search, stop)
    return replace(searched.found, finished=searched.finished)


def _in_two_stages(posed: Posed, solver: base.Solver, stop: base.Stop, seed: int, on_progress: OnProgress) -> Planned:
    """The same of two problems: what suppliers bring to stations, and what stations send on."""

    def search(problem: Problem, stop: base.Stop) -> Searched[TwoStages]:
        found = solve_two_stages(
            problem,
            solver_for=lambda problem: _fitted(problem, solver),
            stop=stop,
            seed=seed,
            listen=lambda problem: _checked(problem, on_progress),
        )
        return Searched(found, pair_worth(found), found.plans(), found.serving.finished)

    searched = search_by_hour(posed.problem, search, stop)
    stages = _as_driven(posed.problem, searched.found)
    posed = replace(posed, problem=with_reason_hours(posed.problem, stages.second.reason_hours))
    on_progress(Progress("check"))
    first = explained_plan(replace(posed, problem=stages.first), stages.bringing)
    second = explained_plan(replace(posed, problem=stages.second), stages.serving)
    plan = together(first, relax_plan(stages.second, second, ground=posed.ground), stages.transfers)
    plan = assign_drivers(posed.problem.scenario, plan)
    violations = check_stages(posed, plan)
    if violations:
        raise PlanRejected(violations)
    serving = replace(stages.serving, finished=searched.finished)
    return Planned(posed.ground, all_visits(posed.problem, stages.transfers), plan, serving)


def _as_driven(problem: Problem, stages: TwoStages) -> TwoStages:
    (first, bringing), (second, serving) = stages.plans()
    whole = all_visits(problem, stages.transfers)
    hours = as_driven(whole, together(bringing, serving, stages.transfers)).reason_hours
    return replace(stages, first=with_reason_hours(first, hours), second=with_reason_hours(second, hours))


def check_stages(posed: Posed, plan: Plan) -> tuple[Violation, ...]:
    """Every rule a plan of two stages breaks: in either stage, between them, and on the roads."""
    found = [*check_transfers(posed.problem.scenario, plan)]
    for problem, part in apart(posed.problem, plan):
        found += (*check_plan(problem, part), *check_roads(posed.ground, problem, part))
    return (*found, *check_drivers(posed.problem.scenario, plan))


def _fitted(problem: Problem, solver: base.Solver) -> base.Solver:
    """The solver, with what is fixed, what was planned before and the price of the longest route around it."""
    if problem.scenario.earlier is not None:
        solver = ChangingLittle(solver)
    if problem.scenario.locks:
        solver = HoldingLocks(solver)
    return PricingLongest(solver) if problem.scenario.policy.longest_route_price else solver


def finish_plan(posed: Posed, solution: Solution) -> Plan:
    """Times and totals, the ways driven, drivers, and for whatever is late or unserved why, and what would help."""
    plan = explained_plan(posed, solution)
    return relax_plan(posed.problem, assign_drivers(posed.problem.scenario, plan), ground=posed.ground)


def explained_plan(posed: Posed, solution: Solution) -> Plan:
    """Times and totals, the ways driven, and a tested reason for whatever is late or unserved."""
    return explain_plan(posed.problem, drive_legs(posed, plan_of(posed.problem, solution)))


def require_good(posed: Posed, plan: Plan) -> None:
    violations = check_plan(posed.problem, plan) + check_roads(posed.ground, posed.problem, plan)
    violations += check_drivers(posed.problem.scenario, plan) + check_locks(posed.problem, plan)
    if violations:
        raise PlanRejected(violations)


def _checked(problem: Problem, on_progress: OnProgress) -> base.OnImprovement:
    def hear(solution: Solution) -> None:
        plan = plan_of(problem, solution)
        violations = check_plan(problem, plan, explained=False)
        if violations:
            raise PlanRejected(violations)
        on_progress(Progress("solve", plan.summary))

    return hear


def drive_legs(posed: Posed, plan: Plan) -> Plan:
    """The same plan with the arcs and metres of every leg, and its totals added up anew."""
    vehicles = {vehicle.id: vehicle for vehicle in posed.problem.scenario.vehicles}
    routes = tuple(
        with_totals(
            replace(route, loops=tuple(_drive_loop(posed, vehicles[route.vehicle], loop) for loop in route.loops)),
            route.totals.fixed_cost_s,
            route.totals.price_s,
        )
        for route in plan.routes
    )
    return with_summary(posed.problem, routes, plan.unserved)


def _drive_loop(posed: Posed, vehicle: Vehicle, loop: Loop) -> Loop:
    row = posed.problem.depot_row(loop.depot)
    stops: list[Stop] = []
    *hours, back_hour = [hour_at(posed.problem.scenario, left_s) for left_s in leaving_s(loop)]
    for stop, hour in zip(loop.stops, hours, strict=True):
        gate = posed.problem.gate_of(vehicle, stop.visit)
        leg = posed.ground.leg(vehicle.road_class, row, stop.visit.row, hour)
        stops.append(replace(stop, leg=leg, gate=gate and gate.id))
        row = stop.visit.row
    back = posed.ground.leg(vehicle.road_class, row, posed.problem.depot_row(loop.end), back_hour)
    return replace(loop, stops=tuple(stops), back_leg=back)
