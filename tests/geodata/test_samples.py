"""The sample network of the package, and the script that makes it."""

from __future__ import annotations

import csv
import importlib.util
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from geodata.network import load_network
from geodata.profile import CLOSED, RoadUser, arc_costs

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "geodata" / "samples"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample_network", ROOT / "scripts" / "make_sample_network.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blob(order: str, kind: int, body: bytes) -> bytes:
    head = struct.pack(f"{order}BBi4dB", 0, order == "<", 4326, 0.0, 0.0, 0.0, 0.0, 0x7C)
    return head + struct.pack(f"{order}I", kind) + body + b"\xfe"


def test_the_sample_is_the_city_known_from_elsewhere() -> None:
    """AequilibraE's own figures: 15,591 nodes and 19,846 links; 15,492 nodes reach one another."""
    network = load_network(SAMPLES / "coquimbo.bgn")
    assert (network.nodes, network.edges) == (15_591, 19_846)
    open_arcs = arc_costs(network, RoadUser()).ms < CLOSED
    assert open_arcs.all()
    graph = csr_matrix((np.ones(network.arcs), (network.tail, network.head)), shape=(network.nodes, network.nodes))
    _, component = connected_components(graph, connection="strong")
    assert np.bincount(component).max() == 15_492


def test_the_sample_zones_hold_the_whole_population() -> None:
    with (SAMPLES / "coquimbo_zones.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 133
    assert sum(float(row["population"]) for row in rows) == pytest.approx(451_898.92, abs=0.7)
    assert all(-71.6 < float(row["lon"]) < -70.9 and -30.4 < float(row["lat"]) < -29.6 for row in rows)


def test_the_sample_says_whose_work_it_is() -> None:
    text = (SAMPLES / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "© OpenStreetMap contributors" in text
    assert "AequilibraE" in text
    assert "OpenStreetMap" in load_network(SAMPLES / "coquimbo.bgn").attribution


@pytest.mark.parametrize("order", ["<", ">"])
def test_points_and_lines_are_parsed_in_both_byte_orders(script: ModuleType, order: str) -> None:
    assert script.parse_spatialite(blob(order, 1, struct.pack(f"{order}2d", 1.5, 2.5))).tolist() == [[1.5, 2.5]]
    line = struct.pack(f"{order}I4d", 2, 1.0, 2.0, 3.0, 4.0)
    assert script.parse_spatialite(blob(order, 2, line)).tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_compressed_lines_are_unpacked(script: ModuleType, order: str) -> None:
    body = struct.pack(f"{order}I2d4f2d", 4, 10.0, 20.0, 0.5, 0.25, 0.5, -1.0, 12.0, 21.0)
    line = script.parse_spatialite(blob(order, 1_000_002, body)).tolist()
    assert line == [[10.0, 20.0], [10.5, 20.25], [11.0, 19.25], [12.0, 21.0]]


def test_a_line_stored_the_other_way_round_is_turned(script: ModuleType) -> None:
    line = np.array([[3.0, 0.0], [2.0, 1.0], [1.0, 0.0]])
    turned = script.oriented(line, np.array([1.0, 0.0]), np.array([3.0, 0.0]))
    assert turned.tolist() == [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    with pytest.raises(ValueError, match="does not join"):
        script.oriented(line, np.array([9.0, 0.0]), np.array([3.0, 0.0]))
