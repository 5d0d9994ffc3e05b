"""The best plan with loops and every rule of a vehicle, by trying all routes, all times of loading and all rests.

Every time is a multiple of five minutes, so that trying those is trying all. Nothing here is taken from the timetable:
a route is driven step by step for every choice of instants. Loading bays are left to other tests.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

from routing.evaluate import Worth
from routing.model import (
    UNBOUND,
    Break,
    Depot,
    DispatchOrder,
    Interval,
    Load,
    Policy,
    Problem,
    Site,
    SupplyKind,
    Vehicle,
    Visit,
    ZoneLevel,
)
from tests.routing import small

STEP_S = 300
Loops = list[tuple[str, list[Visit]]]
Draws = frozenset[tuple[tuple[str, str], int]]


Best = dict[tuple[frozenset[str], Draws], Worth]
"""Per set of visits, and what is drawn for them, the least worth of a vehicle's route."""


def best_worth(problem: Problem) -> Worth:
    """The least worth over all ways to deal the visits out to the vehicles, in loops."""
    return best_of_fleet(problem, [_best_routes(problem, vehicle) for vehicle in problem.scenario.vehicles])


def best_of_fleet(problem: Problem, routes: Sequence[Best]) -> Worth:
    """The least worth of one route or none per vehicle, within stock and sites' caps."""
    best: Best = {(frozenset(), frozenset()): (0,) * 10}
    for of_vehicle in routes:
        longer = dict(best)
        for (served, draws), worth in of_vehicle.items():
            for (before, drawn), so_far in best.items():
                both = None if before & served else _drawn_together(problem, drawn, draws)
                if both is not None:
                    key, total = (before | served, both), tuple(a + b for a, b in zip(so_far, worth, strict=True))
                    longer[key] = min(longer.get(key, total), total)
        best = longer
    return min(_with_left_out(problem, served, worth) for (served, _), worth in best.items())


def _best_routes(problem: Problem, vehicle: Vehicle) -> Best:
    best: Best = {}
    for served, draws, worth in _routes(problem, vehicle):
        best[served, draws] = min(best.get((served, draws), worth), worth)
    return best


def _with_left_out(problem: Problem, served: frozenset[str], worth: Worth) -> Worth:
    total = list(worth)
    for visit in problem.visits:
        if visit.id not in served:
            total[visit.urgency] += 1
    return tuple(total)


def _drawn_together(problem: Problem, one: Draws, other: Draws) -> Draws | None:
    """What both draw, None where it is more than there is."""
    drawn = Counter(dict(one))
    drawn.update(dict(other))
    for depot in problem.scenario.depots:
        for kind, units in depot.stock.items():
            if drawn[depot.place.id, kind] > units:
                return None
    for site in problem.scenario.sites:
        if site.most_vehicles is not None and drawn["vehicles", site.place.id] > site.most_vehicles:
            return None
    return frozenset(drawn.items())


def _routes(problem: Problem, vehicle: Vehicle) -> Iterator[tuple[frozenset[str], Draws, Worth]]:
    for size in range(1, len(problem.visits) + 1):
        for order in permutations(problem.visits, size):
            for loops in _cut(vehicle, list(order)):
                worth = route_worth(problem, vehicle, loops)
                if worth is not None:
                    yield frozenset(visit.id for visit in order), _draws(loops), worth


def _cut(vehicle: Vehicle, order: list[Visit]) -> Iterator[Loops]:
    """Every way to cut an order of visits into loops and to choose where each loads."""
    ways = [None, *vehicle.reload_at] if vehicle.max_loops > 1 else [None]
    for reloads in product(ways, repeat=len(order) - 1):
        loops: Loops = [(vehicle.start, [order[0]])]
        for visit, reload in zip(order[1:], reloads, strict=True):
            if reload is None:
                loops[-1][1].append(visit)
            else:
                loops.append((reload, [visit]))
        if len(loops) <= vehicle.max_loops:
            yield loops


def _draws(loops: Loops) -> Draws:
    drawn: Draws = frozenset()
    for depot, visits in loops:
        drawn = drawn_on_top(drawn, depot, visits)
    return drawn


