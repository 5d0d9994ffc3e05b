"""Fixed parts and earlier plans from end to end: what is locked stays, and little else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from api.cli import main
from api.example import FOLDER as EXAMPLES
from api.schemas import PlanDocument

EXAMPLE = EXAMPLES / "coquimbo"
QUICK = ("--iterations", "20", "--lang", "en")


def template(folder: Path) -> Path:
    assert main(["scenario", "new", str(folder)]) == 0
    return folder


def locks(folder: Path, *rows: str) -> Path:
    (folder / "锁定.csv").write_text("\n".join(["任务,车辆,位置,线路", *rows]), encoding="utf-8")
    return folder


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    path = folder / name
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def plan(folder: Path, out: Path, *more: str) -> PlanDocument:
    assert main(["plan", str(folder), "--out", str(out), *QUICK, *more]) == 0
    return read(out)


def read(out: Path) -> PlanDocument:
    return PlanDocument.model_validate_json((out / "plan.json").read_bytes())


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str], *, status: int = 2) -> str:
    capsys.readouterr()
    assert main(arguments) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def stops(document: PlanDocument, vehicle: str) -> list[str]:
    return [
        stop.visit
        for route in document.routes
        if route.vehicle == vehicle
        for loop in route.loops
        for stop in loop.stops
    ]


def serving(document: PlanDocument) -> dict[str, str]:
    return {stop.visit: route.vehicle for route in document.routes for loop in route.loops for stop in loop.stops}


def spoiled(out: Path, folder: Path, change: Any) -> Path:
    raw = json.loads((out / "plan.json").read_bytes())
    change(raw)
    folder.mkdir()
    (folder / "plan.json").write_text(json.dumps(raw), encoding="utf-8")
    return folder / "plan.json"


# --- locks --------------------------------------------------------------------------------------------------------


def test_locked_visits_and_positions_are_planned_and_checked(tmp_path: Path) -> None:
    folder = template(tmp_path / "scenario")
    free = plan(folder, tmp_path / "free")
    other = "TRUCK" if serving(free)["S1/1"] != "TRUCK" else "VAN-1"
    locks(folder, f"S1/1,{other},,", f"S8/1,{other},2,")
    held = plan(folder, tmp_path / "held")
    assert serving(held)["S1/1"] == other
    assert stops(held, other)[1] == "S8/1"
    assert held.summary.changed_stops is None
    assert main(["check", str(folder), str(tmp_path / "held" / "plan.json")]) == 0


def test_a_plan_that_moves_a_locked_stop_is_rejected_naming_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = template(tmp_path / "scenario")
    free = plan(folder, tmp_path / "free")
    vehicle = serving(free)["S3/1"]
    another = next(name for name in ("VAN-1", "VAN-2", "TRUCK") if name != vehicle)
    locks(folder, f"S3/1,{another},,")
    said = refused(["check", str(folder), str(tmp_path / "free" / "plan.json"), "--lang", "en"], capsys, status=1)
    assert f"LOCK {another} S3/1: is locked to {another}, served by {vehicle}" in said


def test_a_lock_that_cannot_hold_is_named_by_file_row_and_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = edited(template(tmp_path / "scenario"), "车辆.csv", "VAN,厢式货车,D1,2,800", "VAN,厢式货车,D1,2,100")
    locks(folder, "S2/1,TRUCK,,", "S5/1,VAN-1,,", "S9/1,VAN-1,,")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), *QUICK], capsys)
    assert "锁定.csv, row 4" in said
    locks(folder, "S2/1,TRUCK,,", "S4/1,VAN-1,,", "S3/9,VAN-1,,")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), *QUICK], capsys)
    assert "锁定.csv, row 4" in said
    assert "'S3/9'" in said
    edited(folder, "车辆.csv", "6:00-20:00", "6:00-7:40")
    locks(folder, "S2/1,TRUCK,,", "S4/1,VAN-1,,")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), *QUICK], capsys)
    assert "锁定.csv, row 3" in said
    assert said.rstrip().endswith("SHIFT")
    assert not (tmp_path / "out").exists()


# --- starting from an earlier plan --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the template scenario and the plan of it."""
    folder = tmp_path_factory.mktemp("before")
    plan(template(folder / "scenario"), folder / "old")
    return folder


def copy_of(before: Path, folder: Path) -> Path:
    folder.mkdir()
    for path in (before / "scenario").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def old(before: Path) -> str:
    return str(before / "old" / "plan.json")


