"""The main job on real input: the embedded town, and Dalian's sampling sites of November 2022."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli import main
from api.example import example_scenario
from api.files.plan import read_plan
from api.schemas import PlanDocument, ScenarioDocument
from api.service import Effort, Networks, plan_scenario
from benchmarks.dalian import NAMES, located, write_scenarios
from routing.solvers.base import Stop


def plan_of(scenario: ScenarioDocument, iterations: int) -> PlanDocument:
    effort = Effort(stop=Stop(iterations=iterations), seed=1)
    return plan_scenario(scenario, networks=Networks(Path()), effort=effort).document


def test_the_example_is_what_it_says() -> None:
    scenario = example_scenario()
    vehicles = {entry.kind: 0 for entry in scenario.vehicles}
    for entry in scenario.vehicles:
        vehicles[entry.kind] += entry.count
    assert len(scenario.depots) == 4
    assert len([site for site in scenario.sites if site.kind == "drop_point"]) == 133
    assert len([site for site in scenario.sites if site.kind == "sampling_site"]) == 60
    assert vehicles == {"卡车": 12, "厢货": 32}
    kits = sum(line.units for site in scenario.sites for line in site.demand if line.kind == "基础包")
    assert kits * 4.33 / 1000 == pytest.approx(96, abs=0.5)  # a sixth of 451,899 / 3.4 households


@pytest.mark.slow
def test_the_example_is_served_in_time_but_for_five_visits_at_most() -> None:
    summary = plan_of(example_scenario(), 1_000).summary
    assert summary.visits == 193
    assert summary.served_late + summary.unserved <= 5
    assert summary.check == "passed"
    assert summary.reproducible


@pytest.mark.slow
def test_the_whole_population_takes_split_deliveries() -> None:
    plan = plan_of(example_scenario("coquimbo_all"), 60)
    assert plan.summary.visits > 193
    assert plan.summary.sites_served == 193
    assert plan.summary.load.kg == pytest.approx(576_000, rel=0.01)
    parts = {stop.site: stop.part for route in plan.routes for loop in route.loops for stop in loop.stops}
    assert max(parts.values()) > 1


@pytest.fixture(scope="module")
def dalian(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, PlanDocument]:
    """Each scenario planned from its folder on the command line."""
    folder = tmp_path_factory.mktemp("dalian")
    write_scenarios(data_dir, folder)
    plans = {}
    for name in NAMES:
        assert main(["plan", str(folder / name), "--out", str(folder / "out" / name), "--iterations", "600"]) == 0
        plans[name] = read_plan(folder / "out" / name / "plan.json")
        assert main(["check", str(folder / name), str(folder / "out" / name / "plan.json")]) == 0
    return plans


@pytest.mark.slow
def test_all_of_dalians_sites_are_served_within_two_hours(dalian: dict[str, PlanDocument]) -> None:
    summary = dalian["dalian"].summary
    assert (summary.visits, summary.served_in_time) == (277, 277)
    assert summary.latest_start_s is not None
    assert summary.latest_start_s <= 7_200


@pytest.mark.slow
def test_with_their_hours_each_exception_is_explained_and_unread_hours_are_listed(
    dalian: dict[str, PlanDocument],
) -> None:
    plan = dalian["dalian_hours"]
    late = [stop for route in plan.routes for loop in route.loops for stop in loop.stops if stop.late_s]
    codes = {left.reason.code for left in plan.unserved} | {stop.reason.code for stop in late if stop.reason}
    assert codes <= {"WINDOW_MISSED", "NO_CAPACITY_LEFT"}
    assert plan.summary.served_in_time >= 268
    assert sum("2022" not in warning.en and "cannot be read" in warning.en for warning in plan.warnings) >= 7


@pytest.mark.slow
def test_bd09_coordinates_lead_to_the_same_places(dalian: dict[str, PlanDocument]) -> None:
    one, other = located(dalian["dalian"]), located(dalian["dalian_bd09"])
    assert one.keys() == other.keys()
    east_m = [abs(one[site].lon - other[site].lon) * 86_700 for site in one]  # metres per degree at 38.9° N
    north_m = [abs(one[site].lat - other[site].lat) * 111_000 for site in one]
    assert max(east_m) < 0.7
    assert max(north_m) < 0.7
