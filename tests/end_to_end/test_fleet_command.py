"""``baogong fleet`` from end to end: what it writes, what it says, and what it returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from api.cli import main
from api.example import FOLDER as EXAMPLES
from api.schemas import FleetDocument

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
    assert main(["fleet", str(template), "--out", str(out), *QUICK]) == 0
    return out


def read(folder: Path) -> FleetDocument:
    return FleetDocument.model_validate_json((folder / "fleet.json").read_bytes())


def test_a_study_is_three_files(studied: Path) -> None:
    assert {path.name for path in studied.iterdir()} == {"fleet.json", "fleet.xlsx", "fleet.png"}
    assert {path.name for path in studied.parent.iterdir()} == {"out"}
    assert (studied / "fleet.png").read_bytes().startswith(b"\x89PNG")
    study = read(studied)
    assert study.enough is not None
    assert study.enough in [point.vehicles for point in study.points]
    assert [point.missed for point in study.points if point.vehicles == study.enough] == [0]
    assert {point.check for point in study.points} == {"passed"}
    assert study.solver.iterations == 10


def test_the_given_fleet_is_a_point_and_is_made_of_what_is_given(studied: Path) -> None:
    study = read(studied)
    (given,) = (point for point in study.points if point.vehicles == study.given)
    assert [part.vehicles for part in given.parts] == [part.given for part in given.parts]
    for point in study.points:
        assert sum(part.vehicles for part in point.parts) == point.vehicles


def test_the_workbook_says_the_same_as_the_document(studied: Path) -> None:
    book = load_workbook(studied / "fleet.xlsx")
    assert book.sheetnames == ["车队规模", "构成"]
    rows = [row[:3] for row in book["车队规模"].iter_rows(min_row=2, values_only=True)]
    assert rows == [(point.vehicles, point.served_in_time, point.missed) for point in read(studied).points]
    sums = [
        sum(column)
        for column in zip(*(r[4:] for r in book["构成"].iter_rows(min_row=2, values_only=True)), strict=True)
    ]
    assert sums == [point.vehicles for point in read(studied).points]


def test_same_seed_writes_the_same_bytes(studied: Path, template: Path, tmp_path: Path) -> None:
    assert main(["fleet", str(template), "--out", str(tmp_path / "again"), *QUICK]) == 0
    for path in studied.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("language", "word", "sheet"), [("zh", "辆即可使", "车队规模"), ("en", "are enough for all", "Fleet sizes")]
)
def test_a_study_speaks_the_language_asked_for(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str, sheet: str
) -> None:
    assert main(["fleet", str(template), "--out", str(tmp_path / "out"), "--lang", language, *QUICK]) == 0
    assert word in capsys.readouterr().out
    assert sheet in load_workbook(tmp_path / "out" / "fleet.xlsx").sheetnames


def test_bad_input_is_refused_before_any_work(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    for scenario, out in ((tmp_path / "nowhere", tmp_path / "out"), (template, tmp_path / "taken")):
        assert main(["fleet", str(scenario), "--out", str(out), *QUICK]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.strip()
        assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options", [["--iterations", "0"], ["--iterations", "many"], ["--seed", "-1"], ["--lang", "fr"]]
)
def test_options_that_mean_nothing_are_bad_input(template: Path, tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fleet", str(template), "--out", str(tmp_path / "out"), *options])
    assert ended.value.code == 2


@pytest.mark.slow
def test_the_example_needs_fewer_vehicles_than_it_has(tmp_path: Path) -> None:
    assert main(["fleet", EXAMPLE, "--out", str(tmp_path / "out"), "--iterations", "100"]) == 0
    study = read(tmp_path / "out")
    assert (study.visits, study.reachable, study.given) == (193, 193, 44)
    assert study.enough is not None
    assert study.enough <= 44
    served = [point.served_in_time for point in study.points]
    assert served == sorted(served)
    assert 8 <= len(served) <= 20
    assert json.loads((tmp_path / "out" / "fleet.json").read_bytes())["schema_version"] == "1"
