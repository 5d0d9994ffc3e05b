"""The two real cases that rules are measured on: the embedded example, and Dalian's sampling sites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from api.example import example_scenario
from api.files.scenario import read_scenario
from api.schemas import ScenarioDocument
from api.service import Networks
from benchmarks import dalian
from benchmarks.machine import data_folder
from geodata.model import LonLat


@dataclass(frozen=True, slots=True)
class Town:
    """``food``: the kind that other kinds are kept apart from, and that is short. ``passes``: entries of vehicles with one.

    ``centre``: sites around it are sealed. ``city_depot``: where a depot lies that feeds the first two.
    """

    name: str
    scenario: ScenarioDocument
    networks: Networks
    food: str
    centre: LonLat
    passes: frozenset[str]
    city_depot: LonLat


@contextmanager
def example() -> Iterator[Town]:
    yield Town(
        name="example",
        scenario=example_scenario(),
        networks=Networks(Path()),
        food="基础包",
        centre=LonLat(-71.2520, -29.9060),
        passes=frozenset({"V3", "V4", "T4"}),
        city_depot=LonLat(-71.3390, -29.9530),
    )


@contextmanager
def dalian_sites() -> Iterator[Town]:
    """Dalian with its hours left aside: 40 vans of 160 crates, 20 crates a site."""
    with TemporaryDirectory() as temporary:
        dalian.write_scenarios(data_folder(), Path(temporary))
        loaded = read_scenario(Path(temporary) / "dalian")
        yield Town(
            name="dalian",
            scenario=loaded.document,
            networks=Networks(loaded.folder, by_path=True),
            food="物资箱",
            centre=LonLat(121.6180, 38.9130),
            passes=frozenset({"V2"}),
            city_depot=LonLat(121.5800, 38.9100),
        )


TOWNS: dict[str, Callable[[], AbstractContextManager[Town]]] = {"example": example, "dalian": dalian_sites}
