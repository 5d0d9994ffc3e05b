"""Lower and lower ceilings on the longest route, by any solver; and the plan that a price on the longest route calls for.

The epsilon-constraint method for two aims, cost and longest route (Haimes, Lasdon and Wismer 1971,
doi:10.1109/TSMC.1971.4308298). What is found under one ceiling also counts under every other that it keeps. Between the
longest route under one ceiling and the next lower ceiling lies a gap, of which nothing is known; a ladder grows by rungs
in the middle of gaps. No solver needs to know of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from geodata.errors import BadInput
from routing.evaluate import Solution, Worth, longest_route_s, plan_of, worth
from routing.model import Problem, Seconds
from routing.solvers import base
from routing.solvers.improve import keep_what_may_stay, place_left_out
from routing.variants import with_ceiling

RUNGS = 8
"""Ceilings tried for a plan with a price on its longest route, the scenario's own included."""

FIRST_SHARE = 0.5
"""Of a time budget, what is spent before ceilings are lowered. Of a work limit it is all, and the rest as much again:
so a plan with a price is never worth less, price counted, than the one made without.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """The best solution found under a ceiling, None for the scenario's own. ``problem``: with that ceiling.

    ``finished``: its own search was not cut short.
    """

    ceiling_s: Seconds | None
    problem: Problem
    solution: Solution
    worth: Worth
    longest_s: Seconds
    finished: bool

    def serves_as_well_as(self, other: Rung) -> bool:
        """No more visits unserved or late, and no later: only the cost may differ."""
        return self.worth[:-1] <= other.worth[:-1]


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """Ceilings above ``over_s`` and below ``under_s``, the longest route of ``rung``."""

    over_s: Seconds
    under_s: Seconds
    rung: Rung

    @property
    def width_s(self) -> Seconds:
        return self.under_s - self.over_s

    @property
    def middle_s(self) -> Seconds:
        return (self.over_s + self.under_s) // 2


EffortOf = Callable[[int], base.Stop]
"""The work for the n-th search, counted from zero."""


class Ladder:
    """Rungs from the scenario's own ceiling downwards. Deterministic where the solver is."""

    def __init__(
        self, problem: Problem, solver: base.Solver, effort: EffortOf, *, seed: int, on_improvement: base.OnImprovement
    ) -> None:
        self._problem = problem
        self._solver = solver
        self._effort = effort
        self._seed = seed
        self._on_improvement = on_improvement
        self._forbidden_s = 0
        self._searches = 0
        self._found: list[Solution] = []
        self.rungs: tuple[Rung, ...] = (self._rung(None, problem, self._searched(problem)),)

    @property
    def top(self) -> Rung:
        return self.rungs[0]

    def serving_as_well(self) -> list[Rung]:
        """The rungs that serve as well as the top, from the top downwards."""
        return [rung for rung in self.rungs if rung.serves_as_well_as(self.top)]

    def gaps(self) -> list[Gap]:
        """From the highest to the lowest, below which something is served worse than at the top."""
        good = self.serving_as_well()
        worse = [rung.ceiling_s or 0 for rung in self.rungs if not rung.serves_as_well_as(self.top)]
        below = [*(rung.ceiling_s or 0 for rung in good[1:]), max([self._forbidden_s, *worse])]
        gaps = (Gap(over_s, rung.longest_s, rung) for rung, over_s in zip(good, below, strict=True))
        return [gap for gap in gaps if gap.width_s > 1]

    def try_within(self, gap: Gap) -> Rung | None:
        """A rung in the middle of a gap; None where locks forbid that ceiling, and with it all that are lower."""
        ceiling_s = gap.middle_s
        problem = with_ceiling(self._problem, ceiling_s)
        try:
            solution = self._searched(problem)
        except BadInput:
            self._forbidden_s = ceiling_s
            return None
        if not problem.scenario.locks:
            self._found.append(place_left_out(problem, keep_what_may_stay(problem, gap.rung.solution)))
        rungs = [self._best(rung) for rung in (*self.rungs[1:], self._rung(ceiling_s, problem, solution))]
        self.rungs = (self._best(self.top), *sorted(rungs, key=lambda rung: -(rung.ceiling_s or 0)))
        return next(rung for rung in self.rungs if rung.ceiling_s == ceiling_s)

    def _searched(self, problem: Problem) -> Solution:
        stop = self._effort(self._searches)
        self._searches += 1
        found = self._solver.solve(problem, stop=stop, seed=self._seed, on_improvement=self._on_improvement)
        found = found if worth(problem, found) is not None else keep_what_may_stay(problem, found)
        self._found.append(found)
        return found

    def _rung(self, ceiling_s: Seconds | None, problem: Problem, solution: Solution) -> Rung:
        value, longest_s = worth(problem, solution) or (), _longest_s(problem, solution)
        return Rung(ceiling_s, problem, solution, value, longest_s, solution.finished)

    def _best(self, rung: Rung) -> Rung:
        """The rung with the best of all that was found: by worth, then by the longest route."""
        for solution in self._found:
            found = worth(rung.problem, solution)
            if found is not None and found <= rung.worth:
                other = replace(rung, solution=solution, worth=found, longest_s=_longest_s(rung.problem, solution))
                rung = min(rung, other, key=lambda each: (each.worth, each.longest_s))
        return rung


