"""Drivers and what would have helped, in the plan document: written, read back, shown, and judged."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from api.files.workbook import write_workbook
from api.schemas import PlanDocument, ScenarioDocument
from api.service import Effort, Networks, check_document, plan_scenario
from api.terminal import show_plan
from geodata.network import Network, save_network
from routing.model import Violation
from routing.solvers.base import Stop

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def networks(tmp_path: Path, square: Network) -> Networks:
    save_network(square, tmp_path / "square.bgn")
    return Networks(tmp_path)


def planned(scenario: dict[str, Any], networks: Networks) -> PlanDocument:
    document = ScenarioDocument.model_validate(scenario)
    effort = Effort(stop=Stop(iterations=20))
    return plan_scenario(document, networks=networks, effort=effort).document


def with_drivers(scenario: dict[str, Any], *drivers: dict[str, Any], **vehicle: Any) -> dict[str, Any]:
    changed = copy.deepcopy(scenario)
    changed["drivers"] = list(drivers)
    changed["vehicles"][0] |= vehicle
    return changed


def judged(scenario: dict[str, Any], plan: PlanDocument, networks: Networks, change: Change) -> tuple[Violation, ...]:
    raw = plan.model_dump(mode="json")
    change(raw)
    document = ScenarioDocument.model_validate(scenario)
    return check_document(document, PlanDocument.model_validate(raw), networks=networks)


def as_it_is(raw: dict[str, Any]) -> None:
    """No change."""


# --- drivers ----------------------------------------------------------------------------------------------------


WANG = {"id": "P1", "name": "王师傅", "known_sites": ["S1", "S2", "S3", "S4", "S5"], "licences": ["C1"]}
LI = {"id": "P2", "name": "李师傅"}


def test_without_drivers_nobody_drives(small_scenario: dict[str, Any], networks: Networks) -> None:
    plan = planned(small_scenario, networks)
    assert [(route.driver, route.driver_name) for route in plan.routes] == [(None, "")] * len(plan.routes)
    assert plan.warnings == ()


def test_a_plan_says_who_drives_and_which_sites_are_new_to_them(
    small_scenario: dict[str, Any], networks: Networks
) -> None:
    scenario = with_drivers(small_scenario, LI, WANG)
    plan = planned(scenario, networks)
    assert {route.driver: route.driver_name for route in plan.routes} == {"P1": "王师傅", "P2": "李师傅"}
    for route in plan.routes:
        sites = [stop.site for loop in route.loops for stop in loop.stops]
        assert route.known_stops == (len(sites) if route.driver == "P1" else 0)
        assert list(route.unknown_sites) == ([] if route.driver == "P1" else sites)
    assert judged(scenario, plan, networks, as_it_is) == ()


def test_a_vehicle_without_a_driver_is_warned_of(small_scenario: dict[str, Any], networks: Networks) -> None:
    scenario = with_drivers(small_scenario, WANG, LI, licence="C1")
    plan = planned(scenario, networks)
    assert sorted(str(route.driver) for route in plan.routes) == ["None", "P1"]
    (warning,) = plan.warnings
    assert "没有司机" in warning.zh
    assert "has no driver" in warning.en
    assert judged(scenario, plan, networks, as_it_is) == ()


def forged_driver(name: str | None) -> Change:
    def forge(raw: dict[str, Any]) -> None:
        raw["routes"][0]["driver"] = name

    return forge


def misnamed(raw: dict[str, Any]) -> None:
    raw["routes"][0]["driver_name"] = "赵师傅"


def known_after_all(raw: dict[str, Any]) -> None:
    for route in raw["routes"]:
        route["unknown_sites"] = []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (forged_driver("P9"), "SHIFT"),
        (forged_driver("P2"), "SHIFT"),
        (misnamed, "TOTALS"),
        (known_after_all, "TOTALS"),
        (forged_driver(None), "TOTALS"),
    ],
)
def test_a_forged_driver_is_found(
    small_scenario: dict[str, Any], networks: Networks, change: Change, rule: str
) -> None:
    scenario = with_drivers(small_scenario, LI, WANG)
    plan = planned(scenario, networks)
    if plan.routes[0].driver == "P2":
        plan = plan.model_copy(update={"routes": plan.routes[::-1]})
    assert rule in {violation.rule for violation in judged(scenario, plan, networks, change)}


def test_the_terminal_and_the_workbook_tell_of_drivers(
    small_scenario: dict[str, Any], networks: Networks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(with_drivers(small_scenario, LI), networks)
    show_plan(plan, tmp_path, "en")
    assert "1 drivers, 1 routes without one; 1 routes call for a drive beforehand" in capsys.readouterr().out
    show_plan(plan, tmp_path, "zh")
    assert "司机 1 名，没有司机的线路 1 条；需先踏勘的线路 1 条" in capsys.readouterr().out.replace("\n", "")
    stream = io.BytesIO()
    write_workbook(plan, stream)
    rows = list(load_workbook(stream)["线路"].iter_rows(values_only=True))
    column, new = rows[0].index("司机"), rows[0].index("需先踏勘的点位")
    assert {row[column] for row in rows[1:]} == {"李师傅", None}
    assert all(bool(row[column]) == bool(row[new]) for row in rows[1:])


# --- what would have helped -------------------------------------------------------------------------------------


@pytest.fixture
def scarce(small_scenario: dict[str, Any]) -> dict[str, Any]:
    """A van for three sites of five, and what is late is left out."""
    changed = copy.deepcopy(small_scenario)
    changed["vehicles"][0] |= {"count": 1, "kind": "厢货"}
    changed["settings"] = {"after_target": "leave_out"}
    return changed


def test_what_would_help_stands_beside_the_reason(scarce: dict[str, Any], networks: Networks) -> None:
    plan = planned(scarce, networks)
    assert len(plan.unserved) == 2
    for left in plan.unserved:
        assert left.reason.code == "NO_CAPACITY_LEFT"
        assert left.reason.relaxation is not None
        assert left.reason.relaxation.relief == "one_more_vehicle"
        assert left.reason.relaxation.figures["depot"] == "D1"
        assert left.reason.relaxation.figures["vehicle_kind"] == "厢货"
        assert left.reason.relaxation.figures["others"] == 1
    assert judged(scarce, plan, networks, as_it_is) == ()


def test_what_is_said_to_help_does_help(scarce: dict[str, Any], networks: Networks) -> None:
    """The coordinator does as told and plans anew."""
    scarce["vehicles"][0]["count"] += 1
    assert planned(scarce, networks).summary.served_in_time == 5


def other_relief(raw: dict[str, Any]) -> None:
    raw["unserved"][0]["reason"]["relaxation"]["figures"]["others"] = 7


def no_relief(raw: dict[str, Any]) -> None:
    raw["unserved"][0]["reason"]["relaxation"] = None


def invented(raw: dict[str, Any]) -> None:
    raw["unserved"][0]["reason"]["relaxation"]["relief"] = "a_miracle"


@pytest.mark.parametrize("change", [other_relief, no_relief, invented])
def test_a_forged_relief_is_found(scarce: dict[str, Any], networks: Networks, change: Change) -> None:
    found = judged(scarce, planned(scarce, networks), networks, change)
    assert {violation.rule for violation in found} == {"TOTALS"}
    assert all("relaxation" in violation.subject for violation in found)


def test_a_plan_that_breaks_a_rule_is_not_tried_for_what_would_help(scarce: dict[str, Any], networks: Networks) -> None:
    def spoil(raw: dict[str, Any]) -> None:
        raw["routes"][0]["loops"][0]["stops"][0]["start_s"] += 1

    found = judged(scarce, planned(scarce, networks), networks, spoil)
    assert found
    assert not any("relaxation" in violation.subject for violation in found)


def test_terminal_and_workbook_tell_what_would_help(
    scarce: dict[str, Any], networks: Networks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(scarce, networks)
    show_plan(plan, tmp_path, "en")
    assert "one more 厢货" in capsys.readouterr().out
    stream = io.BytesIO()
    write_workbook(plan, stream, lang="en")
    rows = list(load_workbook(stream)["Late and unserved"].iter_rows(values_only=True))
    assert rows[0][-1] == "What would help"
    assert all("one more 厢货 at D1 would do" in str(row[-1]) for row in rows[1:])


def test_a_driver_cannot_be_dropped_without_a_word(small_scenario: dict[str, Any], networks: Networks) -> None:
    def drop(raw: dict[str, Any]) -> None:
        raw["routes"][0] |= {"driver": None, "driver_name": "", "known_stops": 0, "unknown_sites": []}

    scenario = with_drivers(small_scenario, WANG, LI)
    found = judged(scenario, planned(scenario, networks), networks, drop)
    assert [(violation.rule, violation.subject) for violation in found] == [("TOTALS", "warnings")]
