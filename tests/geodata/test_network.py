"""The network keeps what the map said, and its file is whole or refused."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from geodata.errors import BadInput
from geodata.model import LonLat, Segment, TurnRelation
from geodata.network import Network, bounding_box, build_network, line_length_m, load_network, save_network

DEGREE_M = math.pi * 6_371_009.0 / 180
"""One degree of latitude, or of longitude on the equator, on a sphere."""


def segment(tail: int, head: int, *points: tuple[float, float], way: int = 7, **changes: bool) -> Segment:
    tags, names = {"highway": "residential"}, {"name": "人民路"}
    return Segment(tail=tail, head=head, points=np.array(points), way=way, tags=tags, names=names, **changes)


def small() -> Network:
    """30 - 10 two-way over a bend, 10 - 20 one-way, 20 - 30 one-way against its drawing, and a loop at 10."""
    roads = [
        segment(30, 10, (1.0, 1.0), (1.0, 0.5), (0.0, 0.0), way=9, signal_forward=True),
        segment(10, 20, (0.0, 0.0), (2.0, 0.0), way=8, backward=False),
        segment(20, 30, (2.0, 0.0), (1.0, 1.0), forward=False),
        segment(10, 10, (0.0, 0.0), (-0.1, 0.1), (0.0, 0.1), (0.0, 0.0)),
    ]
    rule = {"type": "restriction", "restriction": "no_left_turn"}
    restrictions = [TurnRelation(1, rule, (9,), 10, (), (8,)), TurnRelation(2, rule, (5,), 10, (), (8,))]
    return build_network(roads, name="small", attribution="© somebody", restrictions=restrictions)


def arcs(network: Network) -> list[tuple[int, int]]:
    return [(int(network.node_id[a]), int(network.node_id[b])) for a, b in zip(network.tail, network.head, strict=True)]


def complaint(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load_network(path)
    return str(caught.value)


def test_every_segment_becomes_an_edge_with_the_arcs_it_says() -> None:
    network = small()
    assert (network.nodes, network.edges, network.arcs) == (3, 4, 6)
    assert arcs(network) == [(30, 10), (10, 30), (10, 20), (30, 20), (10, 10), (10, 10)]
    assert network.edge_arcs.tolist() == [[0, 1], [2, -1], [-1, 3], [4, 5]]


def test_nodes_lie_where_their_segments_end() -> None:
    network = small()
    assert network.node_id.tolist() == [10, 20, 30]
    assert network.lon.tolist() == [0.0, 2.0, 1.0]
    assert network.lat.tolist() == [0.0, 0.0, 1.0]


def test_geometry_runs_the_way_of_the_arc() -> None:
    network = small()
    assert network.arc_geometry(0).tolist() == [[1.0, 1.0], [1.0, 0.5], [0.0, 0.0]]
    assert network.arc_geometry(1).tolist() == [[0.0, 0.0], [1.0, 0.5], [1.0, 1.0]]
    assert network.arc_geometry(3).tolist() == [[1.0, 1.0], [2.0, 0.0]]


def test_lengths_are_great_circle_lengths() -> None:
    assert line_length_m(np.array([(0.0, 0.0), (2.0, 0.0)])) == pytest.approx(2 * DEGREE_M)
    assert line_length_m(np.array([(5.0, 10.0), (5.0, 11.0), (5.0, 10.0)])) == pytest.approx(2 * DEGREE_M)
    assert line_length_m(np.array([(7.0, 60.0), (7.001, 60.0)])) == pytest.approx(DEGREE_M / 2000, rel=1e-6)
    assert line_length_m(np.array([(5.0, 10.0), (5.0, 10.0)])) == 0.0


def test_equal_tags_are_stored_once() -> None:
    assert small().tag_sets == ({"highway": "residential"},)
    assert small().road_name(0) == "人民路"


def test_the_order_names_every_state_once() -> None:
    assert sorted(small().order.tolist()) == [0, 1, 2, 3, 4, 5]


def test_the_bounding_box_holds_the_geometry_and_not_only_the_nodes() -> None:
    assert bounding_box(small()) == (LonLat(-0.1, 0.0), LonLat(2.0, 1.0))


def test_no_roads_make_no_network() -> None:
    with pytest.raises(BadInput, match="holds no road"):
        build_network([], name="x", attribution="")


def test_the_fingerprint_changes_with_roads_and_tags_but_not_with_the_name() -> None:
    one = segment(1, 2, (0.0, 0.0), (1.0, 0.0))
    other = Segment(tail=1, head=2, points=one.points, way=7, tags={"highway": "track"}, names={})
    prints = {build_network([road], name=name, attribution="").fingerprint for road in (one, other) for name in "ab"}
    assert len(prints) == 2


def test_a_stored_network_comes_back_as_it_was(tmp_path: Path) -> None:
    network = small()
    assert len(network.bans) == len(network.unapplied) == len(network.ban_turn) == 1
    assert network.arc_signal.tolist() == [True, False, False, False, False, False]
    save_network(network, tmp_path / "a.bgn")
    again = load_network(tmp_path / "a.bgn")
    assert again.fingerprint == network.fingerprint
    for field in fields(Network):
        before, after = getattr(network, field.name), getattr(again, field.name)
        assert np.array_equal(before, after) if isinstance(before, np.ndarray) else before == after


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    save_network(small(), tmp_path / "b.bgn")
    assert (tmp_path / "a.bgn").read_bytes() == (tmp_path / "b.bgn").read_bytes()


def test_a_loaded_network_cannot_be_changed(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    with pytest.raises(ValueError, match="read-only"):
        load_network(tmp_path / "a.bgn").tail[0] = 1


def test_a_network_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    with np.load(tmp_path / "a.bgn") as stored:
        arrays = dict(stored)
    text = json.loads(arrays["text"].tobytes()) | {"format": "baogong-network-1"}
    for absent in ("arc_signal", "state_arc", "turn_from", "turn_to", "ban_turn", "ban_by"):
        del arrays[absent]
    arrays["text"] = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)
    with (tmp_path / "old.bgn").open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    assert "another version; make it anew from the map with 'baogong network build'" in complaint(tmp_path / "old.bgn")


def test_states_and_turns_that_contradict_the_arcs_are_refused(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    with np.load(tmp_path / "a.bgn") as stored:
        arrays = dict(stored)
    for name in ("state_arc", "turn_from", "turn_to", "order"):
        for changed in (arrays[name][:-1], np.zeros_like(arrays[name])):
            with (tmp_path / "b.bgn").open("wb") as stream:
                np.savez_compressed(stream, allow_pickle=False, **(arrays | {name: changed}))
            complaint(tmp_path / "b.bgn")


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    assert "no such network file" in complaint(tmp_path / "none.bgn")
    for content in (b"", b"hello", b"PK\x05\x06" + bytes(18)):
        (tmp_path / "a.bgn").write_bytes(content)
        assert "is not a Baogong network file" in complaint(tmp_path / "a.bgn")
    assert "is not a Baogong network file" in complaint(tmp_path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    whole = (tmp_path / "a.bgn").read_bytes()
    for length in range(0, len(whole), 7):
        (tmp_path / "a.bgn").write_bytes(whole[:length])
        complaint(tmp_path / "a.bgn")


def test_a_file_whose_numbers_contradict_each_other_is_refused(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    with np.load(tmp_path / "a.bgn") as stored:
        arrays = dict(stored)
    indices = ("tail", "head", "arc_edge", "edge_tags", "edge_names", "first_point", "order")
    for name in (*indices, "state_arc", "turn_from", "turn_to", "ban_turn", "ban_by"):
        with (tmp_path / "b.bgn").open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **(arrays | {name: arrays[name] + 1000}))
        complaint(tmp_path / "b.bgn")


def test_a_file_with_python_objects_in_it_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.bgn").open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=True, text=np.array([{"format": "baogong-network-1"}], dtype=object))
    complaint(tmp_path / "a.bgn")


def test_a_damaged_file_is_read_or_refused_but_never_crashes(tmp_path: Path) -> None:
    save_network(small(), tmp_path / "a.bgn")
    whole = (tmp_path / "a.bgn").read_bytes()
    for at in range(0, len(whole), 3):
        (tmp_path / "a.bgn").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            load_network(tmp_path / "a.bgn")
        except BadInput:
            continue
