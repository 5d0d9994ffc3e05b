"""``baogong roads`` from end to end: what it writes, what it says, and what it returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from api.cli import main
from api.schemas import RoadsDocument

NORTH_BRIDGES = (-29.8945, (-71.262, -71.230))
"""The river is crossed north of the town between these longitudes."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario to fill in, the town cut in two along the river, one sealed zone and a closure of last year."""
    folder = tmp_path_factory.mktemp("roads") / "scenario"
    assert main(["scenario", "new", str(folder)]) == 0
    lat, (west, east) = NORTH_BRIDGES
    (folder / "封闭.csv").write_text(
        "编号,名称,来源,止,图形\n"
        f'river,河,指挥部,,"LINESTRING ({west - 0.3} {lat}, {east + 0.3} {lat})"\n'
        'past,旧,,2021-01-01 00:00,"LINESTRING (-71.26 -29.95, -71.25 -29.95)"\n',
        encoding="utf-8",
    )
    zone = "POLYGON ((-71.2465 -29.9260, -71.2405 -29.9260, -71.2405 -29.9180, -71.2465 -29.9180, -71.2465 -29.9260))"
    (folder / "防控区.csv").write_text(f'编号,风险等级,图形\nZ1,封控区,"{zone}"\n', encoding="utf-8")
    (folder / "检查点.csv").write_text("编号,经度,纬度,延误(分钟)\nK1,-71.2763296,-29.9349991,5\n", encoding="utf-8")
    depots = folder / "储备库.csv"
    south_only = [row for row in depots.read_text(encoding="utf-8-sig").splitlines() if not row.startswith("D2")]
    depots.write_text("\n".join(south_only) + "\n", encoding="utf-8")
    vehicles = folder / "车辆.csv"
    vehicles.write_text(vehicles.read_text(encoding="utf-8-sig").replace("D2", "D1"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def reported(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reported") / "out"
    assert main(["roads", str(scenario), "--out", str(out)]) == 0
    return out


def read(folder: Path) -> RoadsDocument:
    return RoadsDocument.model_validate_json((folder / "roads.json").read_bytes())


def test_a_report_is_a_document_a_workbook_and_maps(reported: Path) -> None:
    assert {path.name for path in reported.iterdir()} == {"roads.json", "roads.xlsx", "roads.png"}
    assert (reported / "roads.png").read_bytes().startswith(b"\x89PNG")
    report = read(reported)
    assert [(each.id, each.kind) for each in report.restrictions] == [
        ("river", "closure"),
        ("past", "closure"),
        ("K1", "checkpoint"),
        ("Z1", "zone"),
    ]
    (wave,) = report.waves
    states = {site.site: site.state for site in wave.sites}
    assert (states["S3"], states["S4"]) == (
        "cut_off",
        "cut_off",
    )  # they lie north of the river, every depot south of it
    assert states["S2"] == "gate"
    assert states["S1"] == "open"


def test_every_class_of_vehicles_says_what_it_loses(reported: Path) -> None:
    for each in read(reported).waves[0].classes:
        standing = {applied.id: applied.standing for applied in each.restrictions}
        assert standing == {"river": "bars", "past": "over", "K1": "delays", "Z1": "bars"}
        assert each.cut_km == pytest.approx(each.before_km - each.served_km, abs=0.002)
        cut = {site.site: site.cut_off_by for site in each.sites if site.state == "cut_off"}
        assert cut["S3"] == (("river",),)
        assert each.components_after > each.components_before
        lengths = [component.km for component in each.components]
        assert lengths == sorted(lengths, reverse=True)


def test_the_workbook_says_the_same_in_both_languages(reported: Path, scenario: Path, tmp_path: Path) -> None:
    assert main(["roads", str(scenario), "--out", str(tmp_path / "en"), "--lang", "en"]) == 0
    chinese, english = load_workbook(reported / "roads.xlsx"), load_workbook(tmp_path / "en" / "roads.xlsx")
    assert chinese.sheetnames == ["概况", "限制", "点位与绕行", "连通片", "未应用的转向限制"]
    assert english.sheetnames == ["Summary", "Restrictions", "Sites and detours", "Components", "Turns not applied"]
    rows = [row[3] for row in english["Sites and detours"].iter_rows(min_row=2, values_only=True)]
    assert rows == [row[3] for row in chinese["点位与绕行"].iter_rows(min_row=2, values_only=True)]
    states = [row[5] for row in english["Sites and detours"].iter_rows(min_row=2, values_only=True)]
    assert states[:2] == ["cut off", "cut off"]
    assert "handed over at a gate" in states


def test_the_same_scenario_writes_the_same_bytes(reported: Path, scenario: Path, tmp_path: Path) -> None:
    assert main(["roads", str(scenario), "--out", str(tmp_path / "again")]) == 0
    for path in reported.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("language", "word"), [("zh", "不可达 2"), ("en", "2 not reached")])
def test_a_report_speaks_the_language_asked_for(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    assert main(["roads", str(scenario), "--out", str(tmp_path / "out"), "--lang", language]) == 0
    assert word in capsys.readouterr().out


def test_a_scenario_without_restrictions_is_reported_too(tmp_path: Path) -> None:
    assert main(["scenario", "new", str(tmp_path / "plain")]) == 0
    assert main(["roads", str(tmp_path / "plain"), "--out", str(tmp_path / "out")]) == 0
    report = read(tmp_path / "out")
    assert report.restrictions == ()
    for each in report.waves[0].classes:
        assert (each.cut_km, each.cut_edges) == (0.0, ())
        assert {site.state for site in each.sites} <= {"open", "never"}
        assert {site.extra_s for site in each.sites if site.state == "open"} == {0}


def test_a_checkpoint_off_the_roads_is_told_by_its_row(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "scenario"
    folder.mkdir()
    for path in scenario.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "检查点.csv").write_text("编号,经度,纬度\nK1,-71.45,-29.93\n", encoding="utf-8")
    assert main(["roads", str(folder), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "检查点.csv，第 2 行" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


def test_bad_input_is_refused_before_any_work(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    for given, out in ((tmp_path / "nowhere", tmp_path / "out"), (scenario, tmp_path / "taken")):
        assert main(["roads", str(given), "--out", str(out)]) == 2
        assert json.dumps(capsys.readouterr().out) == '""'