def drawn_on_top(drawn: Draws, depot: str, visits: Sequence[Visit]) -> Draws:
    """With one more loop: units per (depot, kind), and the sites that the vehicle comes to."""
    total = Counter(dict(drawn))
    for visit in visits:
        total["vehicles", visit.site] = 1
        for line in visit.lines:
            total[depot, line.kind] += line.units
    return frozenset(total.items())


def stranger_price_s(problem: Problem, vehicle: Vehicle, visits: Sequence[Visit]) -> int:
    strangers = sum(1 for visit in visits if visit.preferred and vehicle.id not in visit.preferred)
    return strangers * problem.scenario.policy.unpreferred_price_s


def route_worth(problem: Problem, vehicle: Vehicle, loops: Loops) -> Worth | None:
    """What the route adds, timed in the best way: fewest late, least late, earliest back, latest away."""
    if not all(_may_ride(problem, vehicle, visits) for _, visits in loops):
        return None
    best = min(_timings(problem, vehicle, loops), default=None)
    if best is None:
        return None
    *late, late_s, back_s, minus_departure_s = best
    price_s = sum(stranger_price_s(problem, vehicle, visits) for _, visits in loops)
    return (0, 0, 0, 0, *late, late_s, back_s + minus_departure_s + vehicle.fixed_cost_s + price_s)


def _may_ride(problem: Problem, vehicle: Vehicle, visits: list[Visit]) -> bool:
    apart = {kind.id: kind.apart for kind in problem.scenario.kinds}
    kinds = {line.kind for visit in visits for line in visit.lines}
    return (
        sum(visit.load.crates for visit in visits) <= vehicle.capacity.crates
        and not any(one in apart[other] for one in kinds for other in kinds)
        and [visit.zone for visit in visits] == sorted(visit.zone for visit in visits)
        and all(visit.allowed is None or vehicle.id in visit.allowed for visit in visits)
        and all(visit.needs_pass is None or visit.needs_pass in vehicle.passes for visit in visits)
    )


# --- times ------------------------------------------------------------------------------------------------------


def _timings(problem: Problem, vehicle: Vehicle, loops: Loops) -> Iterator[tuple[int, ...]]:
    policy = problem.scenario.policy
    instants = range(0, vehicle.shift.close_s + 1, STEP_S)
    later = [instants if policy.target_from == "departure" else [0]] * (len(loops) - 1)
    for rests in _ways_to_rest(vehicle):
        drive = _Drive(problem, vehicle, loops, rests)
        for loading in product(instants, *later):
            found = drive.driven(loading)
            if found is not None:
                yield found


def _ways_to_rest(vehicle: Vehicle) -> Iterator[tuple[int | None, ...]]:
    """Per break every instant it may begin at, or None: spared."""
    yield from product(*([None, *range(r.window.open_s, r.window.close_s + 1, STEP_S)] for r in vehicle.breaks))


