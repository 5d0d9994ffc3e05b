"""Locks as they are written: in the document, in lists with Chinese headings, and all that can be wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.files.scenario import read_scenario
from api.scenarios import scenario_of
from api.schemas import LockEntry, ScenarioDocument
from api.validation import validate_scenario
from geodata.errors import BadInput
from routing.model import Lock
from tests.api.scenario_files import LISTS, csv_folder, csv_text, workbook

GOOD = [{"visit": "S1/1", "vehicle": "V1-2"}, {"visit": "S2/1", "vehicle": "V1-1", "position": 3}, {"route": "V1-2"}]


def with_locks(scenario: dict[str, Any], *locks: dict[str, Any]) -> dict[str, Any]:
    return scenario | {"locks": list(locks)}


def test_locks_of_every_form_are_read(small_scenario: dict[str, Any]) -> None:
    document = validate_scenario(with_locks(small_scenario, *GOOD))
    locks = (Lock("V1-2", "S1/1"), Lock("V1-1", "S2/1", 3), Lock("V1-2"))
    assert scenario_of(document).locks == locks


def test_a_scenario_without_locks_has_none(small_scenario_document: ScenarioDocument) -> None:
    assert scenario_of(small_scenario_document).locks == ()


@pytest.mark.parametrize(
    ("locks", "pointers"),
    [
        ([{}], ["/locks/0"]),
        ([{"visit": "S1/1"}], ["/locks/0"]),
        ([{"vehicle": "V1-1"}], ["/locks/0"]),
        ([{"visit": "S1/1", "position": 2}], ["/locks/0"]),
        ([{"position": 2}], ["/locks/0"]),
        ([{"route": "V1-1", "visit": "S1/1"}], ["/locks/0"]),
        ([{"route": "V1-1", "vehicle": "V1-1"}], ["/locks/0"]),
        ([{"visit": "S1/1", "vehicle": "V1-1", "position": 0}], ["/locks/0/position"]),
        ([{"visit": "S1/1", "vehicle": "V1-1", "position": "2"}], ["/locks/0/position"]),
        ([{"visit": "S9/1", "vehicle": "V1-1"}], ["/locks/0/visit"]),
        ([{"visit": "S1", "vehicle": "V1-1"}], ["/locks/0/visit"]),
        ([{"visit": "S1/x", "vehicle": "V1-1"}], ["/locks/0/visit"]),
        ([{"visit": "S1/1", "vehicle": "V9"}], ["/locks/0/vehicle"]),
        ([{"visit": "S1/1", "vehicle": "V1-3"}], ["/locks/0/vehicle"]),
        ([{"visit": "S1/1", "vehicle": "V1"}], ["/locks/0/vehicle"]),
        ([{"route": "V9"}, {"route": "V1"}], ["/locks/0/route", "/locks/1/route"]),
        ([{"visit": "S1/1", "vehicle": "V1-1"}, {"visit": "S1/1", "vehicle": "V1-2"}], ["/locks/1/visit"]),
        ([{"visit": "S1/1", "vehicle": "V1-1"}] * 2, ["/locks/1/visit"]),
        (
            [{"visit": f"S{n}/1", "vehicle": "V1-1", "position": 2} for n in (1, 2)],
            ["/locks/1/position"],
        ),
        ([{"route": "V1-1"}] * 2, ["/locks/1/route"]),
        ([{"visit": "S1/1", "vehicle": "V1-1", "lane": 1}], ["/locks/0/lane"]),
    ],
)
def test_what_is_wrong_with_a_lock_is_told_at_its_place(
    locks: list[dict[str, Any]], pointers: list[str], small_scenario: dict[str, Any]
) -> None:
    with pytest.raises(BadInput) as refusal:
        validate_scenario(with_locks(small_scenario, *locks))
    assert [complaint.pointer for complaint in refusal.value.complaints] == pointers
    assert all(complaint.message.zh and complaint.message.en for complaint in refusal.value.complaints)


def test_a_bad_lock_is_never_skipped(small_scenario: dict[str, Any]) -> None:
    """It is a decision: a plan without it would not be what was asked for."""
    skipping = small_scenario | {"settings": {"bad_rows": "skip"}}
    with pytest.raises(BadInput):
        validate_scenario(with_locks(skipping, {"visit": "S9/1", "vehicle": "V1-1"}))


HEADINGS = ["任务", "车辆", "位置", "线路"]


def test_a_list_of_locks_with_chinese_headings_is_read(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "scenario")
    rows = [HEADINGS, ["101/1", "辽B1-1", "", ""], ["S2/1", "辽B1-2", "1", ""], ["", "", "", "辽B1-1"]]
    (folder / "锁定.csv").write_text(csv_text(rows), encoding="utf-8")
    expected = (
        LockEntry(visit="101/1", vehicle="辽B1-1"),
        LockEntry(visit="S2/1", vehicle="辽B1-2", position=1),
        LockEntry(route="辽B1-1"),
    )
    assert read_scenario(folder).document.locks == expected
    assert read_scenario(workbook(tmp_path / "book.xlsx", 锁定=rows)).document.locks == expected


def test_a_bad_row_of_the_list_is_named_by_file_row_and_column(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "scenario")
    rows = [HEADINGS, ["S2/1", "辽B1-1", "", ""], ["S9/1", "辽B1-1", "", ""], ["S3/1", "", "2", ""]]
    (folder / "locks.csv").write_text(csv_text(rows), encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        read_scenario(folder)
    where = [(complaint.file, complaint.row, complaint.column) for complaint in refusal.value.complaints]
    assert where == [("locks.csv", 3, "任务"), ("locks.csv", 4, "")]


def test_a_complaint_found_while_planning_is_placed_in_the_list(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "scenario")
    (folder / "locks.csv").write_text(csv_text([HEADINGS, ["S2/1", "辽B1-1", "", ""]]), encoding="utf-8")
    loaded = read_scenario(folder)
    placed = loaded.locate(BadInput.one("", "", pointer="/locks/0").complaints[0])
    assert (placed.file, placed.row) == ("locks.csv", 2)


def test_the_lists_used_here_are_sound(tmp_path: Path) -> None:
    assert "locks" not in LISTS
    assert read_scenario(csv_folder(tmp_path / "scenario")).document.locks == ()
