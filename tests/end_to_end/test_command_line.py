"""The command line from end to end: what it writes, what it says, and what it returns."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from api.cli import main
from api.example import FOLDER as EXAMPLES
from api.schemas import DirectionsDocument, PlanDocument
from geodata.errors import Text
from geodata.samples import FOLDER as SAMPLES
from routing import pipeline
from routing.model import Violation

FILES = {"plan.json", "directions.json", "routes.geojson", "plan.xlsx", "map.png"}
EXAMPLE = str(EXAMPLES / "coquimbo")
ALL = str(EXAMPLES / "coquimbo_all")
QUICK = ("--iterations", "20")

OSM = """<?xml version="1.0"?>
<osm version="0.6">
 <node id="1" lat="38.90" lon="121.60"/>
 <node id="2" lat="38.90" lon="121.61"/>
 <node id="3" lat="38.91" lon="121.61"/>
 <node id="4" lat="38.91" lon="121.60"/>
 <way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="highway" v="residential"/></way>
</osm>
"""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedded example's plan."""
    folder = tmp_path_factory.mktemp("planned") / "out"
    assert main(["plan", EXAMPLE, "--out", str(folder), *QUICK]) == 0
    return folder


def template(folder: Path) -> Path:
    assert main(["scenario", "new", str(folder)]) == 0
    return folder


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    path = folder / name
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str], *, status: int = 2) -> str:
    """What is said on the error stream; nothing on the other, and no traceback."""
    capsys.readouterr()
    assert main(arguments) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.strip()
    return said.err


# --- plan and check ---------------------------------------------------------------------------------------------