def test_from_its_own_plan_nothing_changes(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = plan(before / "scenario", tmp_path / "out", "--from", old(before))
    assert (again.summary.changed_stops, again.changes) == (0, ())
    assert serving(again) == serving(read(before / "old"))
    assert "0 stops changed" in capsys.readouterr().out
    assert "Changes" not in openpyxl.load_workbook(tmp_path / "out" / "plan.xlsx").sheetnames


def test_a_new_site_and_one_less_are_the_changes(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = edited(copy_of(before, tmp_path / "scenario"), "点位.csv", "S8,Las Higueras", "S9,Las Higueras")
    now = plan(folder, tmp_path / "out", "--from", old(before))
    told = {change.visit: (change.from_vehicle, change.to_vehicle) for change in now.changes}
    was = serving(read(before / "old"))
    assert {visit: pair for visit, pair in told.items() if visit in ("S8/1", "S9/1")} == {
        "S8/1": (was["S8/1"], None),
        "S9/1": (None, serving(now)["S9/1"]),
    }
    assert now.summary.changed_stops == len(now.changes)
    assert "S9/1" in capsys.readouterr().out
    assert "Changes" in openpyxl.load_workbook(tmp_path / "out" / "plan.xlsx").sheetnames
    for more in ([], ["--from", old(before)]):
        assert main(["check", str(folder), str(tmp_path / "out" / "plan.json"), *more]) == 0


def test_what_a_plan_says_of_its_changes_is_checked(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = edited(copy_of(before, tmp_path / "scenario"), "点位.csv", "S8,Las Higueras", "S9,Las Higueras")
    plan(folder, tmp_path / "out", "--from", old(before))

    def fewer(raw: dict[str, Any]) -> None:
        raw["changes"].pop()
        raw["summary"]["changed_stops"] -= 1

    def elsewhere(raw: dict[str, Any]) -> None:
        raw["changes"][0]["to_vehicle"] = "TRUCK-9"

    forged = spoiled(tmp_path / "out", tmp_path / "fewer", fewer)
    said = refused(["check", str(folder), str(forged), "--from", old(before), "--lang", "en"], capsys, status=1)
    assert "TOTALS" in said
    forged = spoiled(tmp_path / "out", tmp_path / "elsewhere", elsewhere)
    assert "TOTALS" in refused(["check", str(folder), str(forged), "--lang", "en"], capsys, status=1)


def test_a_locked_route_needs_the_plan_it_comes_from(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    was = read(before / "old")
    vehicle = was.routes[0].vehicle
    folder = locks(copy_of(before, tmp_path / "scenario"), f",,,{vehicle}")
    said = refused(["plan", str(folder), "--out", str(tmp_path / "out"), *QUICK], capsys)
    assert "锁定.csv, row 2" in said
    assert "--from" in said
    now = plan(folder, tmp_path / "out", "--from", old(before))
    assert stops(now, vehicle) == stops(was, vehicle)
    result = str(tmp_path / "out" / "plan.json")
    assert main(["check", str(folder), result, "--from", old(before)]) == 0
    assert "--from" in refused(["check", str(folder), result, "--lang", "en"], capsys)


def test_an_earlier_plan_that_is_none_is_refused(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["plan", str(before / "scenario"), "--out", str(tmp_path / "out"), *QUICK, "--from"]
    none = tmp_path / "old.json"
    whole = (before / "old" / "plan.json").read_bytes()
    for text in (
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        whole[:-30],
        whole.replace(b'"schema_version": "1"', b'"schema_version": "0"'),
    ):
        assert text != whole
        none.write_bytes(text)
        assert "old.json" in refused([*arguments, str(none)], capsys)
    refused([*arguments, str(tmp_path / "nothing.json")], capsys)
    none.write_bytes(whole.replace(b'"site": "S', b'"site": "Q'))
    assert "no site in common" in refused([*arguments, str(none)], capsys)
    assert not (tmp_path / "out").exists()


# --- the embedded example -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("example") / "old"
    plan(EXAMPLE, out)
    return out


def own_copy(folder: Path) -> Path:
    folder.mkdir()
    for path in EXAMPLE.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.slow
def test_five_locked_routes_of_the_example_stay_as_they_were(example: Path, tmp_path: Path) -> None:
    was = read(example)
    locked = [route.vehicle for route in was.routes][:5]
    folder = locks(own_copy(tmp_path / "scenario"), *(f",,,{vehicle}" for vehicle in locked))
    now = plan(folder, tmp_path / "out", "--from", str(example / "plan.json"))
    assert [stops(now, vehicle) for vehicle in locked] == [stops(was, vehicle) for vehicle in locked]
    assert not {change.from_vehicle for change in now.changes}.intersection(locked)


@pytest.mark.slow
def test_without_one_van_hardly_more_than_its_stops_change(example: Path, tmp_path: Path) -> None:
    was = read(example)
    used = {route.vehicle for route in was.routes}
    gone = next(name for name in ("V1-8", "V2-9", "V3-6", "V4-9", "T1-3", "T2-4", "T4-3") if name in used)
    entry, count = gone.split("-")
    folder = own_copy(tmp_path / "scenario")
    path = next(path for path in folder.iterdir() if path.stem in ("vehicles", "车辆"))
    text = path.read_text(encoding="utf-8-sig")
    rows = [row.split(",") for row in text.splitlines()]
    rows = [
        [str(int(count) - 1) if cell == count and row[0] == entry else cell for cell in row] if row[0] == entry else row
        for row in rows
    ]
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    now = plan(folder, tmp_path / "out", "--from", str(example / "plan.json"))
    lost = set(stops(was, gone))
    assert lost
    assert gone not in serving(now).values()
    assert {change.visit for change in now.changes} >= lost
    assert len(now.changes) <= 2 * len(lost)
    assert now.summary.unserved == was.summary.unserved
