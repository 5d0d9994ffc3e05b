"""A scenario with slower hours, from lists to a checked plan; planned anew, in the middle of the day, and in two stages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.cli import main
from api.files.plan import read_plan
from api.files.scenario import read_scenario
from api.scenarios import scenario_of
from api.schemas import LegEntry, PlanDocument
from api.service import Networks, check_document
from routing.model import Violation
from routing.pipeline import pose
from tests.end_to_end.test_two_stages import DEPOTS, VEHICLES

QUICK = ("--iterations", "20", "--seed", "1")
HOURS = "class,hour,factor\n*,7,2.0\nresidential,7,2.5\n*,8,3.0\n"
UNTIL_EIGHT_S = 1_800


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template's, ordered at 07:30."""
    folder = tmp_path_factory.mktemp("hours") / "scenario"
    assert main(["scenario", "new", str(folder)]) == 0
    (folder / "hours.csv").write_text(HOURS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def morning(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planned(scenario, tmp_path_factory.mktemp("morning"))


def planned(scenario: Path, out: Path, *options: str) -> Path:
    """The plan, which passes its check."""
    assert main(["plan", str(scenario), "--out", str(out), *QUICK, *options]) == 0
    assert main(["check", str(scenario), str(out / "plan.json")]) == 0
    return out / "plan.json"


class Drive(NamedTuple):
    vehicle: str
    origin: str
    destination: str
    left_s: int
    leg: LegEntry


def drives(plan: PlanDocument) -> Iterator[Drive]:
    for route in plan.routes:
        for loop in route.loops:
            here = loop.depot
            for stop in loop.stops:
                yield Drive(route.vehicle, here, stop.site, stop.arrival_s - stop.leg.travel_s, stop.leg)
                here = stop.site
            back = loop.back
            yield Drive(route.vehicle, here, back.place, back.arrival_s - back.leg.travel_s, back.leg)


def slowness(scenario: Path, plan: PlanDocument) -> list[tuple[int, float]]:
    """Of every drive of more than a minute when it begins, and how many times longer it takes than without slower hours."""
    loaded = read_scenario(scenario)
    plain = scenario_of(loaded.document.model_copy(update={"hour_factors": ()}))
    problem = pose(plain, Networks(scenario, by_path=True).load(loaded.document.network)).problem
    vehicles = {vehicle.id: vehicle for vehicle in problem.scenario.vehicles}
    found = []
    for drive in drives(plan):
        rows = problem.row_of[drive.origin], problem.row_of[drive.destination]
        plain_s = problem.drive_s(vehicles[drive.vehicle], *rows)
        if plain_s > 60:
            found.append((drive.left_s, drive.leg.travel_s / plain_s))
    return found


def test_every_drive_is_as_slow_as_the_hour_in_which_it_begins(scenario: Path, morning: Path) -> None:
    """What turning and signals take is the same at any hour, so that drives are slower by a little less than the factors."""
    found = slowness(scenario, read_plan(morning))
    until_eight = [slower for left_s, slower in found if left_s < UNTIL_EIGHT_S]
    from_eight = [slower for left_s, slower in found if UNTIL_EIGHT_S <= left_s < UNTIL_EIGHT_S + 3_600]
    from_nine = [slower for left_s, slower in found if left_s >= UNTIL_EIGHT_S + 3_600]
    assert until_eight
    assert from_eight
    assert all(1.6 < slower <= 2.5 for slower in until_eight)
    assert all(2.2 < slower <= 3.02 for slower in from_eight)
    assert all(slower == 1.0 for slower in from_nine)


def violations(scenario: Path, plan: dict[str, Any]) -> tuple[Violation, ...]:
    loaded = read_scenario(scenario)
    document = PlanDocument.model_validate(plan)
    return check_document(loaded.document, document, networks=Networks(scenario, by_path=True))


def test_a_drive_of_another_length_is_found_by_the_check(scenario: Path, morning: Path) -> None:
    raw = json.loads(morning.read_bytes())
    raw["routes"][0]["loops"][-1]["back"]["leg"]["travel_s"] -= 60
    assert "ROAD" in {violation.rule for violation in violations(scenario, raw)}


def test_a_drive_beyond_the_calendar_is_a_violation_and_no_crash(scenario: Path, morning: Path) -> None:
    for at_s in (10**12, 10**15, -(10**13)):
        raw = json.loads(morning.read_bytes())
        raw["routes"][0]["loops"][0]["stops"][0]["arrival_s"] = at_s
        assert "ROAD" in {violation.rule for violation in violations(scenario, raw)}


def test_an_hour_stated_for_reasons_that_is_not_the_plans_is_found(scenario: Path, morning: Path) -> None:
    raw = json.loads(morning.read_bytes())
    raw["orders"][0]["reasons_hour"] = 3
    found = violations(scenario, raw)
    assert [(violation.rule, violation.subject) for violation in found] == [("TOTALS", "/orders/0/reasons_hour")]


def test_it_is_planned_anew_and_in_the_middle_of_the_day(scenario: Path, morning: Path, tmp_path: Path) -> None:
    planned(scenario, tmp_path / "anew", "--from", str(morning))
    old = read_plan(morning)
    now = {"now_at": (old.orders[0].order_at + timedelta(minutes=20)).isoformat()}
    state = tmp_path / "state.json"
    state.write_text(json.dumps(now), encoding="utf-8")
    rest = read_plan(planned(scenario, tmp_path / "rest", "--from", str(morning), "--state", str(state)))
    assert rest.day is not None
    assert any(drive.left_s >= UNTIL_EIGHT_S for drive in drives(rest))


def test_two_stages_are_timed_by_the_hours_driven(scenario: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stations"
    assert main(["scenario", "new", str(folder)]) == 0
    for name, text in (("储备库.csv", DEPOTS), ("车辆.csv", VEHICLES), ("hours.csv", HOURS)):
        (folder / name).write_text(text, encoding="utf-8")
    plan = read_plan(planned(folder, tmp_path / "out"))
    assert plan.transfers
    assert all(slower > 1.6 for left_s, slower in slowness(folder, plan) if left_s < UNTIL_EIGHT_S + 3_600)
