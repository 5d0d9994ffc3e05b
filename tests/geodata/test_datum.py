"""Datums are converted as every public implementation does, and back without loss."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from geodata.datum import from_wgs84, in_china_box, to_wgs84
from geodata.model import Datum

METRES_PER_DEGREE = 111_320.0


def metres_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    scale = np.stack([np.cos(np.radians(one[..., 1])), np.ones(one.shape[:-1])], axis=-1) * METRES_PER_DEGREE
    return np.hypot(*np.moveaxis((one - other) * scale, -1, 0))


# The public formula once more, written for one point and for the way back by bisection.


def shifted(lon: float, lat: float) -> tuple[float, float]:
    def waves(value: float, *terms: tuple[float, float]) -> float:
        return sum(amplitude * math.sin(value * math.pi * frequency) for amplitude, frequency in terms) * 2 / 3

    x, y = lon - 105, lat - 35
    shared = waves(x, (20, 6), (20, 2))
    north = -100 + 2 * x + 3 * y + y * y / 5 + x * y / 10 + math.sqrt(abs(x)) / 5 + shared
    north += waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east = 300 + x + 2 * y + x * x / 10 + x * y / 10 + math.sqrt(abs(x)) / 10 + shared
    east += waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    a, ee = 6378245.0, 0.00669342162296594323
    magic = 1 - ee * math.sin(lat / 180 * math.pi) ** 2
    lat_by = north * 180 / ((a * (1 - ee)) / (magic * math.sqrt(magic)) * math.pi)
    lon_by = east * 180 / (a / math.sqrt(magic) * math.cos(lat / 180 * math.pi) * math.pi)
    return lon + lon_by, lat + lat_by


def baidu(lon: float, lat: float) -> tuple[float, float]:
    z = math.sqrt(lon * lon + lat * lat) + 2e-5 * math.sin(lat * math.pi * 3000 / 180)
    theta = math.atan2(lat, lon) + 3e-6 * math.cos(lon * math.pi * 3000 / 180)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def back_by_bisection(lon: float, lat: float) -> tuple[float, float]:
    """Alternate over the two coordinates: each shift hardly depends on the other one."""
    found_lon, found_lat = lon, lat
    for _ in range(8):
        low, high = lon - 0.05, lon + 0.05
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if shifted(middle, found_lat)[0] < lon else (low, middle)
        found_lon = low
        low, high = lat - 0.05, lat + 0.05
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if shifted(found_lon, middle)[1] < lat else (low, middle)
        found_lat = low
    return found_lon, found_lat


def points(count: int) -> np.ndarray:
    random = np.random.default_rng(7)
    return np.column_stack([random.uniform(73, 135, count), random.uniform(3, 54, count)])


def test_the_published_example_of_coordtransform_is_reproduced() -> None:
    """https://github.com/wandergis/coordtransform: 116.404, 39.915 to GCJ-02."""
    moved = from_wgs84(np.array([116.404, 39.915]), datum=Datum.GCJ02)
    assert moved == pytest.approx([116.41024449916938, 39.91640428150164], abs=1e-9)


def test_the_published_example_of_baidu_is_reproduced() -> None:
    """The same project: GCJ-02 116.404, 39.915 is BD-09 116.41036949371029, 39.92133699351021."""
    wgs84 = to_wgs84(np.array([116.404, 39.915]), datum=Datum.GCJ02)
    moved = from_wgs84(wgs84, datum=Datum.BD09)
    assert moved == pytest.approx([116.41036949371029, 39.92133699351021], abs=1e-9)


def test_the_published_example_of_eviltransform_is_reproduced() -> None:
    """https://github.com/googollee/eviltransform, its test of Shanghai."""
    moved = from_wgs84(np.array([121.5272106, 31.1774276]), datum=Datum.GCJ02)
    assert moved == pytest.approx([121.531541859215, 31.17530398364597], abs=1e-6)


def test_an_independent_formula_agrees_everywhere() -> None:
    sample = points(2000)
    expected = np.array([shifted(lon, lat) for lon, lat in sample])
    assert np.abs(from_wgs84(sample, datum=Datum.GCJ02) - expected).max() < 1e-11
    expected = np.array([baidu(lon, lat) for lon, lat in expected])
    assert np.abs(from_wgs84(sample, datum=Datum.BD09) - expected).max() < 1e-11


def test_an_independent_way_back_agrees_everywhere() -> None:
    sample = points(100)
    expected = np.array([back_by_bisection(lon, lat) for lon, lat in sample])
    assert np.abs(to_wgs84(sample, datum=Datum.GCJ02) - expected).max() < 1e-11


@pytest.mark.parametrize("datum", list(Datum))
def test_there_and_back_is_the_same_point(datum: Datum) -> None:
    sample = points(20_000)
    assert np.abs(to_wgs84(from_wgs84(sample, datum=datum), datum=datum) - sample).max() < 1e-11
    assert np.abs(from_wgs84(to_wgs84(sample, datum=datum), datum=datum) - sample).max() < 1e-11


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize("place", [(-71.3, -29.9), (2.35, 48.86), (137.84, 35.0), (72.0, 40.0), (100.0, 0.8)])
def test_points_outside_the_box_are_untouched(datum: Datum, place: tuple[float, float]) -> None:
    assert to_wgs84(np.array([place]), datum=datum).tolist() == [list(place)]
    assert from_wgs84(np.array([place]), datum=datum).tolist() == [list(place)]


def test_the_shift_is_that_of_the_datums() -> None:
    """Some 300 to 700 metres for GCJ-02 in Dalian, some 600 to 1,500 for BD-09."""
    dalian = np.array([[121.62, 38.91]])
    assert 300 < metres_apart(from_wgs84(dalian, datum=Datum.GCJ02), dalian)[0] < 700
    assert 600 < metres_apart(from_wgs84(dalian, datum=Datum.BD09), dalian)[0] < 1500


def test_given_points_are_not_changed_and_may_be_read_only() -> None:
    sample = points(3)
    sample.setflags(write=False)
    to_wgs84(sample, datum=Datum.BD09)
    to_wgs84(sample, datum=Datum.WGS84)[0, 0] = 0.0


def test_no_points_are_no_trouble() -> None:
    assert to_wgs84(np.empty((0, 2)), datum=Datum.BD09).shape == (0, 2)


def test_the_box_holds_dalian_and_not_coquimbo() -> None:
    assert in_china_box(np.array([[121.6, 38.9], [-71.3, -29.9]])).tolist() == [True, False]


def test_official_sites_land_where_their_publisher_put_them(data_dir: Path) -> None:
    """1,495 sites with both datums; their own way back is approximate, the largest difference is 0.22 m."""
    with (data_dir / "dalian" / "dalian_sites_wgs84.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    bd09 = np.array([[float(row["lng_bd09"]), float(row["lat_bd09"])] for row in rows])
    wgs84 = np.array([[float(row["lng_wgs84"]), float(row["lat_wgs84"])] for row in rows])
    assert metres_apart(to_wgs84(bd09, datum=Datum.BD09), wgs84).max() < 0.5
