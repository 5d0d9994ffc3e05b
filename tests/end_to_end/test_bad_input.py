"""Bad input at the front door: exit code 2, every complaint with its place, in the language asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli import main
from tests.api.scenario_files import TOML, csv_folder, edit_xlsx, workbook


def test_the_command_line_lists_every_complaint_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = csv_folder(tmp_path / "a", toml=TOML.replace("service_s = 200", "service_s = -1"))
    text = (folder / "sites.csv").read_text(encoding="utf-8").replace("121.61", "东经").replace("G1", "G9")
    (folder / "sites.csv").write_text(text, encoding="utf-8")
    assert main(["plan", str(folder), "--lang", "en", "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "scenario.toml, row 7, column settings.service_s",
        "sites.csv, row 2, column 经度",
        "sites.csv, row 3, column 停靠点",
    ]


def test_lists_of_stock_and_drivers_are_complained_of_like_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = csv_folder(tmp_path / "a")
    (folder / "库存.csv").write_text("储备库,品类,数量\nD1,base,-1\nD9,base,1\n", encoding="utf-8")
    (folder / "司机.csv").write_text("编号,班次,熟悉点位\nP1,白班,101、S9\n", encoding="utf-8")
    assert main(["plan", str(folder), "--lang", "en", "--out", str(tmp_path / "out")]) == 2
    places = [line.split(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert sorted(places) == [
        "司机.csv, row 2, column 熟悉点位",
        "司机.csv, row 2, column 班次",
        "库存.csv, row 2, column 数量",
        "库存.csv, row 3, column 储备库",
    ]


def test_the_command_line_complains_in_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = csv_folder(tmp_path / "a", toml="network =")
    assert main(["plan", str(folder), "--lang", "zh", "--out", str(tmp_path / "out")]) == 2
    assert "第 1 行" in capsys.readouterr().err


def test_a_hostile_workbook_is_refused_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook(tmp_path / "a.xlsx")
    edit_xlsx(path, "xl/workbook.xml", lambda xml: b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml)
    assert main(["plan", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "DTD" in capsys.readouterr().err
