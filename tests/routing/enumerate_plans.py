"""The best plan of a tiny problem by looking at all of them, and random tiny problems to try it on."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations, permutations

from routing.evaluate import Worth, add_worths, left_out_worth, route_worth
from routing.model import UNBOUND, DispatchOrder, Interval, Load, Policy, Problem, Site, Vehicle, Visit, total_load
from tests.routing import small

Visits = frozenset[int]
LATE_ALLOWED = Policy("deliver_late")


def best_worth(problem: Problem) -> Worth:
    """The least worth over every way to deal the visits out and every order to make them in."""
    problem = _without_late_windows(problem)
    left = {index: left_out_worth(problem, visit) for index, visit in enumerate(problem.visits)}
    best: dict[Visits, Worth] = {frozenset(): route_worth(problem, problem.scenario.vehicles[0], ()) or ()}
    known: dict[Vehicle, dict[Visits, Worth]] = {}
    for vehicle in problem.scenario.vehicles:
        twin = replace(vehicle, id="", name="")
        if twin not in known:
            known[twin] = dict(_best_routes(problem, vehicle))
        best = _with_another(best, known[twin])
    everything = frozenset(left)
    return min(add_worths([worth, *(left[index] for index in everything - served)]) for served, worth in best.items())


def _with_another(best: dict[Visits, Worth], routes: dict[Visits, Worth]) -> dict[Visits, Worth]:
    found = dict(best)
    for served, worth in best.items():
        for also, more in routes.items():
            if not served & also:
                both, total = served | also, add_worths([worth, more])
                found[both] = min(found.get(both, total), total)
    return found


def _best_routes(problem: Problem, vehicle: Vehicle) -> list[tuple[Visits, Worth]]:
    """Per set of visits that fits the vehicle, the worth of the best order."""
    numbers = range(len(problem.visits))
    sets = (chosen for size in range(1, len(numbers) + 1) for chosen in combinations(numbers, size))
    found = []
    for chosen in sets:
        if total_load(problem.visits[index].load for index in chosen).fits(vehicle.capacity):
            worths = [route_worth(problem, vehicle, order) for order in permutations(chosen)]
            allowed = [worth for worth in worths if worth is not None]
            if allowed:
                found.append((frozenset(chosen), min(allowed)))
    return found


def _without_late_windows(problem: Problem) -> Problem:
    """Where nothing may be late, a window ends at the deadline at the latest."""
    if problem.scenario.policy.after_target == "deliver_late":
        return problem
    visits = tuple(
        replace(visit, windows=tuple(met for window in visit.windows if (met := window.meet(_in_time(visit)))))
        for visit in problem.visits
    )
    return replace(problem, visits=visits)


def _in_time(visit: Visit) -> Interval:
    return Interval(0, visit.order.deadline_s)


# --- random problems --------------------------------------------------------------------------------------------


def random_problem(
    seed: int, *, visits: int = 6, policy: Policy | None = None, two_orders: bool = False, opening: bool = False
) -> Problem:
    """Five to seven visits and two or three vehicles, often more work than they can do in time."""
    chance = random.Random(seed)
    target_s = chance.choice((1_500, 3_000, 6_000))
    orders = [DispatchOrder("w1", 0, target_s, 9_000)]
    if two_orders:
        orders.append(DispatchOrder("w2", chance.randint(300, 2_400), target_s, 9_000))
    sites = [_random_site(chance, number, [order.id for order in orders]) for number in range(visits)]
    hours = [(0, 1_000), (2_000, 8_000)] if opening else None
    depots = [small.depot("D", opening=hours), small.depot("E")]
    vehicles = [_random_vehicle(chance, number) for number in range(chance.randint(2, 3))]
    if chance.random() < 0.4:  # some alike
        vehicles[1] = replace(vehicles[0], id="V1", name="V1")
    given = small.scenario(sites, vehicles, depots=depots, orders=tuple(orders), policy=policy or random_policy(chance))
    return small.table_problem(given, _random_table(chance, visits + 2))


def random_policy(chance: random.Random) -> Policy:
    return Policy(after_target=chance.choice(("deliver_late", "deliver_late", "leave_out")))


def _random_site(chance: random.Random, number: int, orders: list[str]) -> Site:
    opens_s = chance.choice((0, 600, 1_200, 3_000))
    closes_s = opens_s + chance.choice((900, 3_000))
    receiving = [(opens_s, closes_s)]
    if chance.random() < 0.3:
        receiving.append((closes_s + 600, closes_s + 1_500))
    return small.site(
        f"S{number}",
        chance.randint(1, 4),
        receiving=receiving if chance.random() < 0.6 else None,
        order=chance.choice(orders),
        service_s=chance.choice((60, 240)),
        finish_by_close=chance.random() < 0.2,
        priority=chance.choice((1, 2, 2, 3)),
        required=chance.random() < 0.2,
    )


def _random_vehicle(chance: random.Random, number: int) -> Vehicle:
    return small.vehicle(
        f"V{number}",
        start=chance.choice("DDE"),
        end=chance.choice("DDE"),
        capacity=Load(UNBOUND, UNBOUND, chance.choice((4, 7, 12))),
        shift=Interval(chance.choice((0, 0, 600)), chance.choice((4_000, 7_000, 12_000))),
        fixed_cost_s=chance.choice((0, 1_800)),
    )


def _random_table(chance: random.Random, rows: int) -> list[list[int]]:
    """Distances in a square of half an hour, roads a little different there and back."""
    where = [(chance.uniform(0, 1_300), chance.uniform(0, 1_300)) for _ in range(rows)]
    return [
        [round(abs(x - u) + abs(y - v)) + (chance.randint(0, 60) if (x, y) != (u, v) else 0) for u, v in where]
        for x, y in where
    ]
