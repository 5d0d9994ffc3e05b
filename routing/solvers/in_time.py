"""A large neighbourhood search for plans in which everything is in time, and which cost less.

Ruin and recreate after Christiaens and Vanden Berghe 2020 (doi:10.1287/trsc.2019.0914): visits that are near each other
are taken out and put back one by one at their cheapest places. What was left out again and again counts for more and more
until something else makes room for it, the idea of Nagata and Braysy 2009 (doi:10.1016/j.orl.2009.04.006).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from routing.evaluate import Solution, Worth
from routing.model import Problem
from routing.solvers.base import Stop
from routing.solvers.insertion import RoutesInTime
from routing.solvers.lines import Calls, Ground
from routing.solvers.ruin import loop_of, strings

STEPS_IN_VAIN = 200
"""So many steps per visit without anything better end the search: of few visits all has been seen long before."""

MISSED = 0.02
"""Part of the places that an insertion overlooks, so that it does not always end where it began."""

WHOLE_LOOP = 0.2
"""Of the visits around which is taken out, so many bring their whole loops with them."""

ANYWHERE = 0.3
"""How often is taken out around any visit, though some are left out around which it could be."""

TAKERS_ONLY = 0.5
"""How often, around one that is left out, only from vehicles that may come to it."""

MOST_TRIED = 5
"""Of what was left out before, so many are tried in each round beside what was taken out."""

LATE = slice(4, 9)
"""Of a worth: what is late."""

HEEDED = 0.7
"""How often bays that the others load at are heeded when a visit is put back, and not only when all is done."""

HEAT = 0.2
"""Of what a visit costs on average, what a worse plan may cost more at first."""

STEADY = 0.3
"""The part of that where no end is known towards which it could fall."""

URGENT = {0: 128, 1: 64, 2: 32, 3: 16}
"""How much a visit that is left out counts at first, by urgency; each time it is left out again it counts for one more."""


def search_in_time(
    problem: Problem, solution: Solution, stop: Stop, *, most_looks: int | None, seed: int, share: float = 1.0
) -> Solution:
    """The best solution found in which nothing is late; what would be is left out, also what is late to begin with.

    ``share``: of a time budget, what may have passed while something is left out. Same seed and number of looks: same
    result.
    """
    search = _Search(problem, solution, random.Random(seed))
    while not stop.now(share=share if search.best.left else 1.0):
        if search.in_vain >= STEPS_IN_VAIN * len(problem.visits) or (
            most_looks is not None and search.looks >= most_looks
        ):
            return replace(solution, routes=search.best.routes)
        search.step(STEADY if most_looks is None else 1 - search.looks / most_looks)
    return replace(solution, routes=search.best.routes, finished=False)


@dataclass(frozen=True, slots=True)
class _State:
    routes: tuple[Calls, ...]
    left: frozenset[int]
    worth: Worth


class _Search:
    def __init__(self, problem: Problem, solution: Solution, chance: random.Random) -> None:
        self.in_vain = 0
        self._chance = chance
        self._visits = problem.visits
        self._ground = Ground(problem)
        self._routes = RoutesInTime(problem, self._ground)
        self._priced = problem.scenario.policy.objective == "prices"
        self._misses = [URGENT[visit.urgency] for visit in problem.visits]
        self._keys = self._orders()
        self._near: dict[int, list[int]] = {}
        self._now = self._nothing()
        self._routes.restart(solution.routes)
        self._now = self.best = self._found() or self._nothing()
        self._routes.look_at_bays(heed=True)

    @property
    def looks(self) -> int:
        return self._routes.looks

    def step(self, heat: float) -> None:
        """Take out and put back; what is found is kept where it is not worse, or by little. ``heat`` falls to 0."""
        self._routes.looks += 1
        self.in_vain += 1
        self._take_out()
        self._put_back()
        found = self._found() if self._promising() else None
        for visit in self._routes.left:
            self._misses[visit] += 1
        if found is None or not self._accepts(found, heat):
            self._routes.restart(self._now.routes)
            return
        self._now = found
        if found.worth < self.best.worth:
            self.best, self.in_vain = found, 0
        self._routes.look_at_bays(heed=self._chance.random() < HEEDED)

    def _promising(self) -> bool:
        return self._missed(self._routes.left) <= self._missed(self._now.left)

    def _found(self) -> _State | None:
        """What the routes are now, without what is late for want of bays; None where a rule is broken."""
        worth = self._routes.worth()
        if worth is None or any(worth[LATE]):
            self._routes.leave_out_what_is_late()
            worth = self._routes.worth() if self._promising() else None
        if worth is None or any(worth[LATE]):
            return None
        return _State(tuple(self._routes.routes), frozenset(self._routes.left), worth)

    def _nothing(self) -> _State:
        self._routes.restart([() for _ in self._routes.routes])
        worth = self._routes.worth()
        assert worth is not None, "vehicles that stand idle break no rule"  # noqa: S101
        return _State(tuple(self._routes.routes), frozenset(self._routes.left), worth)

    def _missed(self, left: Collection[int]) -> int:
        """Nothing where leaving out has its price in what a plan is worth."""
        return 0 if self._priced else sum(self._misses[visit] for visit in left)

    def _accepts(self, found: _State, heat: float) -> bool:
        if self._missed(found.left) < self._missed(self._now.left):
            return True
        served = max(1, len(self._visits) - len(found.left))
        worse_s = -math.log(1 - self._chance.random()) * heat * HEAT * self._now.worth[-1] / served
        return found.worth[-1] <= self._now.worth[-1] + worse_s

    def _take_out(self) -> None:
        route_of = self._routes.route_of()
        if not route_of:
            return
        seed, vehicles = self._seed(sorted(route_of))
        near = self._near_to(seed)
        taken = strings(self._routes.routes, near, self._chance, vehicles)
        if self._chance.random() < WHOLE_LOOP and (first := next((v for v in near if v in taken), None)) is not None:
            taken |= loop_of(self._routes.routes[route_of[first]], first)
        self._routes.take_out(taken)

    def _seed(self, served: Sequence[int]) -> tuple[int, Collection[int]]:
        """The visit around which is taken out, and from which vehicles: where it was left out, perhaps only its takers."""
        everybody = range(len(self._routes.routes))
        if not self._routes.left or self._chance.random() < ANYWHERE:
            return self._chance.choice(served), everybody
        left = self._chance.choice(sorted(self._routes.left))
        return left, self._ground.takers[left] if self._chance.random() < TAKERS_ONLY else everybody

    def _near_to(self, visit: int) -> list[int]:
        """Itself first."""
        if visit not in self._near:
            self._near[visit] = self._ground.near(visit)
        return self._near[visit]

    def _put_back(self) -> None:
        before = self._now.left
        tried = sorted(self._routes.left - before)
        tried += self._chance.sample(sorted(before), min(len(before), MOST_TRIED))
        for visit in self._in_some_order(tried):
            self._routes.put_in(visit, self._chance, MISSED)

    def _in_some_order(self, visits: list[int]) -> list[int]:
        """At random, or what was missed most first, the latest, the heaviest, the fewest takers."""
        self._chance.shuffle(visits)
        key = self._chance.choice(self._keys)
        return visits if key is None else sorted(visits, key=key)

    def _orders(self) -> list[Callable[[int], int] | None]:
        ground, last_s = self._ground, [visit.deadline_s for visit in self._visits]
        return [
            None,
            lambda visit: -self._misses[visit],
            lambda visit: last_s[visit],
            lambda visit: -ground.loads[visit].crates,
            lambda visit: len(ground.takers[visit]),
        ]
