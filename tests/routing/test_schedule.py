"""Times for a given order of visits, by hand and against a simulation that tries every second of departure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from routing.model import DispatchOrder, Interval, Problem, Site, Vehicle, Visit
from routing.schedule import Timetable, earliest_alone, leaving_windows, timetable
from tests.routing import small


class Trip(NamedTuple):
    """What matters of a timetable of one loop."""

    departure_s: int
    starts_s: tuple[int, ...]
    back_s: int

    def late_s(self, visits: Sequence[Visit]) -> int:
        pairs = zip(self.starts_s, visits, strict=True)
        return sum(max(0, start_s - visit.deadline_s) for start_s, visit in pairs)


def trip(table: Timetable | None) -> Trip | None:
    return None if table is None else Trip(table.departure_s, table.starts_s, table.back_s)


def drive(problem: Problem, *, of: Vehicle | None = None) -> Trip | None:
    """The timetable of all visits in their order, by the first vehicle."""
    return trip(timetable(problem, of or problem.scenario.vehicles[0], problem.visits))


def two_sites(first: Site, second: Site, **members: object) -> Problem:
    """S1 ten minutes from the depot, S2 ten minutes further on."""
    given = replace(small.scenario([first, second]), **members)  # type: ignore[arg-type]
    return small.line_problem(given, S1=10, S2=20)


# --- by hand ----------------------------------------------------------------------------------------------------


def test_without_windows_the_vehicle_leaves_at_the_order_and_never_waits() -> None:
    problem = two_sites(small.site("S1", service_s=60), small.site("S2", service_s=120))
    assert drive(problem) == Trip(0, (600, 1_260), 2_580)


def test_it_leaves_just_in_time_for_an_opening_that_lies_ahead() -> None:
    problem = two_sites(small.site("S1", receiving=[(5_000, 9_000)]), small.site("S2"))
    assert drive(problem) == Trip(4_400, (5_000, 5_600), 6_800)


def test_it_waits_where_leaving_later_would_miss_the_stop_before() -> None:
    problem = two_sites(small.site("S1", receiving=[(0, 700)]), small.site("S2", receiving=[(3_000, 9_000)]))
    assert drive(problem) == Trip(100, (700, 3_000), 4_200)


def test_a_stop_in_time_is_not_made_late_by_leaving_later() -> None:
    order = DispatchOrder("w1", 0, target_s=1_000)
    problem = two_sites(small.site("S1"), small.site("S2", receiving=[(3_000, 9_000)]), orders=(order,))
    assert drive(problem) == Trip(400, (1_000, 3_000), 4_200)


def test_a_late_stop_is_not_made_later_by_leaving_later() -> None:
    order = DispatchOrder("w1", 0, target_s=500)
    problem = two_sites(small.site("S1"), small.site("S2", receiving=[(3_000, 9_000)]), orders=(order,))
    assert drive(problem) == Trip(0, (600, 3_000), 4_200)


def test_a_missed_window_means_the_next_one() -> None:
    problem = two_sites(small.site("S1", receiving=[(0, 599), (2_000, 2_500)]), small.site("S2"))
    assert drive(problem) == Trip(1_400, (2_000, 2_600), 3_800)


def test_a_later_window_of_a_stop_saves_waiting_at_the_next() -> None:
    """S1 could be begun at 600 s, but S2 opens at 5,000 s: the second window of S1 means less time on the road."""
    problem = two_sites(
        small.site("S1", receiving=[(0, 700), (4_000, 4_100)]), small.site("S2", receiving=[(5_000, 9_000)])
    )
    assert drive(problem) == Trip(3_500, (4_100, 5_000), 6_200)


def test_a_bound_between_two_windows_falls_back_to_the_end_of_the_earlier() -> None:
    problem = two_sites(
        small.site("S1", receiving=[(0, 700), (4_500, 4_600)]), small.site("S2", receiving=[(5_000, 9_000)])
    )
    assert drive(problem) == Trip(100, (700, 5_000), 6_200)


def test_the_last_window_gone_there_is_no_timetable() -> None:
    assert drive(two_sites(small.site("S1", receiving=[(0, 599)]), small.site("S2"))) is None


def test_never_open_means_no_timetable() -> None:
    assert drive(two_sites(small.site("S1", receiving=[]), small.site("S2"))) is None


def test_service_that_must_end_by_closing_time_begins_earlier() -> None:
    first = small.site("S1", service_s=300, receiving=[(0, 899)], finish_by_close=True)
    assert drive(two_sites(first, small.site("S2"))) is None
    assert drive(two_sites(replace(first, receiving=(Interval(0, 900),)), small.site("S2"))) is not None


def test_the_vehicle_must_be_back_within_its_shift() -> None:
    problem = two_sites(small.site("S1"), small.site("S2"))
    assert drive(problem, of=small.vehicle(shift=Interval(0, 2_400))) == Trip(0, (600, 1_200), 2_400)
    assert drive(problem, of=small.vehicle(shift=Interval(0, 2_399))) is None


def test_a_shift_that_begins_later_moves_everything() -> None:
    problem = two_sites(small.site("S1"), small.site("S2"))
    assert drive(problem, of=small.vehicle(shift=Interval(1_000, 9_000))) == Trip(1_000, (1_600, 2_200), 3_400)


def test_a_shift_that_began_before_the_order_waits_for_the_order() -> None:
    problem = two_sites(small.site("S1"), small.site("S2"))
    table = drive(problem, of=small.vehicle(shift=Interval(-3_600, 9_000)))
    assert table is not None
    assert table.departure_s == 0


def test_goods_of_a_later_order_hold_the_whole_loop_back() -> None:
    orders = (small.ORDER, DispatchOrder("w2", 1_800))
    problem = two_sites(small.site("S1"), small.site("S2", order="w2"), orders=orders)
    assert drive(problem) == Trip(1_800, (2_400, 3_000), 4_200)


def test_nobody_leaves_while_the_depot_is_closed() -> None:
    given = replace(small.scenario([small.site("S1")]), depots=(small.depot(opening=[(1_000, 2_000)]),))
    assert drive(small.line_problem(given, S1=10)) == Trip(1_000, (1_600,), 2_200)


def test_a_closing_depot_sends_the_vehicle_off_early_to_wait_at_the_site() -> None:
    given = small.scenario([small.site("S1", receiving=[(5_000, 9_000)])])
    given = replace(given, depots=(small.depot(opening=[(0, 2_000)]),))
    assert drive(small.line_problem(given, S1=10)) == Trip(2_000, (5_000,), 5_600)


def test_a_depot_that_opens_again_lets_the_vehicle_leave_later() -> None:
    given = small.scenario([small.site("S1", receiving=[(5_000, 9_000)])])
    given = replace(given, depots=(small.depot(opening=[(0, 2_000), (4_000, 4_200)]),))
    assert drive(small.line_problem(given, S1=10)) == Trip(4_200, (5_000,), 5_600)


def test_a_vehicle_may_leave_where_its_shift_and_the_opening_meet() -> None:
    given = small.scenario([small.site("S1")], [small.vehicle(shift=Interval(100, 5_000))])
    given = replace(given, depots=(small.depot(opening=[(0, 50), (60, 200), (300, 400), (4_000, 9_000)]),))
    problem = small.line_problem(given, S1=10)
    windows = list(leaving_windows(problem, given.vehicles[0]))
    assert windows == [Interval(100, 200), Interval(300, 400), Interval(4_000, 5_000)]
    ordered = replace(problem.visits[0], order=replace(small.ORDER, order_s=350))
    table = timetable(problem, given.vehicles[0], (ordered,))
    assert table is not None
    assert table.departure_s == 350


def test_a_loop_without_visits_is_none() -> None:
    problem = two_sites(small.site("S1"), small.site("S2"))
    assert timetable(problem, problem.scenario.vehicles[0], ()) is None


def test_alone_a_visit_needs_a_vehicle_that_holds_it_and_a_road() -> None:
    problem = two_sites(small.site("S1", 3), small.site("S2"))
    assert trip(earliest_alone(problem, small.vehicle(), problem.visits[0])) == Trip(0, (600,), 1_200)
    tight = small.BOUNDLESS._replace(crates=2)
    assert earliest_alone(problem, small.vehicle(capacity=tight), problem.visits[0]) is None
    cut = np.array(problem.travel_s)
    cut[0, 0, 1] = small.NEVER
    assert earliest_alone(replace(problem, travel_s=cut), small.vehicle(), problem.visits[0]) is None


# --- against a simulation ---------------------------------------------------------------------------------------

HORIZON = 60
CASES = 1_200


def simulate(problem: Problem, vehicle: Vehicle, visits: list[Visit], departure_s: int) -> Trip | None:
    """Second by second: drive, wait until a window is open, unload; nothing is remembered from the code under test."""
    row, now_s = problem.depot_row(vehicle.start), departure_s
    starts_s = []
    for visit in visits:
        now_s += problem.drive_s(vehicle, row, visit.row)
        while not any(opens_s <= now_s <= closes_s for opens_s, closes_s in visit.windows):
            now_s += 1
            if now_s > 2 * HORIZON:
                return None
        starts_s.append(now_s)
        row, now_s = visit.row, now_s + visit.service_s
    back_s = now_s + problem.drive_s(vehicle, row, problem.depot_row(vehicle.end))
    return Trip(departure_s, tuple(starts_s), back_s) if back_s <= vehicle.shift.close_s else None


def every_departure(problem: Problem, vehicle: Vehicle, visits: list[Visit]) -> list[Trip]:
    opening = problem.depots[vehicle.start].opening
    found = []
    for second in range(max(vehicle.shift.open_s, 0), vehicle.shift.close_s + 1):
        given = all(visit.order.order_s <= second for visit in visits)
        is_open = opening is None or any(opens_s <= second <= closes_s for opens_s, closes_s in opening)
        if given and is_open:
            table = simulate(problem, vehicle, visits, second)
            found += [table] if table else []
    return found


def best_departure(tables: list[Trip], visits: list[Visit]) -> Trip | None:
    """Least late, back soonest, and of those that are both the one on the road for the shortest time."""
    return min(tables, key=lambda table: (table.late_s(visits), table.back_s, -table.departure_s), default=None)


def intervals(chance: random.Random, *, most: int) -> tuple[Interval, ...]:
    ends = sorted(chance.sample(range(HORIZON), 2 * chance.randint(0 if chance.random() < 0.05 else 1, most)))
    return tuple(Interval(opens_s, closes_s) for opens_s, closes_s in zip(ends[::2], ends[1::2], strict=True))


def random_case(chance: random.Random) -> Problem:
    orders = (DispatchOrder("w1", 0, 20, 50), DispatchOrder("w2", chance.randint(1, 8), 25, 45))
    sites = [
        small.site(
            f"S{number}",
            order=chance.choice(("w1", "w1", "w2")),
            service_s=chance.randint(0, 4),
            receiving=intervals(chance, most=3) if chance.random() < 0.7 else None,
            finish_by_close=chance.random() < 0.3,
        )
        for number in range(chance.randint(1, 4))
    ]
    opening = intervals(chance, most=2) if chance.random() < 0.4 else None
    shift = Interval(chance.randint(-3, 10), chance.randint(30, 80))
    given = small.scenario(
        sites, [small.vehicle(end="E", shift=shift)], depots=[small.depot(opening=opening), small.depot("E")]
    )
    rows = len(sites) + 2
    table = [[chance.randint(0, 9) for _ in range(rows)] for _ in range(rows)]
    return small.table_problem(replace(given, orders=orders), table)


@pytest.mark.parametrize("seed", range(4))
def test_no_departure_is_better_than_the_one_chosen(seed: int) -> None:
    chance = random.Random(seed)
    driven = 0
    for _ in range(CASES // 4):
        problem = random_case(chance)
        vehicle, visits = problem.scenario.vehicles[0], list(problem.visits)
        tables = every_departure(problem, vehicle, visits)
        assert trip(timetable(problem, vehicle, visits)) == best_departure(tables, visits)
        driven += bool(tables)
    assert driven > CASES // 10  # the cases are not all hopeless


@pytest.mark.parametrize("seed", range(4))
def test_every_stop_begins_as_early_as_any_departure_allows_or_costs_nobody_anything(seed: int) -> None:
    """Leaving at the first possible second is a lower bound for every start; the end of the loop meets it exactly."""
    chance = random.Random(100 + seed)
    for _ in range(CASES // 8):
        problem = random_case(chance)
        vehicle, visits = problem.scenario.vehicles[0], list(problem.visits)
        tables = every_departure(problem, vehicle, visits)
        chosen = timetable(problem, vehicle, visits)
        if chosen is None:
            continue
        assert all(chosen.starts_s >= table.starts_s for table in tables[:1])
        assert chosen.back_s == tables[0].back_s
        assert all(one.back_s <= other.back_s for one, other in pairwise(tables))
