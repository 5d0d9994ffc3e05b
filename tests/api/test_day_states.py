"""What a coordinator says of a day under way: on the straight road of ``small``, where a block takes a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.day_states import day_entry, day_state, state_of_entry
from api.files.plan import examine_state
from api.plan_documents import PlanWriter
from api.schemas import DayEntry, PlanDocument, ScenarioDocument, SolverEntry, StateDocument
from geodata.errors import BadInput
from routing.day_state import DayState, VehicleNow
from routing.evaluate import Solution, plan_of
from routing.midday import rest_of_day
from routing.model import UNBOUND, DemandLine, Driver, Load, Problem, SupplyKind, ZoneLevel
from tests.routing import small

NOW_S = 400
SOLVER = SolverEntry(engine="by hand", engine_version="1", seed=0, iterations=1, seconds=None)
MASKS = SupplyKind("masks", "口罩", grams=1_000, cm3=1_000, crates=1.0, apart=frozenset({"kit"}))

Told = Callable[..., DayState]


@pytest.fixture
def day() -> Problem:
    """Two vans of 40 crates at D, a third at E beyond S3; S1 at 2, S2 at 4, S3 at 6 are on V1's way, S4 at 3 on V2's."""
    wanted = {"S1": ("kit", 10), "S2": ("kit", 10), "S3": ("kit", 15), "S4": ("masks", 10), "S5": ("kit", 10)}
    sites = [small.site(name, lines=[line], service_s=240) for name, line in wanted.items()]
    sites[2] = replace(sites[2], zone=ZoneLevel.CONTROLLED)
    holds = Load(UNBOUND, UNBOUND, 40)
    vans = [small.vehicle(name, max_loops=2, reload_at=("D",), capacity=holds) for name in ("V1", "V2")]
    vans.append(small.vehicle("V3", start="E", capacity=Load(UNBOUND, UNBOUND, 20)))
    given = small.scenario(sites, vans, depots=[small.depot("D"), small.depot("E")], kinds=(small.KIT, MASKS))
    given = replace(given, drivers=(Driver("A", "A", small.ALL_DAY),))
    return small.line_problem(given, S1=2, S2=4, S3=6, S4=3, S5=40, E=8)


def document_of(problem: Problem, routes: tuple[tuple[int, ...], ...], day: DayEntry | None = None) -> PlanDocument:
    scenario = ScenarioDocument.model_construct()
    writer = PlanWriter(scenario, problem, small.line_network(), day=day)
    return writer.write(plan_of(problem, Solution(routes)), solver=SOLVER, reproducible=True)


@pytest.fixture
def told(day: Problem) -> Told:
    """At 400: V1 has made S1 and is on its way to S2, where it arrives at 480; V2 is on its way home, there at 600."""
    morning = document_of(day, ((0, 1, 2), (3,), ()))

    def tell(**members: Any) -> DayState:
        now_at = day.scenario.epoch + timedelta(seconds=members.pop("now_s", NOW_S))
        return day_state(StateDocument(now_at=now_at, **members), day, members.get("earlier", morning))

    return tell


def complaints(told: Told, **members: Any) -> set[tuple[str, str]]:
    with pytest.raises(BadInput) as refusal:
        told(**members)
    return {(complaint.pointer, complaint.message.en) for complaint in refusal.value.complaints}


def of(state: DayState, vehicle: str) -> VehicleNow:
    return next(each for each in state.vehicles if each.vehicle == vehicle)


def kits(units: int) -> tuple[DemandLine, ...]:
    return (DemandLine("kit", units),)


# --- what is said -------------------------------------------------------------------------------------------------


def test_whatever_is_not_said_went_as_planned(told: Told) -> None:
    state = told()
    assert state.done == {"S1/1", "S4/1"}
    assert of(state, "V1") == VehicleNow("V1", "S2", 480, None, kits(25), 1)
    assert of(state, "V2") == VehicleNow("V2", "D", 600, "D", (), 1)


def test_a_vehicle_on_a_leg_is_where_the_leg_ends_when_it_will_have_driven_there(told: Told) -> None:
    """V1 turned to S3 instead, four blocks on: it is there in four minutes, and that ground is controlled."""
    leg = {"vehicle": "V1", "at": "S3", "free_in_s": 240, "on_board": [{"kind": "kit", "units": 25}]}
    assert of(told(vehicles=[leg]), "V1") == VehicleNow("V1", "S3", 640, None, kits(25), 1, ZoneLevel.CONTROLLED)


@pytest.mark.parametrize("been", list(ZoneLevel))
def test_the_risk_a_vehicle_has_been_at_can_be_said(told: Told, been: ZoneLevel) -> None:
    word = been.name.lower() if been else ""
    state = told(vehicles=[{"vehicle": "V2", "at": "D", "been": word}])
    assert of(state, "V2").been is been
    assert day_entry(state).vehicles[1].been == word


def test_goods_on_a_lost_vehicle_are_lost_with_it(told: Told) -> None:
    state = told(lost_vehicles=["V1"])
    assert [each.vehicle for each in state.vehicles] == ["V2"]
    assert state.sent == {("D", "kit"): 35, ("D", "masks"): 10}


def test_all_goods_of_a_lost_vehicle_are_saved_by_default(told: Told) -> None:
    """V2 takes them over where it is next free, at its depot, and begins its second loop with them."""
    state = told(lost_vehicles=["V1"], transfers=[{"from_vehicle": "V1", "to_vehicle": "V2"}])
    assert state.vehicles == (VehicleNow("V2", "D", 600, None, kits(25), 2),)


def test_goods_are_saved_at_a_place_and_a_time_by_a_vehicle_that_had_not_left(told: Told) -> None:
    lines = [{"kind": "kit", "units": 15}]
    saved = {"from_vehicle": "V1", "to_vehicle": "V3", "lines": lines, "at": "S3", "free_in_s": 500}
    state = told(lost_vehicles=["V1"], transfers=[saved])
    assert of(state, "V3") == VehicleNow("V3", "S3", 900, None, kits(15), 1, ZoneLevel.CONTROLLED)


def test_goods_may_be_shared_out(told: Told) -> None:
    shared = [
        {"from_vehicle": "V1", "to_vehicle": "V3", "lines": [{"kind": "kit", "units": 15}]},
        {"from_vehicle": "V1", "to_vehicle": "V2"},
    ]
    state = told(lost_vehicles=["V1"], transfers=shared)
    assert (of(state, "V3").on_board, of(state, "V2").on_board) == (kits(15), kits(10))


def test_what_a_state_comes_to_survives_the_plan_document(told: Told, day: Problem) -> None:
    state = told(lost_vehicles=["V1"], lost_drivers=["A"], transfers=[{"from_vehicle": "V1", "to_vehicle": "V2"}])
    assert state_of_entry(day_entry(state), day) == state


# --- a plan of the rest of a day as the earlier one ---------------------------------------------------------------


def test_the_earlier_plan_may_itself_be_of_the_rest_of_a_day(told: Told, day: Problem) -> None:
    """At 400 V1 is lost and V2 takes its goods over; by that plan V2 leaves D at 600 and makes S2 at 840."""
    first = told(lost_vehicles=["V1"], lost_drivers=["A"], transfers=[{"from_vehicle": "V1", "to_vehicle": "V2"}])
    rest = rest_of_day(day, first)
    number = {visit.id: index for index, visit in enumerate(rest.visits)}
    plan = document_of(rest, ((number["S2/1"], number["S3/1"]), ()), day_entry(first))
    now_at = day.scenario.epoch + timedelta(seconds=1_000)
    later = day_state(StateDocument(now_at=now_at), day, plan)
    assert later.done == {"S1/1", "S4/1", "S2/1"}
    assert (later.lost, later.lost_drivers, later.sent) == (first.lost, first.lost_drivers, first.sent)
    assert later.vehicles == (VehicleNow("V2", "S2", 1_080, None, kits(15), 2),)
    early = day.scenario.epoch + timedelta(seconds=399)
    with pytest.raises(BadInput) as refusal:
        day_state(StateDocument(now_at=early), day, plan)
    assert [complaint.pointer for complaint in refusal.value.complaints] == ["/state/now_at"]


# --- what cannot be -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "pointer", "zh", "en"),
    [
        ({}, "/now_at", "缺少此项", "is missing"),
        ({"now_at": "2022-11-23T08:00:00"}, "/now_at", "时间须带时区", "needs an offset from UTC"),
        (
            {"now_at": 1, "lost_vehicle": []},
            "/lost_vehicle",
            "是否为“lost_vehicles”？",
            "did you mean 'lost_vehicles'?",
        ),
        (
            {"vehicles": [{"free_in_s": -3}]},
            "/vehicles/0/free_in_s",
            "不得小于 0，而不是 -3",
            "must be at least 0, not -3",
        ),
        ([], "", "须为对象", "must be an object"),
    ],
)
def test_what_is_not_as_a_state_has_it_is_said_in_the_reader_s_language(
    state: object, pointer: str, zh: str, en: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        examine_state(state)
    said = {complaint.pointer: complaint.message for complaint in refusal.value.complaints}
    assert zh in said[pointer].zh
    assert en in said[pointer].en
    assert not any(word in message.zh for message in said.values() for word in ("Input", "should", "required"))


def test_names_nobody_has_are_complained_of_all_at_once(told: Told) -> None:
    transfer = {"from_vehicle": "X1", "to_vehicle": "X2", "at": "X3", "lines": [{"kind": "X4", "units": 1}]}
    vehicle = {"vehicle": "X5", "at": "X6", "on_board": [{"kind": "X7", "units": 1}]}
    lists = {"done": ["X8"], "failed": ["X9"], "lost_vehicles": ["X10"], "lost_drivers": ["X11"]}
    found = complaints(told, transfers=[transfer], vehicles=[vehicle], **lists)
    assert found == {
        ("/state/transfers/0/from_vehicle", "there is no 'X1'"),
        ("/state/transfers/0/to_vehicle", "there is no 'X2'"),
        ("/state/transfers/0/at", "there is no 'X3'"),
        ("/state/transfers/0/lines/0/kind", "there is no 'X4'"),
        ("/state/vehicles/0/vehicle", "there is no 'X5'"),
        ("/state/vehicles/0/at", "there is no 'X6'"),
        ("/state/vehicles/0/on_board/0/kind", "there is no 'X7'"),
        ("/state/done/0", "there is no 'X8'"),
        ("/state/failed/0", "there is no 'X9'"),
        ("/state/lost_vehicles/0", "there is no 'X10'"),
        ("/state/lost_drivers/0", "there is no 'X11'"),
    }


@pytest.mark.parametrize(
    ("lost", "transfer", "member", "says"),
    [
        ([], {}, "from_vehicle", "is not among the lost vehicles"),
        (["V1", "V2"], {}, "to_vehicle", "is lost and cannot take goods over"),
        (["V2"], {"from_vehicle": "V2", "to_vehicle": "V1"}, "from_vehicle", "has nothing on board"),
        (["V1"], {"lines": [{"kind": "kit", "units": 26}]}, "lines", "moves 26 of kit; 25 are on board"),
        (["V1"], {"lines": [{"kind": "masks", "units": 1}]}, "lines", "moves 1 of masks; 0 are on board"),
        (["V1"], {"lines": [{"kind": "kit", "units": 0}]}, "lines", "moves nothing"),
        (["V1"], {"to_vehicle": "V3"}, "to_vehicle", "does not hold these goods"),
        (["V1"], {"free_in_s": 60}, "free_in_s", "takes a place, at"),
    ],
)
def test_a_transfer_that_cannot_be_is_named(
    told: Told, lost: list[str], transfer: dict[str, Any], member: str, says: str
) -> None:
    entry = {"from_vehicle": "V1", "to_vehicle": "V2"} | transfer
    ((pointer, text),) = complaints(told, lost_vehicles=lost, transfers=[entry])
    assert pointer == f"/state/transfers/0/{member}"
    assert says in text


def test_goods_that_must_be_kept_apart_are_not_moved_together(told: Told) -> None:
    """V2 still has its masks."""
    entry = {"from_vehicle": "V1", "to_vehicle": "V2"}
    found = complaints(told, failed=["S4/1"], lost_vehicles=["V1"], transfers=[entry])
    assert {pointer for pointer, _ in found} == {"/state/transfers/0/to_vehicle"}
    assert ("/state/transfers/0/to_vehicle", "on vehicle 'V2' masks and kit must not share a loop") in found


def test_a_vehicle_that_has_made_all_its_loops_takes_nothing_over(told: Told) -> None:
    done = {"vehicle": "V2", "at": "D", "loops_made": 2}
    entry = {"from_vehicle": "V1", "to_vehicle": "V2"}
    found = complaints(told, lost_vehicles=["V1"], vehicles=[done], transfers=[entry])
    assert found == {("/state/transfers/0/to_vehicle", "vehicle 'V2' has made all of its 2 loops")}


def test_where_a_vehicle_takes_goods_over_is_said_once(told: Told) -> None:
    where = {"vehicle": "V2", "at": "D"}
    entry = {"from_vehicle": "V1", "to_vehicle": "V2", "at": "S1"}
    found = complaints(told, lost_vehicles=["V1"], vehicles=[where], transfers=[entry])
    assert found == {("/state/transfers/0/at", "vehicles already says where 'V2' is")}


def test_a_vehicle_cannot_have_on_board_what_it_does_not_hold(told: Told) -> None:
    full = {"vehicle": "V2", "at": "D", "on_board": [{"kind": "kit", "units": 41}]}
    assert complaints(told, vehicles=[full]) == {
        ("/state/vehicles/0/on_board", "vehicle 'V2' does not hold these goods")
    }


def test_a_vehicle_is_listed_once_and_empty_only_at_a_depot(told: Told) -> None:
    found = complaints(told, vehicles=[{"vehicle": "V1", "at": "S1"}, {"vehicle": "V1", "at": "D"}])
    assert found == {
        ("/state/vehicles/0/at", "a vehicle with nothing on board must be at a depot"),
        ("/state/vehicles/1/vehicle", "vehicle 'V1' is listed twice"),
    }


def test_a_time_before_the_order_is_refused(told: Told) -> None:
    assert {pointer for pointer, _ in complaints(told, now_s=-1)} == {"/state/now_at"}
