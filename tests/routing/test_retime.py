"""Drives take as long as in the hour in which they begin: by hand, beside a plain simulation, and from lists to a plan.

A block is a minute where nothing is slower (see ``small``).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from geodata.model import Ints
from geodata.network import Network, build_network
from geodata.profile import HourlyFactors
from routing.check import check_plan
from routing.evaluate import Solution, plan_of
from routing.model import (
    Break,
    DispatchOrder,
    HourlyTimes,
    Interval,
    Load,
    Lock,
    Plan,
    Policy,
    Problem,
    ReasonCode,
    Reload,
    Rest,
    Scenario,
    Stop,
    Vehicle,
)
from routing.pipeline import Planned, Posed, finish_plan, make_plan, pose
from routing.retime import Searched, as_driven, search_by_hour
from routing.solvers import base, known_solver
from tests.routing import small
from tests.routing.hand_made import added_up, rules, stop_at, violations, with_stop

HOUR_S = 3_600


def at_clock(hour: int, minute: int) -> datetime:
    return datetime(2022, 11, 20, hour, minute, tzinfo=UTC)


def scenario(*sites: Any, order_at: datetime, factors: Mapping[tuple[str, int], float], **members: Any) -> Scenario:
    return small.scenario(sites, epoch=order_at, hour_factors=HourlyFactors(factors), **members)


def planned_by_hand(given: Scenario, *routes: Sequence[int], network: Network | None = None) -> tuple[Posed, Plan]:
    posed = pose(given, network or small.line_network())
    return posed, finish_plan(posed, Solution(tuple(tuple(route) for route in routes)))


def solved(given: Scenario, network: Network | None = None) -> Planned:
    stop = base.Stop(iterations=50)
    return make_plan(given, network or small.line_network(), solver=known_solver("pyvrp"), stop=stop)


def times(plan: Plan, site: str) -> tuple[int, int]:
    stop = stop_at(plan, site)
    return stop.travel_s, stop.start_s


# --- by hand ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order_at", "drive_s"), [(at_clock(7, 30), 600), (at_clock(2, 0), 300)])
def test_who_leaves_in_the_rush_hour_is_slower_than_at_night(order_at: datetime, drive_s: int) -> None:
    given = scenario(small.site("S"), order_at=order_at, factors={("*", 7): 2.0, ("*", 2): 1.0})
    posed, plan = planned_by_hand(small.at(given, S=5), [0])
    assert times(plan, "S") == (drive_s, drive_s)
    assert plan.routes[0].loops[0].back_s == 2 * drive_s
    assert violations(posed, plan) == ()


def across_eight() -> tuple[Posed, Plan]:
    """07:30 -> S1 at 07:50, unloading until 08:05 -> S2 two minutes on -> back by 08:19."""
    sites = small.site("S1", service_s=900), small.site("S2")
    given = scenario(*sites, order_at=at_clock(7, 30), factors={("*", 7): 2.0})
    return planned_by_hand(small.at(given, S1=10, S2=12), [0, 1])


def test_each_drive_of_a_route_has_the_hour_in_which_it_begins() -> None:
    posed, plan = across_eight()
    assert times(plan, "S1") == (1_200, 1_200)
    assert times(plan, "S2") == (120, 2_220)
    loop = plan.routes[0].loops[0]
    assert (loop.back_travel_s, loop.back_s) == (720, 2_940)
    assert violations(posed, plan) == ()


def test_the_last_second_of_an_hour_is_still_of_it() -> None:
    sites = small.site("S1", service_s=599), small.site("S2")
    given = scenario(*sites, order_at=at_clock(7, 30), factors={("*", 7): 2.0})
    posed, plan = planned_by_hand(small.at(given, S1=10, S2=12), [0, 1])
    assert times(plan, "S2") == (240, 1_200 + 599 + 240)
    assert violations(posed, plan) == ()


def test_a_drive_stated_with_the_time_of_another_hour_is_rejected() -> None:
    posed, plan = across_eight()
    before = stop_at(plan, "S2")
    loop = plan.routes[0].loops[0]
    in_the_jam = posed.ground.leg(0, stop_at(plan, "S1").visit.row, before.visit.row, 7)
    assert in_the_jam is not None
    assert in_the_jam.travel_s == 240
    false = with_stop(
        plan,
        "S2/1",
        lambda stop: replace(
            stop,
            leg=in_the_jam,
            travel_s=240,
            arrival_s=stop.arrival_s + 120,
            start_s=stop.start_s + 120,
            departure_s=stop.departure_s + 120,
        ),
    )
    loop = replace(false.routes[0].loops[0], back_s=loop.back_s + 120)
    false = added_up(posed, replace(false, routes=(replace(false.routes[0], loops=(loop,)),)))
    assert [violation.rule for violation in check_plan(posed.problem, false)] == ["ROAD"]
    assert rules(violations(posed, false)) == {"ROAD"}


def test_another_way_is_driven_where_the_hour_makes_it_the_faster_one() -> None:
    """Along a main road, or three sides of a rectangle beside it."""
    main = [small.road((x, 0), (x + 1, 0), highway="primary") for x in range(4)]
    beside = [
        small.road((0, 0), (0, 1)),
        *(small.road((x, 1), (x + 1, 1)) for x in range(4)),
        small.road((4, 1), (4, 0)),
    ]
    network = build_network([*main, *beside], name="round about", attribution="drawn by hand")
    driven = {}
    for hour in (2, 7):
        given = scenario(small.site("S"), order_at=at_clock(hour, 30), factors={("primary", 7): 4.0})
        posed, plan = planned_by_hand(small.at(given, S=(2, 1)), [0], network=network)
        assert violations(posed, plan) == ()
        given = small.at(given, S=4)
        posed, plan = planned_by_hand(given, [0], network=network)
        assert violations(posed, plan) == ()
        driven[hour] = stop_at(plan, "S")
    lengths_m = {hour: stop.leg.length_m if stop.leg else 0.0 for hour, stop in driven.items()}
    assert lengths_m == pytest.approx({2: 2_400, 7: 3_600}, abs=1)
    assert driven[2].travel_s == 240
    assert 360 <= driven[7].travel_s < 4 * 240


def test_two_waves_in_one_scenario_each_drive_in_their_own_hour() -> None:
    morning_s = 5 * HOUR_S + 1_800
    given = scenario(
        small.site("S1"),
        small.site("S2", order="w2"),
        order_at=at_clock(2, 0),
        factors={("*", 7): 2.0},
        orders=(DispatchOrder("w1", 0), DispatchOrder("w2", morning_s)),
        vehicles=[small.vehicle("V1"), small.vehicle("V2")],
    )
    found = solved(small.at(given, S1=5, S2=5))
    assert times(found.plan, "S1") == (300, 300)
    assert times(found.plan, "S2") == (600, morning_s + 600)
    assert violations(Posed(found.ground, found.problem), found.plan) == ()


def test_a_rest_moves_a_drive_into_the_hour_after_it() -> None:
    """Left at 07:30 to S1 until 07:40, at rest from 07:45 to 08:15, then on at the speed of 08:15."""
    rest = Break(Interval(900, 900), 1_800)
    given = scenario(
        small.site("S1", service_s=300),
        small.site("S2"),
        order_at=at_clock(7, 30),
        factors={("*", 7): 2.0},
        vehicles=[small.vehicle(breaks=(rest,))],
    )
    posed, plan = planned_by_hand(small.at(given, S1=5, S2=12), [0, 1])
    assert plan.routes[0].rests == (Rest(900, 1_800),)
    assert times(plan, "S2") == (420, 2_700 + 420)
    assert violations(posed, plan) == ()


def test_leaving_later_counts_with_the_hour_of_the_departure() -> None:
    """Open from 08:10: in the jam one would leave at 08:00, when there is none, so that 08:05 is early enough."""
    given = scenario(small.site("S", receiving=[(2_400, 9_000)]), order_at=at_clock(7, 30), factors={("*", 7): 2.0})
    posed, plan = planned_by_hand(small.at(given, S=5), [0])
    stop, loop = stop_at(plan, "S"), plan.routes[0].loops[0]
    assert stop.start_s == 2_400
    assert (loop.departure_s, stop.arrival_s) == (2_100, 2_400)
    assert loop.back_s == 2_700
    assert violations(posed, plan) == ()


# --- what only turns out in the hour driven -----------------------------------------------------------------------


def into_the_jam(vans: int, **policy: Any) -> Scenario:
    """Ordered at 07:50. By the roads of 07:50 one van makes S1 after 5 and S2 after 20 min; from 08:00 all takes three times as long."""
    given = scenario(
        small.site("S1", service_s=600),
        small.site("S2", service_s=600),
        order_at=at_clock(7, 50),
        factors={("*", 8): 3.0, ("*", 9): 3.0},
        orders=(DispatchOrder("w1", 0, target_s=1_700),),
        vehicles=[small.vehicle(f"V{number}", fixed_cost_s=9_000) for number in range(vans)],
        policy=Policy(**policy),
    )
    return small.at(given, S1=5, S2=10)


def test_another_vehicle_is_used_where_the_hour_driven_would_make_a_stop_late() -> None:
    found = solved(into_the_jam(2))
    assert (found.plan.summary.served_in_time, found.plan.summary.vehicles_used) == (2, 2)
    assert (times(found.plan, "S1"), times(found.plan, "S2")) == ((300, 300), (600, 600))


def test_without_another_vehicle_the_stop_is_late_with_a_reason() -> None:
    found = solved(into_the_jam(1))
    late = stop_at(found.plan, "S2")
    assert (late.start_s, late.late_s) == (300 + 600 + 900, 100)
    assert late.reason is not None
    assert late.reason.code is ReasonCode.NO_CAPACITY_LEFT
    assert late.reason.figures["alone_s"] == 600
    assert late.reason.relaxation is not None
    assert late.reason.relaxation.figures["extra_s"] == 120


def test_locked_visits_are_made_by_their_vehicle_in_the_hours_driven() -> None:
    given = into_the_jam(2)
    found = solved(replace(given, locks=(Lock("V1", "S1/1"), Lock("V1", "S2/1", position=2))))
    assert [route.vehicle for route in found.plan.routes] == ["V1"]
    assert (times(found.plan, "S1"), times(found.plan, "S2")) == ((300, 300), (900, 1_800))


def test_where_late_is_not_delivered_it_is_left_out_with_a_reason() -> None:
    found = solved(into_the_jam(1, after_target="leave_out"))
    assert found.plan.summary.served_in_time == 1
    (left,) = found.plan.unserved
    assert left.reason is not None
    assert left.reason.code is ReasonCode.NO_CAPACITY_LEFT


def test_reasons_hold_in_the_hour_in_which_the_wave_leaves() -> None:
    """Ordered at 02:00, on duty from 07:00, when 10 blocks take 30 min; at night's speed it would be in time."""
    given = scenario(
        small.site("S"),
        order_at=at_clock(2, 0),
        factors={("*", 7): 3.0},
        orders=(DispatchOrder("w1", 0, target_s=5 * HOUR_S + 900),),
        vehicles=[small.vehicle(shift=Interval(5 * HOUR_S, 20 * HOUR_S))],
    )
    found = solved(small.at(given, S=10))
    reason = stop_at(found.plan, "S").reason
    assert reason is not None
    assert reason.code is ReasonCode.TOO_FAR
    assert (reason.figures["drive_s"], reason.figures["best_s"]) == (1_800, 5 * HOUR_S + 1_800)
    assert "7 时" in reason.message.zh
    assert "7:00" in reason.message.en
    assert found.problem.reason_hours == {"w1": 7}
    assert as_driven(pose(small.at(given, S=10), small.line_network()).problem, found.plan).reason_hours == {"w1": 7}


