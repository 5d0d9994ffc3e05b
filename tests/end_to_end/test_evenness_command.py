"""``baogong evenness`` from end to end, and a plan with a price on its longest route."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from api.cli import main
from api.example import FOLDER as EXAMPLES
from api.schemas import EvennessDocument

EXAMPLE = str(EXAMPLES / "coquimbo")
QUICK = ("--iterations", "10")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "scenario"
    assert main(["scenario", "new", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def studied(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("studied") / "out"
    assert main(["evenness", str(template), "--out", str(out), *QUICK]) == 0
    return out


def read(folder: Path) -> EvennessDocument:
    return EvennessDocument.model_validate_json((folder / "evenness.json").read_bytes())


def test_a_study_is_three_files(studied: Path) -> None:
    assert {path.name for path in studied.iterdir()} == {"evenness.json", "evenness.xlsx", "evenness.png"}
    assert {path.name for path in studied.parent.iterdir()} == {"out"}
    assert (studied / "evenness.png").read_bytes().startswith(b"\x89PNG")
    assert read(studied).solver.iterations == 10


def test_the_curve_rises_from_nothing_to_where_something_is_served_worse(studied: Path) -> None:
    study = read(studied)
    first, *others = study.points
    good = [point for point in study.points if not point.worse]
    assert (first.ceiling_s, first.worse, first.extra_s, first.extra_percent) == (None, False, 0, 0)
    assert others
    assert [point.worse for point in study.points] == [False] * len(good) + [True]
    assert study.lowest_s == good[-1].longest_s == min(point.longest_s for point in good)
    assert len({(point.served_in_time, point.served_late, point.unserved) for point in good}) == 1
    for point in study.points:
        assert point.longest_s <= (point.ceiling_s or point.longest_s)
        assert point.shortest_s <= point.mean_s <= point.longest_s
        assert point.extra_s == point.cost_s - first.cost_s
        assert point.extra_percent == pytest.approx(100 * point.extra_s / first.cost_s, abs=0.005)


def test_the_first_point_is_the_plan_without_a_ceiling(studied: Path, template: Path, tmp_path: Path) -> None:
    assert main(["plan", str(template), "--out", str(tmp_path / "plan"), "--iterations", "600"]) == 0
    plan = json.loads((tmp_path / "plan" / "plan.json").read_bytes())
    assert read(studied).points[0].cost_s == plan["summary"]["objective"]["cost_s"]


def test_the_workbook_says_the_same_as_the_document(studied: Path) -> None:
    book = load_workbook(studied / "evenness.xlsx")
    assert book.sheetnames == ["线路均衡"]
    rows = [row[4:11] for row in book["线路均衡"].iter_rows(min_row=2, values_only=True)]
    assert rows == [
        (
            point.vehicles_used,
            point.served_in_time,
            point.served_late,
            point.unserved,
            "√" if point.worse else None,
            point.cost_s,
            point.extra_s,
        )
        for point in read(studied).points
    ]


def test_same_seed_writes_the_same_bytes(studied: Path, template: Path, tmp_path: Path) -> None:
    assert main(["evenness", str(template), "--out", str(tmp_path / "again"), *QUICK]) == 0
    for path in studied.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("language", "word", "sheet"), [("zh", "最长线路可由", "线路均衡"), ("en", "can be cut from", "Evenness")]
)
def test_a_study_speaks_the_language_asked_for(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str, sheet: str
) -> None:
    assert main(["evenness", str(template), "--out", str(tmp_path / "out"), "--lang", language, *QUICK]) == 0
    assert word in capsys.readouterr().out
    assert sheet in load_workbook(tmp_path / "out" / "evenness.xlsx").sheetnames


def test_bad_input_is_refused_before_any_work(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    for scenario, out in ((tmp_path / "nowhere", tmp_path / "out"), (template, tmp_path / "taken")):
        assert main(["evenness", str(scenario), "--out", str(out), *QUICK]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.strip()
        assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


# --- the price --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario with a price of its longest route, and its plan in ``out``."""
    folder = tmp_path_factory.mktemp("priced") / "scenario"
    assert main(["scenario", "new", str(folder)]) == 0
    keys = folder / "scenario.toml"
    given = keys.read_text(encoding="utf-8")
    assert "# longest_route_price = 2 " in given
    keys.write_text(given.replace("# longest_route_price = 2 ", "longest_route_price = 2.5 "), encoding="utf-8")
    assert main(["plan", str(folder), "--out", str(folder.parent / "out"), *QUICK]) == 0
    return folder


def test_a_plan_counts_the_price_of_its_longest_route_once(priced: Path) -> None:
    plan = json.loads((priced.parent / "out" / "plan.json").read_bytes())
    away_s = [route["loops"][-1]["back"]["arrival_s"] - route["loops"][0]["departure_s"] for route in plan["routes"]]
    routes_s = sum(route["totals"]["cost_s"] for route in plan["routes"])
    assert plan["summary"]["objective"]["cost_s"] == routes_s + round(2.5 * max(away_s))
    assert main(["check", str(priced), str(priced.parent / "out" / "plan.json")]) == 0


def test_a_plan_that_leaves_the_price_out_is_refused(
    priced: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = json.loads((priced.parent / "out" / "plan.json").read_bytes())
    plan["summary"]["objective"]["cost_s"] = sum(route["totals"]["cost_s"] for route in plan["routes"])
    (tmp_path / "forged.json").write_text(json.dumps(plan), encoding="utf-8")
    assert main(["check", str(priced), str(tmp_path / "forged.json")]) == 1
    assert "TOTALS" in capsys.readouterr().err


def test_a_price_below_zero_is_bad_input_named_by_its_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "scenario"
    assert main(["scenario", "new", str(folder)]) == 0
    keys = folder / "scenario.toml"
    given = keys.read_text(encoding="utf-8")
    keys.write_text(given.replace("# longest_route_price = 2 ", "longest_route_price = -1 "), encoding="utf-8")
    assert main(["plan", str(folder), "--out", str(tmp_path / "out"), "--lang", "en"]) == 2
    said = capsys.readouterr().err
    row = 1 + [line.startswith("# longest_route_price") for line in given.splitlines()].index(True)
    assert f"scenario.toml, row {row}" in said or f"scenario.toml row {row}" in said or f":{row}" in said, said
    assert "longest_route_price" in said


@pytest.mark.slow
def test_the_example_can_be_evened_out(tmp_path: Path) -> None:
    assert main(["evenness", EXAMPLE, "--out", str(tmp_path / "out"), "--iterations", "100"]) == 0
    study = read(tmp_path / "out")
    good = [point for point in study.points if not point.worse]
    assert study.visits == 193
    assert {point.served_in_time for point in good} == {193}
    assert study.lowest_s <= 0.8 * good[0].longest_s
    assert 5 <= len(good) <= 16
