"""The restrictions of ``benchmarks.restrictions`` on the real roads of Dalian and Nanjing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.dalian import write_scenarios
from benchmarks.restrictions import dalian, nanjing


@pytest.mark.slow
def test_a_bridge_shut_and_a_middle_sealed_change_plan_and_reasons(data_dir: Path, tmp_path: Path) -> None:
    write_scenarios(data_dir, tmp_path)
    plans = dalian(tmp_path)["plans"]
    assert {plan["violations"] for plan in plans.values()} == {0}
    free, shut = plans["unrestricted"], plans["bridge shut"]
    assert (free["unserved"], shut["unserved"]) == (0, 0)
    assert shut["travel_s"] != free["travel_s"]
    assert plans["25 min, bridge shut"]["reasons_changed"] > 0
    sealed, closed = plans["middle sealed"], plans["middle closed to all"]
    assert sealed["at_gates"] == closed["unserved"] > 0
    assert all("'C9'" in text for text in closed["told"])


@pytest.mark.slow
def test_twenty_closures_and_ten_zones_are_applied_to_nanjing_within_half_a_second(data_dir: Path) -> None:
    assert nanjing()["together_s"] < 0.5
