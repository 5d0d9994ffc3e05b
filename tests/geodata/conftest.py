"""Central Dalian as the tests of this package see it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from geodata.network import build_network
from geodata.osm import read_osm
from geodata.roads import Roads, open_roads


@pytest.fixture(scope="session")
def dalian_roads(data_dir: Path) -> Roads:
    drawn = read_osm(data_dir / "dalian" / "dalian_core.osm.pbf")
    attribution = "© OpenStreetMap contributors"
    network = build_network(drawn.segments, name="dalian_core", attribution=attribution, restrictions=drawn.relations)
    return open_roads(network)


@pytest.fixture(scope="session")
def dalian_sites(data_dir: Path) -> list[Mapping[str, str]]:
    """The rows of the city's list of sampling sites."""
    with (data_dir / "dalian" / "dalian_sites_wgs84.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
