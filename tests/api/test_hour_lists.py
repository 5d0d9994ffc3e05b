"""Factors by class of road and hour: in every form they may come in, and what is wrong with some."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from api.files.scenario import read_scenario
from api.scenarios import scenario_of
from api.validation import validate_scenario
from geodata.errors import BadInput, Complaint
from tests.api.scenario_files import DOCUMENT, Rows, csv_folder, csv_text, workbook

IN_CHINESE: Rows = [["道路等级", "小时", "系数"], ["primary", 7, 1.6], ["*", 7, 1.25], ["ferry", 23, 2]]
IN_ENGLISH: Rows = [["Factor", "Hour", "Class"], [1.6, 7, "primary"], [1.25, 7, "*"], [2, 23, "ferry"]]
MEANT = {("primary", 7): 1.6, ("*", 7): 1.25, ("ferry", 23): 2.0}


def folder(path: Path, name: str, rows: Rows, *, encoding: str = "utf-8") -> Path:
    csv_folder(path)
    (path / name).write_bytes(csv_text(rows).encode(encoding))
    return path


def factors(path: Path) -> dict[tuple[str, int], float]:
    found = scenario_of(read_scenario(path).document).hour_factors
    assert found is not None
    return dict(found.by_class_and_hour)


def document(*entries: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(DOCUMENT) | {"hour_factors": list(entries)}


def complaints(path: Path) -> tuple[Complaint, ...]:
    with pytest.raises(BadInput) as refused:
        read_scenario(path)
    found = refused.value.complaints
    assert not [each.message.zh for each in found if "," in each.message.zh]
    return tuple(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(("name", "rows"), [("hours.csv", IN_ENGLISH), ("分时系数.csv", IN_CHINESE)])
def test_factors_are_a_list_beside_the_others(tmp_path: Path, name: str, rows: Rows, encoding: str) -> None:
    assert factors(folder(tmp_path / "lists", name, rows, encoding=encoding)) == MEANT


def test_or_a_sheet_or_members_of_the_document(tmp_path: Path) -> None:
    assert factors(workbook(tmp_path / "scenario.xlsx", 分时系数=IN_CHINESE)) == MEANT
    entries = ({"road_class": name, "hour": hour, "factor": factor} for (name, hour), factor in MEANT.items())
    found = scenario_of(validate_scenario(document(*entries))).hour_factors
    assert found is not None
    assert found.by_class_and_hour == MEANT


def test_without_factors_no_hour_is_slower() -> None:
    assert scenario_of(validate_scenario(document())).hour_factors is None


def test_every_complaint_at_once_with_file_row_and_column(tmp_path: Path) -> None:
    rows: Rows = [
        ["class", "hour", "factor"],
        ["primary", 24, 1],
        ["boulevard", 7, 1],
        ["primary", 7, "fast"],
        ["primary", 8, 0],
        ["primary", 9, "nan"],
        ["primary", 10, 1],
        ["primary", 10, 2],
        ["primary", 7.5, 1],
        ["x", "y", "z"],
        ["primary", 11, None],
    ]
    found = complaints(folder(tmp_path / "lists", "hours.csv", rows))
    assert {each.file for each in found} == {"hours.csv"}
    assert [(each.row, each.column) for each in found] == [
        (2, "hour"),
        (3, "class"),
        (4, "factor"),
        (5, "factor"),
        (6, "factor"),
        (8, "hour"),
        (9, "hour"),
        (10, "hour"),
        (10, "factor"),
        (11, "factor"),
    ]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (found,) = complaints(folder(tmp_path / "lists", "hours.csv", [["class", "hour"], ["primary", 7]]))
    assert (found.file, found.row, found.column) == ("hours.csv", 1, "系数")


def test_a_wrong_factor_is_never_skipped() -> None:
    raw = document({"road_class": "primary", "hour": 7, "factor": 2}, {"road_class": "primry", "hour": 7, "factor": 2})
    raw["settings"] = {"bad_rows": "skip"}
    with pytest.raises(BadInput) as refused:
        validate_scenario(raw)
    (found,) = refused.value.complaints
    assert found.pointer == "/hour_factors/1/road_class"
    assert "'primary'" in found.message.en
