"""The embedded example at minute 40: one van is lost, and the rest of the day is planned again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.cli import main
from api.example import example_scenario
from api.files.plan import read_plan
from api.schemas import PlanDocument
from api.settings import Settings

EXAMPLE = str(Path(__file__).parents[2] / "api" / "examples" / "coquimbo")


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("morning")
    assert main(["plan", EXAMPLE, "--out", str(folder), "--iterations", "300", "--seed", "1"]) == 0
    return folder / "plan.json"


def minute_40(plan: PlanDocument) -> datetime:
    return plan.orders[0].order_at + timedelta(minutes=40)


def replan(morning: Path, folder: Path, **members: Any) -> tuple[int, Path]:
    old = read_plan(morning)
    state = {"now_at": minute_40(old).isoformat(), **members}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    out = folder / "out"
    options = ["--from", str(morning), "--state", str(folder / "state.json"), "--iterations", "200"]
    return main(["plan", EXAMPLE, "--out", str(out), *options]), out / "plan.json"


@pytest.mark.slow
def test_with_a_van_lost_the_rest_is_planned_and_passes_its_check(morning: Path, tmp_path: Path) -> None:
    old = read_plan(morning)
    lost = max(old.routes, key=lambda route: sum(stop.start_s > 2_400 for stop in route.loops[0].stops))
    code, path = replan(morning, tmp_path, lost_vehicles=[lost.vehicle])
    assert code == 0
    assert main(["check", EXAMPLE, str(path)]) == 0
    plan = read_plan(path)
    assert plan.day is not None
    begun = {stop.visit for route in old.routes for stop in route.loops[0].stops if stop.start_s <= 2_400}
    assert set(plan.day.done) == begun
    stops = [stop for route in plan.routes for loop in route.loops for stop in loop.stops]
    assert lost.vehicle not in {route.vehicle for route in plan.routes}
    assert all(stop.start_s >= 2_400 for stop in stops)
    assert len(stops) + len(plan.unserved) == 193 - len(begun)


@pytest.mark.slow
def test_a_plan_of_the_rest_of_a_day_is_planned_again_half_an_hour_later(morning: Path, tmp_path: Path) -> None:
    """A van is lost and its goods go to one that could not leave; then another van is lost, with all it has on board."""
    old = read_plan(morning)
    first, second = old.routes[0].vehicle, old.routes[1].vehicle
    where = {"vehicle": second, "at": old.routes[1].loops[0].depot, "loops_made": 0}
    saved = {"from_vehicle": first, "to_vehicle": second}
    (tmp_path / "first").mkdir()
    code, path = replan(morning, tmp_path / "first", lost_vehicles=[first], vehicles=[where], transfers=[saved])
    assert code == 0
    middle = read_plan(path)
    state = {
        "now_at": (minute_40(old) + timedelta(minutes=30)).isoformat(),
        "lost_vehicles": [middle.routes[-1].vehicle],
    }
    (tmp_path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    options = ["--from", str(path), "--state", str(tmp_path / "state.json"), "--iterations", "200"]
    assert main(["plan", EXAMPLE, "--out", str(tmp_path / "second"), *options]) == 0
    assert main(["check", EXAMPLE, str(tmp_path / "second" / "plan.json"), "--from", str(path)]) == 0
    last = read_plan(tmp_path / "second" / "plan.json")
    assert middle.day is not None
    assert last.day is not None
    assert set(last.day.lost_vehicles) == {first, middle.routes[-1].vehicle}
    begun = {s.visit for r in middle.routes for loop in r.loops for s in loop.stops if s.start_s <= last.day.now_s}
    assert set(last.day.done) == begun | set(middle.day.done)
    assert last.summary.visits == 193 - len(last.day.done)


@pytest.mark.slow
def test_a_state_that_was_tampered_with_is_noticed(morning: Path, tmp_path: Path) -> None:
    """A visit that was not made is said to be: the site's demand no longer adds up."""
    _, path = replan(morning, tmp_path)
    plan = json.loads(path.read_text(encoding="utf-8"))
    first = plan["routes"][0]["loops"][0]["stops"][0]["visit"]
    plan["day"]["done"].append(first)
    path.write_text(json.dumps(plan), encoding="utf-8")
    assert main(["check", EXAMPLE, str(path)]) == 1


def test_names_nobody_has_are_complained_of_all_at_once(
    morning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, path = replan(
        morning, tmp_path, lost_vehicles=["X9"], failed=["P1/9"], vehicles=[{"vehicle": "Y", "at": "Z"}]
    )
    assert code == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("X9", "P1/9", "“Y”", "“Z”"))
    assert "state.json" in told
    assert "scenario.toml" not in told
    assert not path.exists()


def test_a_state_without_the_earlier_plan_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state.json").write_text('{"now_at": "2026-11-21T08:10:00-03:00"}', encoding="utf-8")
    code = main(["plan", EXAMPLE, "--out", str(tmp_path / "out"), "--state", str(tmp_path / "state.json")])
    assert code == 2
    assert "原方案" in capsys.readouterr().err


def test_a_state_that_is_none_is_refused(morning: Path, tmp_path: Path) -> None:
    code, _ = replan(morning, tmp_path, vehicles="all lost", surprise=1)
    assert code == 2


@pytest.mark.slow
def test_over_http_the_state_goes_into_the_body(morning: Path) -> None:
    old = read_plan(morning)
    body = {
        "scenario": example_scenario().model_dump(mode="json"),
        "previous": old.model_dump(mode="json"),
        "state": {"now_at": minute_40(old).isoformat(), "lost_vehicles": [old.routes[0].vehicle]},
    }
    client = create_app(Settings()).test_client()
    answer = client.post("/api/v1/plans?iterations=50", json=body)
    assert answer.status_code == 200
    assert answer.get_json()["day"]["now_s"] == 2_400
    body["state"]["lost_vehicles"] = ["X9"]
    refused = client.post("/api/v1/plans?iterations=50", json=body)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "#/state/lost_vehicles/0"
