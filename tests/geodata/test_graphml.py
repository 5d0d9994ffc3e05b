"""Graphs that osmnx saved become segments whose arcs are exactly the graph's edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmnx
import pytest
from shapely import LineString

from geodata.errors import BadInput
from geodata.graphml import read_graphml
from geodata.model import Segment
from geodata.network import build_network
from geodata.profile import CLOSED, RoadUser, arc_costs

ROAD: dict[str, Any] = {"highway": "residential", "osmid": 7, "length": 10.0, "oneway": False, "reversed": False}


def graph(*edges: tuple[int, int, dict[str, Any]], **barriers: dict[str, str]) -> nx.MultiDiGraph[int]:
    """Node n lies n thousandths of a degree east of 121 E, on 38.9 N."""
    drawn: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326", created_with="OSMnx 2.1.1")
    for node in sorted({node for edge in edges for node in edge[:2]}):
        drawn.add_node(node, x=121 + node / 1000, y=38.9, street_count=2, **barriers.get(f"n{node}", {}))
    for tail, head, attributes in edges:
        drawn.add_edge(tail, head, **(ROAD | attributes))
    return drawn


def read(path: Path, drawn: nx.MultiDiGraph[int]) -> list[Segment]:
    osmnx.save_graphml(drawn, path / "a.graphml")
    return read_graphml(path / "a.graphml")


def complaint(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_graphml(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def arcs(segments: list[Segment]) -> list[tuple[int, int]]:
    forward = [(each.tail, each.head) for each in segments if each.forward]
    return sorted(forward + [(each.head, each.tail) for each in segments if each.backward])


def test_the_two_arcs_of_a_street_become_one_segment(tmp_path: Path) -> None:
    bend = LineString([(121.001, 38.9), (121.0015, 38.91), (121.002, 38.9)])
    (segment,) = read(
        tmp_path, graph((1, 2, {"geometry": bend}), (2, 1, {"geometry": bend.reverse(), "reversed": True}))
    )
    assert (segment.tail, segment.head, segment.forward, segment.backward) == (1, 2, True, True)
    assert segment.points.tolist() == [list(point) for point in bend.coords]


def test_signals_face_every_arc_that_ends_at_them(tmp_path: Path) -> None:
    drawn = graph((1, 2, {}), (2, 1, {"reversed": True}), (2, 3, {"osmid": 8}), n2={"highway": "traffic_signals"})
    network = build_network(read(tmp_path, drawn), name="x", attribution="")
    assert sorted(arc for arc in zip(network.tail, network.head, network.arc_signal, strict=True)) == [
        (0, 1, True),
        (1, 0, False),
        (1, 2, False),
    ]


def test_twins_are_found_in_old_graphs_that_do_not_say_which_is_reversed(tmp_path: Path) -> None:
    drawn = graph((1, 2, {}), (2, 1, {}))
    for _, _, attributes in drawn.edges(data=True):
        del attributes["reversed"]
    (segment,) = read(tmp_path, drawn)
    assert segment.forward
    assert segment.backward


def test_a_one_way_street_has_one_arc(tmp_path: Path) -> None:
    (segment,) = read(tmp_path, graph((1, 2, {"oneway": True})))
    assert (segment.tail, segment.head, segment.forward, segment.backward) == (1, 2, True, False)
    assert segment.points.tolist() == [[121.001, 38.9], [121.002, 38.9]]


@pytest.mark.parametrize("tags", [{}, {"junction": "roundabout"}, {"highway": "motorway"}])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("both", [False, True])
def test_the_profile_closes_no_arc_of_the_graph(
    tmp_path: Path,
    tags: dict[str, str],
    reverse: bool,  # noqa: FBT001
    both: bool,  # noqa: FBT001
) -> None:
    edges = [(1, 2, {**tags, "oneway": True, "reversed": reverse})]
    edges += [(2, 1, {**tags, "reversed": not reverse})] if both else []
    network = build_network(read(tmp_path, graph(*edges)), name="x", attribution="")
    assert sorted(zip(network.node_id[network.tail], network.node_id[network.head], strict=True)) == [
        (1, 2),
        *([(2, 1)] if both else []),
    ]
    assert (arc_costs(network, RoadUser()).ms < CLOSED).all()


def test_an_edge_against_its_way_keeps_the_sense_of_directional_tags(tmp_path: Path) -> None:
    (segment,) = read(tmp_path, graph((1, 2, {"reversed": True, "maxspeed:backward": "30"})))
    assert (segment.tail, segment.head, segment.forward, segment.backward) == (2, 1, False, True)


def test_parallel_streets_and_loops_are_kept_apart(tmp_path: Path) -> None:
    ring = LineString([(121.001, 38.9), (121.0, 38.91), (121.002, 38.91), (121.001, 38.9)])
    bend = LineString([(121.001, 38.9), (121.0015, 38.8), (121.002, 38.9)])
    drawn = graph(
        (1, 2, {}),
        (2, 1, {"reversed": True}),
        (1, 2, {"geometry": bend, "osmid": 8}),
        (1, 1, {"geometry": ring, "osmid": 9}),
        (1, 1, {"geometry": ring.reverse(), "osmid": 9, "reversed": True}),
    )
    segments = read(tmp_path, drawn)
    assert len(segments) == 3
    assert arcs(segments) == [(1, 1), (1, 1), (1, 2), (1, 2), (2, 1)]


def test_two_one_way_streets_between_the_same_crossings_are_not_one_street(tmp_path: Path) -> None:
    assert len(read(tmp_path, graph((1, 2, {"osmid": 7}), (2, 1, {"osmid": 8})))) == 2


def test_of_merged_values_the_first_counts_but_every_limit_is_kept(tmp_path: Path) -> None:
    merged = {
        "highway": ["tertiary", "residential"],
        "osmid": [12, 11],
        "maxspeed": ["50", "30"],
        "name": ["甲路", "乙路"],
        "reversed": [True, False],
    }
    twin = merged | {"osmid": [11, 12]}
    (segment,) = read(tmp_path, graph((1, 2, merged), (2, 1, twin)))
    assert (segment.way, segment.forward, segment.backward) == (11, True, True)
    assert segment.tags["highway"] == "tertiary"
    assert segment.tags["maxspeed"] == "50;30"
    assert segment.names == {"name": "甲路"}


def test_lines_that_stop_short_of_their_nodes_are_prolonged(tmp_path: Path) -> None:
    gap = LineString([(121.0012, 38.9), (121.0018, 38.9)])
    (segment,) = read(tmp_path, graph((1, 2, {"geometry": gap})))
    assert segment.points[:, 0].tolist() == [121.001, 121.0012, 121.0018, 121.002]


def test_a_barrier_on_a_node_is_set_apart(tmp_path: Path) -> None:
    segments = read(tmp_path, graph((1, 2, {}), (2, 3, {}), n2={"barrier": "gate", "access": "no"}))
    assert len(segments) == 3
    assert segments[2].tags == {"barrier": "gate", "access": "no"}


def test_a_graph_simplified_by_osmnx_itself_is_read(tmp_path: Path) -> None:
    """A ladder of two-way and one-way streets, with nodes of degree two that osmnx takes out."""
    edges = [(node, node + 1, {"osmid": 1}) for node in range(1, 6)]
    edges += [(node + 1, node, {"osmid": 1, "reversed": True}) for node in range(1, 6)]
    edges += [(3, 8, {"osmid": 2, "oneway": True}), (8, 9, {"osmid": 3, "oneway": True})]
    drawn = osmnx.simplify_graph(graph(*edges))
    segments = read(tmp_path, drawn)
    assert arcs(segments) == sorted((tail, head) for tail, head, _ in drawn.edges)
    assert arcs(segments) == [(1, 3), (3, 1), (3, 6), (3, 9), (6, 3)]
    assert np.array_equal(segments[0].points[:, 0], [121.001, 121.002, 121.003])


# --- what is refused --------------------------------------------------------------------------------------------


def test_missing_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    assert "no such map file" in complaint(path)
    path.touch()
    assert "is empty" in complaint(path)
    path.write_text("hello")
    assert "is not a map file" in complaint(path)
    path.write_text("<osm/>")
    assert "is not a map file" in complaint(path)


def test_a_graph_cut_short_is_refused(tmp_path: Path) -> None:
    osmnx.save_graphml(graph((1, 2, {}), (2, 1, {})), tmp_path / "a.graphml")
    whole = (tmp_path / "a.graphml").read_bytes().rstrip()
    for length in range(1, len(whole), 41):
        (tmp_path / "a.graphml").write_bytes(whole[:length])
        complaint(tmp_path / "a.graphml")


def test_a_dtd_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    path.write_text('<?xml version="1.0"?><!DOCTYPE graphml [<!ENTITY a "b">]><graphml>&a;</graphml>')
    assert "declares a DTD" in complaint(path)


def test_a_projected_graph_is_refused_with_its_nodes(tmp_path: Path) -> None:
    drawn = graph((1, 2, {}))
    for node in drawn:
        drawn.nodes[node].update(x=500_000.0, y=4_300_000.0)
    osmnx.save_graphml(drawn, tmp_path / "a.graphml")
    text = complaint(tmp_path / "a.graphml")
    assert "node 1" in text
    assert "node 2" in text
    assert "projected" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('edgedefault="directed"', 'edgedefault="undirected"'),
        ('node id="1"', 'node id="one"'),
        ("121.001", "nan"),
        ("121.001", "east"),
        ("LINESTRING", "LINE"),
        ("LINESTRING (121.001", "LINESTRING (1e999"),
        ("LINESTRING (121.001", "LINESTRING (500"),
        ("LINESTRING (121.001", "LINESTRING (nan"),
        ("LINESTRING (121.001 38.9, 121.002 38.9)", "POLYGON ((0 0, 1 1, 1 0, 0 0))"),
        ("residential", "bus_stop"),
        ("residential", "[" * 5000),
        ("residential", "[[], {}]"),
        (">7<", ">[{}]<"),
        (">7<", ">['a', 3]<"),
        (">7<", ">x<"),
        ('target="2"', 'target="3"'),
    ],
)
def test_a_graph_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str) -> None:
    line = LineString([(121.001, 38.9), (121.002, 38.9)])
    osmnx.save_graphml(graph((1, 2, {"geometry": line})), tmp_path / "a.graphml")
    text = (tmp_path / "a.graphml").read_text()
    assert old in text
    (tmp_path / "a.graphml").write_text(text.replace(old, new))
    complaint(tmp_path / "a.graphml")


def test_a_graph_without_edges_is_refused(tmp_path: Path) -> None:
    drawn: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326")
    drawn.add_node(1, x=121.0, y=38.9)
    osmnx.save_graphml(drawn, tmp_path / "a.graphml")
    assert "holds no road" in complaint(tmp_path / "a.graphml")