def test_the_example_is_planned_into_five_files(planned: Path) -> None:
    assert names(planned) == FILES
    plan = PlanDocument.model_validate_json((planned / "plan.json").read_bytes())
    assert plan.summary.check == "passed"
    assert plan.summary.reproducible
    assert plan.solver.iterations == 20
    assert (planned / "map.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((planned / "routes.geojson").read_bytes())["type"] == "FeatureCollection"
    directions = DirectionsDocument.model_validate_json((planned / "directions.json").read_bytes())
    legs = [
        leg
        for route in plan.routes
        for loop in route.loops
        for leg in (*(stop.leg for stop in loop.stops), loop.back.leg)
    ]
    assert [each.travel_s for each in directions.legs] == [leg.travel_s for leg in legs]
    assert openpyxl.load_workbook(planned / "plan.xlsx").sheetnames[-1] == "行车指引"
    assert names(planned.parent) == {"out"}


def test_its_plan_passes_the_check(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", EXAMPLE, str(planned / "plan.json")]) == 0
    said = capsys.readouterr()
    assert "校验通过" in said.out
    assert said.err == ""


@pytest.mark.slow
def test_same_seed_and_work_limit_write_the_same_bytes(planned: Path, tmp_path: Path) -> None:
    assert main(["plan", EXAMPLE, "--out", str(tmp_path / "again"), *QUICK]) == 0
    for name in ("plan.json", "routes.geojson"):
        assert (tmp_path / "again" / name).read_bytes() == (planned / name).read_bytes()


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(planned: Path, tmp_path: Path) -> None:
    run(["plan", EXAMPLE, "--out", str(tmp_path / "again"), *QUICK], PYTHONHASHSEED="12345")
    assert (tmp_path / "again" / "plan.json").read_bytes() == (planned / "plan.json").read_bytes()


def test_what_is_shown_speaks_the_language_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = template(tmp_path / "scenario")
    capsys.readouterr()
    for language, word in (("zh", "配送任务"), ("en", "visits")):
        out = tmp_path / language
        assert main(["plan", str(folder), "--out", str(out), "--lang", language, *QUICK]) == 0
        assert word in capsys.readouterr().out
        assert names(out) == FILES


def test_a_new_scenario_can_be_planned_and_checked(tmp_path: Path) -> None:
    folder, out = template(tmp_path / "scenario"), tmp_path / "out"
    assert main(["plan", str(folder), "--out", str(out), *QUICK]) == 0
    assert main(["check", str(folder), str(out / "plan.json")]) == 0


def spoil(plan: dict[str, Any], *path: str | int, by: Callable[[Any], Any]) -> None:
    inner: Any = plan
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = by(inner[path[-1]])


STOP = ("routes", 0, "loops", 0, "stops", 1)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ((*STOP, "start_s"), "SHIFT"),
        ((*STOP, "arrival_s"), "ROAD"),
        ((*STOP, "leg", "travel_s"), "ROAD"),
        ((*STOP, "leg", "arcs", 1), "ROAD"),
        ((*STOP, "lines", 0, "units"), "DEMAND"),
    ],
)
def test_a_tampered_plan_is_rejected_naming_rule_and_stop(
    path: tuple[str | int, ...], rule: str, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = json.loads((planned / "plan.json").read_bytes())
    stop, vehicle = plan["routes"][0]["loops"][0]["stops"][1]["visit"], plan["routes"][0]["vehicle"]
    spoil(plan, *path, by=lambda value: value + 1)
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    said = refused(["check", EXAMPLE, str(tmp_path / "plan.json"), "--lang", "en"], capsys, status=1)
    blamed = [line for line in said.splitlines() if line.startswith(f"{rule} ") and stop in line.split(":")[0].split()]
    assert blamed
    assert rule == "DEMAND" or any(vehicle in line for line in blamed)


def test_a_plan_of_another_scenario_is_rejected(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(["check", ALL, str(planned / "plan.json"), "--lang", "en"], capsys, status=1)
    assert "another scenario" in said


def test_a_plan_that_fails_its_check_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    violation = Violation("WINDOW", Text("不在接收时间内", "outside the receiving hours"), vehicle="V", visit="S1/1")
    monkeypatch.setattr(pipeline, "check_roads", lambda *_: (violation,))
    folder = template(tmp_path / "scenario")
    out = tmp_path / "out"
    said = refused(["plan", str(folder), "--out", str(out), "--lang", "en", *QUICK], capsys, status=3)
    assert said == "WINDOW V S1/1: outside the receiving hours\n"
    assert names(tmp_path) == {"scenario"}


def test_the_files_of_the_last_good_plan_stay_when_a_new_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = template(tmp_path / "scenario"), tmp_path / "out"
    assert main(["plan", str(folder), "--out", str(out), *QUICK]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    violation = Violation("WINDOW", Text("", ""))
    monkeypatch.setattr(pipeline, "check_roads", lambda *_: (violation,))
    assert main(["plan", str(folder), "--out", str(out), *QUICK]) == 3
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


# --- bad input --------------------------------------------------------------------------------------------------


def test_every_bad_cell_is_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited(template(tmp_path / "scenario"), "点位.csv", "-29.94788", "south")
    edited(folder, "车辆.csv", "VAN,厢式货车,D1", "VAN,厢式货车,D9")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), *QUICK], capsys)
    assert "点位.csv" in said
    assert "第 2 行" in said
    assert "车辆.csv" in said
    assert "D9" in said
    assert not (tmp_path / "out").exists()


