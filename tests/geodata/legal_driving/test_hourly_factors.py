"""Factors by class and hour."""

from __future__ import annotations

from geodata.profile import HourlyFactors

FACTORS = HourlyFactors({("primary", 7): 1.6, ("*", 7): 1.25, ("ferry", 23): 2.0, ("*", 9): 1.25, ("primary", 9): 1.6})


def test_a_class_has_its_own_factor_or_that_of_any_class_or_none() -> None:
    asked = [("primary", 7), ("residential", 7), ("primary", 8), ("ferry", 23)]
    assert [FACTORS.of(road_class, hour) for road_class, hour in asked] == [1.6, 1.25, 1.0, 2.0]


def test_hours_with_the_same_factors_are_alike() -> None:
    assert [FACTORS.like(hour) for hour in (0, 7, 8, 9, 22, 23)] == [0, 7, 0, 7, 0, 23]
