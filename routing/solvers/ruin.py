"""What to take out of a solution so that it can be put together better: strings of visits near each other, and loops.

Strings as in slack induction by string removals (Christiaens and Vanden Berghe 2020, doi:10.1287/trsc.2019.0914).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from routing.solvers.lines import Calls

TAKEN_OUT = 10
"""Visits taken out on average."""

LONGEST_STRING = 10
GAP_CHANCE = 0.5
"""Of a string that leaves some visits in its middle where they are."""


def strings(routes: Sequence[Calls], near: Sequence[int], chance: random.Random, vehicles: Collection[int]) -> set[int]:
    """One string each from the routes of these vehicles that have visits nearest, given nearest first."""
    route_of = {call: number for number in vehicles for call in routes[number] if call >= 0}
    driven = [number for number in vehicles if routes[number]]
    if not driven:
        return set()
    longest = min(LONGEST_STRING, max(1, len(route_of) // len(driven)))
    most = int(chance.uniform(1, 4 * TAKEN_OUT / (1 + longest)))
    taken: set[int] = set()
    cut: set[int] = set()
    for visit in near:
        number = route_of.get(visit)
        if number is None or number in cut:
            continue
        taken.update(_string([call for call in routes[number] if call >= 0], visit, longest, chance))
        cut.add(number)
        if len(cut) >= most:
            break
    return taken


def _string(visits: Sequence[int], visit: int, longest: int, chance: random.Random) -> Sequence[int]:
    """Consecutive visits, the given one among them or in the gap."""
    length = chance.randint(1, min(len(visits), longest))
    spared = chance.randint(1, len(visits) - length) if length < len(visits) and chance.random() < GAP_CHANCE else 0
    at = visits.index(visit)
    first = chance.randint(max(0, at - length - spared + 1), min(at, len(visits) - length - spared))
    whole = visits[first : first + length + spared]
    gap = chance.randint(0, length)
    return [*whole[:gap], *whole[gap + spared :]]


def loop_of(route: Calls, visit: int) -> set[int]:
    """Every visit of the loop with the given one."""
    loop: set[int] = set()
    for call in route:
        if call < 0 and visit in loop:
            break
        loop = loop | {call} if call >= 0 else set()
    return loop
