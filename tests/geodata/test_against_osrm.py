"""OSRM's answers on central Dalian, stored with their version, beside its car profile in our own engine.

``python -m benchmarks.roads answers`` asks OSRM anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.osrm_car import Drive, OsrmCar
from geodata.locate import RoadIndex
from geodata.model import Floats, LonLat, RoadPosition
from geodata.roads import Roads
from geodata.travel_times import HierarchyTimes

STORED = json.loads((Path(__file__).parent / "osrm_answers.json").read_text(encoding="utf-8"))

ONE_TURN_S = 20.0
"""A turn that OSRM takes for turning round, and we for a sharp one, or the other way round: car.lua's u_turn_penalty."""


@pytest.fixture(scope="module")
def pairs(dalian_roads: Roads) -> list[tuple[RoadPosition, RoadPosition]]:
    """The very points OSRM was asked for, which lie on a road with no other near."""
    index = RoadIndex(dalian_roads)
    points = [LonLat(*answer[end]) for answer in STORED["answers"] for end in ("from", "to")]
    edges, metres = index.nearest(points, dalian_roads.edge_is_open)
    assert metres.max() < 0.1
    places = [index.position(point, int(edge)) for point, edge in zip(points, edges, strict=True)]
    return list(zip(places[::2], places[1::2], strict=True))


@pytest.fixture(scope="module")
def drives(dalian_roads: Roads, pairs: list[tuple[RoadPosition, RoadPosition]]) -> list[Drive | None]:
    car = OsrmCar.on(dalian_roads.network)
    times = HierarchyTimes(car.weighed)
    return [car.drive(times, *pair) for pair in pairs]


def percent_off(ours: Sequence[float], theirs: str) -> Floats:
    there = np.array([answer[theirs] for answer in STORED["answers"]])
    off: Floats = np.abs(100.0 * (np.array(ours) / there - 1.0))
    return off


def test_every_pair_has_a_way(drives: list[Drive | None]) -> None:
    assert len(drives) == 60
    assert None not in drives


def test_times_are_those_of_osrm(drives: list[Drive | None]) -> None:
    seconds = [drive.seconds for drive in drives if drive]
    off = percent_off(seconds, "seconds")
    assert np.median(off) < 0.5
    assert np.percentile(off, 90) < 1.0
    apart = [abs(ours - answer["seconds"]) for ours, answer in zip(seconds, STORED["answers"], strict=True)]
    assert max(apart) < ONE_TURN_S


def test_ways_are_as_long_as_those_of_osrm(drives: list[Drive | None]) -> None:
    off = percent_off([drive.metres for drive in drives if drive], "metres")
    assert np.median(off) < 0.15
    assert np.percentile(off, 90) < 0.3


def test_a_van_does_not_pass_for_a_car(dalian_roads: Roads, pairs: list[tuple[RoadPosition, RoadPosition]]) -> None:
    """The tolerances are far below what another profile makes of the same pairs."""
    times = HierarchyTimes(dalian_roads)
    legs = [times.leg(*pair) for pair in pairs]
    assert np.median(percent_off([leg.ms / 1_000 for leg in legs if leg], "seconds")) > 10.0