def test_a_search_is_repeated_with_the_longest_times_of_its_order_until_drives_are_no_slower() -> None:
    problem = two_waves_by_table()
    seen: list[Ints] = []

    def search(posed: Problem, stop: base.Stop) -> Searched[int]:
        seen.append(posed.travel_s[0])
        routes = Solution(((0, 1), (2,)) if len(seen) == 1 else ((1, 0), (2,)))
        return Searched(len(seen), (len(seen) == 1,), ((posed, plan_of(posed, routes)),))

    found = search_by_hour(problem, search, base.Stop(iterations=1))
    assert found.found == 2
    assert found.finished
    assert problem.hourly is not None
    quick, slow = problem.hourly.own[0], problem.hourly.table(8)[0]
    of_first = problem.hourly.waves == 0
    assert np.array_equal(seen[0], quick)
    assert np.array_equal(seen[1], np.where(of_first, np.maximum(quick, slow), quick))
    assert (seen[1] != quick).any()


def two_waves_by_table() -> Problem:
    """S1 and S2 are ordered at 07:00 and S2 is late in any case; S3 is ordered at 12:00. From 08:00 to 09:00 all is slow."""
    given = small.scenario(
        [small.site("S1", service_s=3_500), small.site("S2", service_s=3_500), small.site("S3", order="w2")],
        [small.vehicle("V1"), small.vehicle("V2")],
        epoch=at_clock(7, 0),
        orders=(DispatchOrder("w1", 0, target_s=1_000), DispatchOrder("w2", 5 * HOUR_S)),
    )
    problem = small.line_problem(given, S1=5, S2=10, S3=3)
    waves = np.zeros((4, 4), dtype=np.int64)
    waves[:, 3], waves[3, 0] = 1, 1
    return by_hour(problem, {8: problem.travel_s * 4}, first_hour=7, waves=waves)