def test_a_depot_in_the_sea_is_named_by_file_and_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found only on the roads, long after the lists were read."""
    folder = edited(template(tmp_path / "scenario"), "储备库.csv", "-71.25283", "-71.45283")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), "--lang", "en", *QUICK], capsys)
    assert said.startswith("储备库.csv, row 3: ")
    assert "'D2'" in said
    assert not (tmp_path / "out").exists()


def test_too_many_visits_are_named_by_file_and_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited(template(tmp_path / "scenario"), "点位.csv", "90,30,", "90,3000000,")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), "--lang", "en", *QUICK], capsys)
    assert said.startswith("点位.csv, row 3")


def test_an_output_that_is_a_file_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    said = refused(["plan", EXAMPLE, "--out", str(tmp_path / "out"), "--lang", "en"], capsys)
    assert "is a file" in said
    assert (tmp_path / "out").read_text() == "mine"
    refused(["plan", EXAMPLE, "--out", str(tmp_path / "out" / "below"), "--lang", "en"], capsys)


def test_a_missing_and_a_damaged_network_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited(template(tmp_path / "scenario"), "scenario.toml", "sample:coquimbo", "roads.bgn")
    arguments = ["plan", str(folder), "--out", str(tmp_path / "out"), "--lang", "en", *QUICK]
    assert "roads.bgn" in refused(arguments, capsys)
    whole = (SAMPLES / "coquimbo.bgn").read_bytes()
    for damaged in (b"", b"not a network", whole[: len(whole) // 2], whole[:-40] + bytes(40)):
        (folder / "roads.bgn").write_bytes(damaged)
        said = refused(arguments, capsys)
        assert "roads.bgn" in said
    assert not (tmp_path / "out").exists()


def test_a_plan_that_is_none_is_refused(planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    whole = (planned / "plan.json").read_bytes()
    for text in (b"", b"[]", b"{}", whole[:-20], b"\xff\xfe", b"[" * 100_000):
        plan.write_bytes(text)
        assert "plan.json" in refused(["check", EXAMPLE, str(plan)], capsys)
    refused(["check", EXAMPLE, str(tmp_path / "none.json")], capsys)
    refused(["check", str(tmp_path / "none"), str(planned / "plan.json")], capsys)


def test_a_folder_that_holds_something_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused(["scenario", "new", str(tmp_path)], capsys)
    assert names(tmp_path) == {"mine.txt"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["plan"],
        ["plan", EXAMPLE],
        ["plan", EXAMPLE, "--out", "o", "--iterations", "0"],
        ["plan", EXAMPLE, "--out", "o", "--seconds", "nan"],
        ["plan", EXAMPLE, "--out", "o", "--seconds", "-1"],
        ["plan", EXAMPLE, "--out", "o", "--seed", "x"],
        ["plan", EXAMPLE, "--out", "o", "--lang", "fr"],
        ["serve", "--port", "70000"],
        ["fly"],
    ],
)
def test_a_command_nobody_knows_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage" in capsys.readouterr().err


# --- networks ---------------------------------------------------------------------------------------------------


def test_a_network_is_built_from_a_map_and_planned_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "town.osm").write_text(OSM, encoding="utf-8")
    assert (
        main(["network", "build", str(tmp_path / "town.osm"), "--out", str(tmp_path / "town.bgn"), "--lang", "en"]) == 0
    )
    assert "4 edges" in capsys.readouterr().out or (tmp_path / "town.bgn").is_file()
    scenario = {
        "network": "town.bgn",
        "orders": [{"id": "1", "order_at": "2022-11-23T07:30:00+08:00"}],
        "kinds": [{"id": "base", "kg": 5}],
        "depots": [{"id": "D", "lon": 121.60, "lat": 38.905}],
        "sites": [{"id": "S", "lon": 121.61, "lat": 38.905, "demand": [{"kind": "base", "units": 3}]}],
        "vehicles": [{"id": "V", "depot": "D", "capacity_kg": 100}],
    }
    (tmp_path / "scenario.json").write_text(json.dumps(scenario), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["plan", str(tmp_path / "scenario.json"), "--out", str(out), *QUICK]) == 0
    plan = PlanDocument.model_validate_json((out / "plan.json").read_bytes())
    assert plan.summary.served_in_time == 1
    assert plan.network.name == "town.osm"


@pytest.mark.parametrize(
    ("language", "counted", "listed"),
    [
        ("en", "1 turn restrictions, 1 arcs to signals", "turn restriction 6 not applied: has no member 'to'"),
        ("zh", "转向限制 1，有信号灯的方向 1，", "转向限制 6 未应用：缺少“to”成员"),
    ],
)
def test_restrictions_are_counted_and_those_not_applied_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, counted: str, listed: str
) -> None:
    more = """
     <way id="8"><nd ref="5"/><nd ref="1"/><tag k="highway" v="residential"/></way>
     <node id="5" lat="38.90" lon="121.59"/>
     <node id="6" lat="38.905" lon="121.595"><tag k="highway" v="traffic_signals"/><tag k="direction" v="forward"/></node>
     <way id="7"><nd ref="5"/><nd ref="6"/><nd ref="4"/><tag k="highway" v="residential"/></way>
     <relation id="5"><member type="way" ref="8" role="from"/><member type="node" ref="1" role="via"/>
      <member type="way" ref="9" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_entry"/></relation>
     <relation id="6"><member type="way" ref="8" role="from"/><member type="node" ref="1" role="via"/>
      <tag k="type" v="restriction"/><tag k="restriction" v="no_entry"/></relation>
    </osm>"""
    (tmp_path / "town.osm").write_text(OSM.replace("</osm>", more), encoding="utf-8")
    out = str(tmp_path / "town.bgn")
    assert main(["network", "build", str(tmp_path / "town.osm"), "--out", out, "--lang", language]) == 0
    said = capsys.readouterr().out
    assert counted in said
    assert listed in said


def test_a_map_that_is_none_is_refused_and_no_network_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("a.osm", "no xml"), ("b.osm", "<osm version='0.6'></osm>"), ("c.txt", "text")):
        (tmp_path / name).write_text(text)
        said = refused(["network", "build", str(tmp_path / name), "--out", str(tmp_path / "n.bgn")], capsys)
        assert name in said
    refused(["network", "build", str(tmp_path / "none.osm"), "--out", str(tmp_path / "n.bgn")], capsys)
    assert not (tmp_path / "n.bgn").exists()


# --- as a process: signals and time -----------------------------------------------------------------------------


def command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "api.cli", *arguments]


def run(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(arguments), check=True, capture_output=True, text=True, env=os.environ | environment, timeout=120
    )


def interrupt(arguments: list[str], *, number: signal.Signals, times: int = 1) -> tuple[int, str]:
    """Start the command, signal it in the middle of its search, and wait for its end: status and error stream."""
    with subprocess.Popen(command(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        still_running(process, SEARCHING_S)
        for _ in range(times):
            process.send_signal(number)
            still_running(process, 0.05)
        _, said = process.communicate(timeout=120)
        return process.returncode, said


SEARCHING_S = 6.0
"""After so long even a busy machine has read the example and begun to search."""


def still_running(process: subprocess.Popen[str], seconds: float) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(seconds)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_writes_the_best_checked_plan_so_far(number: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, said = interrupt(["plan", ALL, "--out", str(out), "--iterations", "1000000"], number=number)
    assert (status, said) == (0, "")
    plan = PlanDocument.model_validate_json((out / "plan.json").read_bytes())
    assert not plan.summary.reproducible
    assert plan.summary.unserved == 0
    assert names(out) == FILES
    assert main(["check", ALL, str(out / "plan.json")]) == 0


@pytest.mark.slow
def test_interrupted_twice_it_ends_without_a_traceback_and_without_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["plan", ALL, "--out", str(out), "--iterations", "1000000"]
    status, said = interrupt(arguments, number=signal.SIGINT, times=2)
    assert (status, said) == (130, "")
    assert names(tmp_path) == set()


@pytest.mark.slow
def test_a_time_budget_is_kept_and_said(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(["plan", EXAMPLE, "--out", str(out), "--seconds", "3"])
    plan = PlanDocument.model_validate_json((out / "plan.json").read_bytes())
    assert not plan.summary.reproducible
    assert (plan.solver.seconds, plan.solver.iterations) == (3.0, None)
    assert main(["check", EXAMPLE, str(out / "plan.json")]) == 0


@pytest.mark.slow
def test_the_language_may_come_from_the_environment(tmp_path: Path) -> None:
    done = run(["scenario", "new", str(tmp_path / "s")], BAOGONG_LANG="en")
    assert "written to" in done.stdout
    done = run(["scenario", "new", str(tmp_path / "t")], BAOGONG_LANG="xx")
    assert "已写入" in done.stdout
