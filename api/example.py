"""The embedded example: a real town's roads, four depots, 133 drop points, 60 sampling sites."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from api.files.scenario import read_scenario
from api.schemas import ScenarioDocument

FOLDER = Path(__file__).parent / "examples"


@cache
def example_scenario(name: str = "coquimbo") -> ScenarioDocument:
    """``coquimbo``: one sixth of the households; ``coquimbo_all``: all of them."""
    return read_scenario(FOLDER / name).document