@dataclass
class _Drive:
    problem: Problem
    vehicle: Vehicle
    loops: Loops
    rests: tuple[int | None, ...]

    def driven(self, loading: Sequence[int]) -> tuple[int, ...] | None:
        """What is late, when it is back and how early it left, if no loop loads before its instant; None: not so."""
        self.pauses = sorted(
            (start_s, rest.duration_s)
            for start_s, rest in zip(self.rests, self.vehicle.breaks, strict=True)
            if start_s is not None
        )
        late, late_s, now_s, row, first_s, gap_s = [0] * 4, 0, 0, -1, 0, 0
        for number, ((depot, visits), wished_s) in enumerate(zip(self.loops, loading, strict=True)):
            there = self.problem.depot_row(depot)
            if number:
                drive_s = self.problem.drive_s(self.vehicle, row, there)
                there_s = self.loaded(self.problem.depots[depot], visits, max(now_s + drive_s + gap_s, wished_s))
                now_s = self.moved(now_s, drive_s, busy_until_s=there_s or 0) + gap_s
            left_s = self.loaded(self.problem.depots[depot], visits, max(now_s, wished_s))
            if left_s is None or (number == 0 and left_s - self.loading_s(depot, visits) != wished_s):
                return None
            now_s, row = left_s, there
            first_s = first_s if number else left_s
            for visit in visits:
                now_s, row = self.moved(now_s, self.problem.drive_s(self.vehicle, row, visit.row)), visit.row
                start_s = self.begun(visit, now_s)
                if start_s is None:
                    return None
                from_order = self.problem.scenario.policy.target_from == "order"
                over_s = start_s - visit.within_s - (visit.order.order_s if from_order else left_s)
                late[visit.urgency] += over_s > 0
                late_s += max(0, over_s)
                now_s = start_s + visit.service_s
            sealed = any(visit.zone is ZoneLevel.SEALED for visit in visits)
            gap_s = self.problem.scenario.policy.disinfection_s if sealed else 0
        back_s = self.moved(now_s, self.problem.drive_s(self.vehicle, row, self.problem.depot_row(self.vehicle.end)))
        return (*late, late_s, back_s, -first_s) if self.stands(first_s, back_s, late_s) else None

    def moved(self, free_s: int, drive_s: int, *, busy_until_s: int = 0) -> int:
        """Drive at once if that, and the loading after it, is over before the next rest, otherwise after it."""
        while self.pauses and free_s <= self.pauses[0][0] < max(free_s + drive_s, busy_until_s):
            start_s, duration_s = self.pauses.pop(0)
            free_s = start_s + duration_s
        return free_s + drive_s

    def loading_s(self, depot: str, visits: list[Visit]) -> int:
        known = self.problem.depots[depot]
        return known.loading_s + round(known.loading_per_crate_s * sum(visit.load.crates for visit in visits))

    def loaded(self, depot: Depot, visits: list[Visit], from_s: int) -> int | None:
        """When it leaves, loaded from the given instant on."""
        duration_s = self.loading_s(depot.place.id, visits)
        from_s = max([from_s, self.vehicle.shift.open_s, *(visit.order.order_s for visit in visits)])
        hours = [Interval(0, 10**6)] if depot.opening is None else depot.opening
        ends = [max(from_s, h.open_s) + duration_s for h in hours if max(from_s, h.open_s) + duration_s <= h.close_s]
        return min(ends, default=None)

    def begun(self, visit: Visit, arrival_s: int) -> int | None:
        while True:
            starts = [max(arrival_s, w.open_s) for w in visit.windows if arrival_s <= w.close_s]
            start_s = min(starts, default=None)
            if start_s is None:
                return None
            if not self.pauses or start_s + visit.service_s <= self.pauses[0][0] or arrival_s > self.pauses[0][0]:
                return start_s
            rest_s, duration_s = self.pauses.pop(0)
            arrival_s = rest_s + duration_s

    def stands(self, left_s: int, back_s: int, late_s: int) -> bool:
        """Back on duty, not out too long, not late where that is not wanted, every rest taken or spared."""
        policy = self.problem.scenario.policy
        spared = all(
            start_s is not None or left_s >= rest.window.open_s + rest.duration_s or back_s <= rest.window.close_s
            for start_s, rest in zip(self.rests, self.vehicle.breaks, strict=True)
        )
        return (
            spared
            and not self.pauses
            and back_s <= self.vehicle.shift.close_s
            and (policy.longest_route_s is None or back_s - left_s <= policy.longest_route_s)
            and (policy.after_target == "deliver_late" or not late_s)
        )


# --- random problems --------------------------------------------------------------------------------------------


KINDS = (
    replace(small.KIT, apart=frozenset({"medicine"})),
    SupplyKind("medicine", "药品", grams=1_000, cm3=1_000, crates=1.0, apart=frozenset({"kit"})),
)