def by_hour(problem: Problem, tables: Mapping[int, Ints], *, first_hour: int, waves: Ints | None = None) -> Problem:
    """The problem, which begins at the full hour, with other tables in some hours."""
    own = problem.travel_s
    hourly = HourlyTimes(
        hour_at=lambda instant_s: (first_hour + instant_s // HOUR_S) % 24,
        table=lambda hour: tables.get(hour, own),
        own=own,
        waves=np.zeros(own.shape[1:], dtype=np.int64) if waves is None else waves,
    )
    return replace(problem, hourly=hourly)


# --- beside a plain simulation ------------------------------------------------------------------------------------


def simulated(problem: Problem, vehicle: Vehicle, numbers: Sequence[int]) -> list[int] | None:
    """Instants at which loadings and visits begin and the route ends, everything as soon as it can be; None: never."""
    assert problem.hourly is not None
    calls = [Reload(vehicle.start), *(problem.call(number) for number in numbers)]
    row, free_s, instants = problem.depot_row(vehicle.start), vehicle.shift.open_s, []
    for place, call in enumerate(calls):
        there = problem.depot_row(call.depot) if isinstance(call, Reload) else call.row
        if place:
            free_s += int(problem.hourly.table(free_s // HOUR_S % 24)[0, row, there])
        windows = [vehicle.shift] if isinstance(call, Reload) else call.windows
        starts = [max(free_s, open_s) for open_s, close_s in windows if free_s <= close_s]
        if not starts:
            return None
        instants.append(min(starts))
        loading_s = problem.depots[call.depot].loading_s if isinstance(call, Reload) else call.service_s
        row, free_s = there, instants[-1] + loading_s
    free_s += int(problem.hourly.table(free_s // HOUR_S % 24)[0, row, problem.depot_row(vehicle.end)])
    return [*instants, free_s] if free_s <= vehicle.shift.close_s else None


def drawn(seed: int) -> tuple[Problem, tuple[int, ...]]:
    chance = random.Random(seed)
    sites = []
    for number in range(chance.randint(2, 6)):
        open_s = chance.choice([0, chance.randrange(3 * HOUR_S)])
        receiving = [(open_s, open_s + chance.randrange(600, 2 * HOUR_S))] if chance.random() < 0.6 else None
        sites.append(small.site(f"S{number}", 1, service_s=chance.randrange(900), receiving=receiving))
    vehicle = small.vehicle(
        capacity=Load(4_000, 4_000, 4),
        max_loops=2,
        reload_at=("D",),
        shift=Interval(0, chance.randrange(4, 12) * HOUR_S),
    )
    order = DispatchOrder("w1", 0, target_s=chance.randrange(1_800, 2 * HOUR_S))
    given = small.scenario(sites, [vehicle], depots=[small.depot(loading_s=300)], orders=(order,))
    size = len(sites) + 1
    table = np.random.default_rng(seed).integers(200, 2_400, (size, size))
    np.fill_diagonal(table, 0)
    problem = small.table_problem(given, table)
    slower = {hour: (problem.travel_s * chance.choice([0.5, 1.0, 1.7, 3.0])).astype(np.int64) for hour in range(24)}
    calls = list(range(len(sites)))
    chance.shuffle(calls)
    if len(calls) > 4 or (len(calls) > 1 and chance.random() < 0.4):
        calls.insert(len(calls) // 2, problem.reload_number("D"))
    return by_hour(problem, slower, first_hour=0), tuple(calls)


def test_times_agree_with_a_plain_simulation_and_leaving_late_does_no_harm() -> None:
    drivable = later = 0
    for seed in range(400):
        problem, calls = drawn(seed)
        vehicle = problem.scenario.vehicles[0]
        soonest = simulated(problem, vehicle, calls)
        try:
            plan = plan_of(problem, Solution((calls,)))
        except ValueError:
            assert soonest is None, seed
            continue
        assert soonest is not None, seed
        assert check_plan(problem, plan, explained=False) == (), seed
        stops = list(plan.stops())
        soonest_stops = [at_s for at_s, call in zip(soonest[1:], calls, strict=False) if call >= 0]
        assert all(_unharmed(stop, at_s) for stop, at_s in zip(stops, soonest_stops, strict=True)), seed
        assert soonest[0] <= plan.routes[0].loops[0].loading_from_s, seed
        assert plan.routes[0].loops[-1].back_s <= soonest[-1], seed
        drivable += 1
        later += plan.routes[0].loops[0].loading_from_s > soonest[0]
    assert drivable > 100
    assert later > 20


def _unharmed(stop: Stop, soonest_s: int) -> bool:
    return stop.start_s <= max(soonest_s, stop.visit.deadline_s)


def test_searched_plans_keep_every_rule_whatever_the_hours() -> None:
    """Loops, loading bays, breaks and hours together."""
    for seed in range(3):
        chance = random.Random(seed)
        sites = [small.site(f"S{n}", chance.randint(5, 12), service_s=chance.randrange(600)) for n in range(9)]
        vans = [
            small.vehicle(
                f"V{n}",
                capacity=Load(30_000, 30_000, 30),
                max_loops=3,
                reload_at=("D",),
                breaks=(Break(Interval(2_000, 5_000), 900),) if n else (),
            )
            for n in range(2)
        ]
        factors = {("*", hour): chance.choice([1.0, 1.5, 2.5, 4.0]) for hour in range(6, 12)}
        given = scenario(
            *sites,
            order_at=at_clock(6, 40),
            factors=factors,
            vehicles=vans,
            depots=[small.depot(loading_s=400, bays=1)],
            orders=(DispatchOrder("w1", 0, target_s=4_500),),
        )
        given = small.at(given, **{f"S{n}": chance.randrange(1, 12) for n in range(9)})
        found = solved(given)  # raises PlanRejected where a rule is broken
        assert found.plan.summary.visits == 9