def _longest_s(problem: Problem, solution: Solution) -> Seconds:
    return longest_route_s(plan_of(problem, solution).routes)


# --- the price of the longest route -------------------------------------------------------------------------------


class PricingLongest:
    """A solver that counts the price of the plan's longest route, by any solver that knows nothing of it.

    Of the gaps that may hold something better than the best so far, each time the one that promises most is tried: no
    plan in it costs less than the rung above it, nor has it a longest route shorter than the gap's lower end.
    """

    def __init__(self, engine: base.Solver) -> None:
        self._engine = engine
        self.name = engine.name
        self.version = engine.version

    def solve(self, problem: Problem, *, stop: base.Stop, seed: int, on_improvement: base.OnImprovement) -> Solution:
        if stop.iterations is None and stop.seconds is None:
            stop = replace(stop, iterations=base.DEFAULT_ITERATIONS)
        best = _Best(problem, on_improvement)
        ladder = Ladder(problem, self._engine, lambda search: _part(stop, search), seed=seed, on_improvement=best.hear)
        best.hear(ladder.top.solution)
        for _ in range(RUNGS - 1):
            gap = best.most_promising(ladder.gaps())
            if gap is None or stop.now():
                break
            ladder.try_within(gap)
            for rung in ladder.rungs:
                best.hear(rung.solution)
        return replace(best.solution, work_limit=stop.iterations, finished=not stop.now())


def _part(stop: base.Stop, search: int) -> base.Stop:
    """The first search gets its share, the others the rest, alike."""
    later = (1 - FIRST_SHARE) / (RUNGS - 1)
    share, before = (later, FIRST_SHARE + (search - 1) * later) if search else (FIRST_SHARE, 0.0)
    return replace(
        stop,
        iterations=None if stop.iterations is None else max(1, round(stop.iterations * share / FIRST_SHARE)),
        seconds=None if stop.seconds is None else stop.seconds * (before + share),
        on_work=lambda done: stop.on_work(before + min(done, 1.0) * share),
    )


class _Best:
    """The best solution heard, with the price; passed on where it is better than all before."""

    def __init__(self, problem: Problem, on_improvement: base.OnImprovement) -> None:
        self._problem = problem
        self._on_improvement = on_improvement
        self._price = problem.scenario.policy.longest_route_price
        self._worth: Worth | None = None
        self.solution = Solution(tuple(() for _ in problem.scenario.vehicles))

    def hear(self, solution: Solution) -> None:
        found = priced_worth(self._problem, solution)
        if found is not None and (self._worth is None or found < self._worth):
            self.solution, self._worth = solution, found
            self._on_improvement(solution)

    def most_promising(self, gaps: list[Gap]) -> Gap | None:
        gap = min(gaps, key=self._promise, default=None)
        return gap if gap is not None and (self._worth is None or self._promise(gap) < self._worth) else None

    def _promise(self, gap: Gap) -> Worth:
        *service, cost_s = gap.rung.worth
        return (*service, cost_s + round(self._price * (gap.over_s + 1)))


def priced_worth(problem: Problem, solution: Solution) -> Worth | None:
    """What a solution is worth with the price of its longest route; None when it breaks a rule."""
    found = worth(problem, solution)
    return None if found is None else (*found[:-1], plan_of(problem, solution).summary.objective.cost_s)