def random_problem(seed: int, *, visits: int = 4, bays: bool = False) -> Problem:
    """Few visits, two vehicles, and each rule with some chance."""
    chance = random.Random(seed)
    orders = [DispatchOrder("w1", 0, STEP_S * chance.randint(4, 12), 36 * STEP_S)]
    if chance.random() < 0.3:
        orders.append(replace(orders[0], id="w2", order_s=STEP_S * chance.randint(1, 4)))
    policy = Policy(
        after_target=chance.choice(("deliver_late", "deliver_late", "leave_out")),
        target_from=chance.choice(("order", "order", "departure")),
        longest_route_s=STEP_S * chance.randint(12, 30) if chance.random() < 0.3 else None,
        disinfection_s=STEP_S * chance.randint(0, 4),
        unpreferred_price_s=STEP_S * chance.randint(0, 4),
    )
    vehicles = [_random_vehicle(chance, number) for number in range(2)]
    if chance.random() < 0.4:
        vehicles[1] = replace(vehicles[0], id="V1", name="V1")
    given = small.scenario(
        [_random_site(chance, number, orders) for number in range(visits)],
        vehicles,
        depots=[_random_depot(chance, name, bays=bays) for name in ("D", "E")],
        orders=tuple(orders),
        policy=policy,
        kinds=KINDS,
    )
    return small.table_problem(given, _random_table(chance, visits + 2))


def _random_vehicle(chance: random.Random, number: int) -> Vehicle:
    breaks = []
    if chance.random() < 0.4:
        open_s = STEP_S * chance.randint(0, 10)
        window = Interval(open_s, open_s + STEP_S * chance.randint(0, 6))
        breaks.append(Break(window, STEP_S * chance.randint(1, 3)))
    return small.vehicle(
        f"V{number}",
        start=chance.choice("DDE"),
        end=chance.choice("DDE"),
        capacity=Load(UNBOUND, UNBOUND, chance.choice((2, 3, 4, 6))),
        shift=Interval(STEP_S * chance.choice((0, 0, 2)), STEP_S * chance.choice((16, 28, 36))),
        fixed_cost_s=chance.choice((0, 1_800)),
        max_loops=chance.choice((1, 2, 2, 3)),
        reload_at=chance.choice((("D",), ("E",), ("D", "E"))),
        breaks=tuple(breaks),
        passes=frozenset({"north"} if chance.random() < 0.5 else ()),
    )


def _random_site(chance: random.Random, number: int, orders: list[DispatchOrder]) -> Site:
    opens_s = STEP_S * chance.randint(0, 8)
    hours = [(opens_s, opens_s + STEP_S * chance.randint(0, 12))]
    if chance.random() < 0.3:
        hours.append((hours[0][1] + STEP_S * 2, hours[0][1] + STEP_S * 6))
    kind = chance.choice(("kit", "kit", "medicine"))
    return small.site(
        f"S{number}",
        lines=[(kind, chance.randint(1, 3))],
        receiving=hours if chance.random() < 0.4 else None,
        order=chance.choice(orders).id,
        service_s=STEP_S * chance.randint(0, 2),
        finish_by_close=chance.random() < 0.2,
        priority=chance.choice((1, 2, 2, 3)),
        required=chance.random() < 0.2,
        target_s=STEP_S * chance.randint(2, 12) if chance.random() < 0.2 else None,
        zone=chance.choice((ZoneLevel.OPEN, ZoneLevel.OPEN, ZoneLevel.CONTROLLED, ZoneLevel.SEALED)),
        most_vehicles=1 if chance.random() < 0.2 else None,
        allowed=frozenset(chance.sample(["V0", "V1"], 1)) if chance.random() < 0.15 else None,
        needs_pass="north" if chance.random() < 0.15 else None,
        preferred=frozenset(chance.sample(["V0", "V1"], 1)) if chance.random() < 0.2 else frozenset(),
    )


def _random_depot(chance: random.Random, name: str, *, bays: bool) -> Depot:
    opening = None
    if chance.random() < 0.3:
        open_s = STEP_S * chance.randint(0, 3)
        opening = [(open_s, open_s + STEP_S * 8), (open_s + STEP_S * 12, open_s + STEP_S * 24)]
    return small.depot(
        name,
        opening=opening,
        loading_s=STEP_S * chance.randint(0, 2),
        loading_per_crate_s=float(chance.choice((0, 0, STEP_S))),
        stock={kind: chance.randint(1, 8) for kind in ("kit", "medicine") if chance.random() < 0.25},
        bays=1 if bays else None,
    )


def _random_table(chance: random.Random, rows: int) -> list[list[int]]:
    where = [(chance.randint(0, 3), chance.randint(0, 3)) for _ in range(rows)]
    return [[STEP_S * (abs(x - u) + abs(y - v)) for u, v in where] for x, y in where]
