"""Factors by class and hour, read from a CSV file; everything that is wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.errors import BadInput
from geodata.profile import read_hourly_factors


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "hours.csv"
    path.write_bytes(text.encode(encoding))
    return path


def complaints(path: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(BadInput) as caught:
        read_hourly_factors(path)
    assert all(complaint.file == str(path) for complaint in caught.value.complaints)
    return [(complaint.row, complaint.column) for complaint in caught.value.complaints]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_class_has_its_own_factor_or_that_of_any_class_or_none(tmp_path: Path, encoding: str) -> None:
    text = "道路等级,小时,系数\nprimary,7,1.6\n*,7,1.25\n\nferry, 23 ,2\n"
    factors = read_hourly_factors(written(tmp_path, text, encoding))
    asked = [("primary", 7), ("residential", 7), ("primary", 8), ("ferry", 23)]
    assert [factors.of(road_class, hour) for road_class, hour in asked] == [1.6, 1.25, 1.0, 2.0]


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    factors = read_hourly_factors(written(tmp_path, "note,Factor,Class,Hour\nfair,1.5,trunk,0\n"))
    assert factors.of("trunk", 0) == 1.5


def test_every_complaint_at_once_with_row_and_column(tmp_path: Path) -> None:
    rows = ["class,hour,factor", "primary,24,1", "boulevard,7,1", "primary,7,fast", "primary,8,0", "primary,9,nan"]
    rows += ["primary,10,1", "primary,10,2", "primary,7.5,1", "x,y,z", "primary,11"]
    wanted = [(2, "hour"), (3, "class"), (4, "factor"), (5, "factor"), (6, "factor"), (8, "hour"), (9, "hour")]
    wanted += [(10, "class"), (10, "hour"), (10, "factor"), (11, "factor")]
    assert complaints(written(tmp_path, "\n".join(rows))) == wanted


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    assert complaints(written(tmp_path, "class,when\nprimary,7\n")) == [(1, "hour"), (1, "factor")]
    assert complaints(written(tmp_path, "")) == [(1, "class"), (1, "hour"), (1, "factor")]


def test_what_is_no_table_of_factors_is_refused(tmp_path: Path) -> None:
    assert complaints(tmp_path / "missing.csv") == [(None, "")]
    assert complaints(written(tmp_path, "class,hour,factor\n")) == [(None, "")]
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\xff\xff")
    assert complaints(picture) == [(None, "")]
