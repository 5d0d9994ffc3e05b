"""What evening out costs: plans under lower and lower ceilings on the longest route, each a checked plan.

From the scenario's own ceiling, or none, down to the lowest found under which nothing is served worse, and one below it.
Service is compared as the scenario's objective orders it: unserved and late visits by urgency, then late seconds. A plan
found under a lower ceiling also counts under the higher ones, so that the curve never rises where the ceiling does. A
search is no proof: a curve that bends less, and a lower ceiling, may be possible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from geodata.errors import Text
from geodata.network import Network
from routing.ceilings import Gap, Ladder, Rung
from routing.echelons import require_one_stage
from routing.model import Plan, Problem, Scenario, Seconds
from routing.pipeline import Posed, explained_plan, pose, require_good
from routing.solvers import base

DEFAULT_ITERATIONS = 600
"""Per ceiling: some two seconds for two hundred visits."""

PRECISION_S = 60
"""How near the lowest ceiling is looked for."""

MOST_CEILINGS = 16
"""Tried altogether: about half of them in search of the lowest, the others in the widest gaps of the curve."""


@dataclass(frozen=True, slots=True)
class EvennessPoint:
    """A checked plan and the ceiling it was found under, None where there was none. ``worse``: than the first, served."""

    ceiling_s: Seconds | None
    worse: bool
    plan: Plan


@dataclass(frozen=True, slots=True)
class EvennessStudy:
    """``points``: from the highest ceiling to the lowest. ``finished`` False: it was stopped before all were tried."""

    problem: Problem
    points: tuple[EvennessPoint, ...]
    finished: bool


OnCeiling = Callable[[Rung], None]
"""Told of each ceiling tried."""


def in_silence(rung: Rung) -> None:
    """Tell nobody."""


def study_evenness(
    scenario: Scenario,
    network: Network,
    *,
    solver: base.Solver,
    stop: base.Stop,
    seed: int = 0,
    on_ceiling: OnCeiling = in_silence,
) -> EvennessStudy:
    """``stop``: work per ceiling. Raises ``PlanRejected`` rather than state a point whose plan breaks a rule."""
    require_one_stage(scenario, Text("均衡试算", "the study of evenness"))
    policy = replace(scenario.policy, objective="lexicographic", longest_route_price=0.0)
    posed = pose(replace(scenario, policy=policy, drivers=(), locks=(), earlier=None), network)
    ladder = Ladder(posed.problem, solver, lambda _: stop, seed=seed, on_improvement=lambda _: None)
    on_ceiling(ladder.top)
    _lower_to_the_last(ladder, stop, on_ceiling)
    _fill_widest(ladder, stop, on_ceiling)
    points = tuple(_point(posed, ladder.top, rung) for rung in _different(ladder))
    return EvennessStudy(posed.problem, points, not stop.cancelled.is_set())


def _lower_to_the_last(ladder: Ladder, stop: base.Stop, on_ceiling: OnCeiling) -> None:
    """By halves, the lowest ceiling under which nothing is served worse."""
    while not stop.now() and (gap := _lowest_gap(ladder)) is not None:
        _try(ladder, gap, on_ceiling)


def _lowest_gap(ladder: Ladder) -> Gap | None:
    lowest = ladder.serving_as_well()[-1]
    return next((gap for gap in ladder.gaps() if gap.rung is lowest and gap.width_s > PRECISION_S), None)


def _fill_widest(ladder: Ladder, stop: base.Stop, on_ceiling: OnCeiling) -> None:
    while not stop.now() and len(ladder.rungs) < MOST_CEILINGS:
        gap = max(ladder.gaps(), key=lambda gap: gap.width_s, default=None)
        if gap is None or gap.width_s <= PRECISION_S:
            return
        _try(ladder, gap, on_ceiling)


def _try(ladder: Ladder, gap: Gap, on_ceiling: OnCeiling) -> None:
    rung = ladder.try_within(gap)
    if rung is not None:
        on_ceiling(rung)


def _different(ladder: Ladder) -> list[Rung]:
    """The top, the lowest rung of each other solution, and the first of those that serve worse for all their search."""
    lowest = {rung.solution.routes: rung for rung in ladder.serving_as_well()}
    lowest[ladder.top.solution.routes] = ladder.top
    worse = [rung for rung in ladder.rungs if rung.finished and not rung.serves_as_well_as(ladder.top)]
    return [*lowest.values(), *worse[:1]]


def _point(posed: Posed, top: Rung, rung: Rung) -> EvennessPoint:
    posed = replace(posed, problem=rung.problem)
    plan = explained_plan(posed, rung.solution)
    require_good(posed, plan)
    return EvennessPoint(rung.ceiling_s, not rung.serves_as_well_as(top), plan)
