"""OpenStreetMap files become segments. The maps are hand-made; what must come out was drawn on paper."""

from __future__ import annotations

import bz2
import gzip
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import osmium
import pytest

from geodata.errors import BadInput
from geodata.model import Segment
from geodata.network import build_network
from geodata.osm import read_osm as read_map

ROAD = {"highway": "residential"}


class Map:
    """A tiny map: node n lies n thousandths of a degree east of 121 E, on 38.9 N, unless placed otherwise."""

    def __init__(self) -> None:
        self.node_tags: dict[int, dict[str, str]] = {}
        self.places: dict[int, tuple[float, float]] = {}
        self.left_out: set[int] = set()
        self.ways: list[tuple[int, list[int], dict[str, str]]] = []
        self.relations: list[tuple[int, dict[str, str], list[tuple[str, int, str]]]] = []

    def way(self, number: int, nodes: list[int], tags: dict[str, str] | None = None) -> Map:
        self.ways.append((number, nodes, ROAD if tags is None else tags))
        return self

    def node(self, number: int, place: tuple[float, float] | None = None, **tags: str) -> Map:
        self.node_tags[number] = tags
        if place:
            self.places[number] = place
        return self

    def relation(self, number: int, tags: dict[str, str], members: list[tuple[str, int, str]]) -> Map:
        self.relations.append((number, tags, members))
        return self

    def write(self, path: Path) -> Path:
        used = {node for _, nodes, _ in self.ways for node in nodes} | self.node_tags.keys()
        with osmium.SimpleWriter(str(path)) as writer:
            for node in sorted(used - self.left_out):
                place = self.places.get(node, (121 + node / 1000, 38.9))
                writer.add_node(osmium.osm.mutable.Node(id=node, location=place, tags=self.node_tags.get(node, {})))
            for number, nodes, tags in self.ways:
                writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags))
            for number, tags, members in self.relations:
                writer.add_relation(osmium.osm.mutable.Relation(id=number, members=members, tags=tags))
        return path


def read_osm(path: Path) -> list[Segment]:
    return list(read_map(path).segments)


def ends(segments: list[Segment]) -> list[tuple[int, int]]:
    return [(segment.tail, segment.head) for segment in segments]


def complaint(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_osm(path)
    assert str(path) in str(caught.value)
    assert all(each.message.zh != each.message.en for each in caught.value.complaints)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.osm", "a.osm.pbf", "a.osm.gz", "a.osm.bz2"])
def test_ways_are_split_where_they_meet_and_nowhere_else(tmp_path: Path, name: str) -> None:
    path = Map().way(7, [1, 2, 3, 4]).way(8, [5, 3, 6]).write(tmp_path / name)
    segments = read_osm(path)
    assert ends(segments) == [(1, 3), (3, 4), (5, 3), (3, 6)]
    assert [segment.way for segment in segments] == [7, 7, 8, 8]
    assert segments[0].points.tolist() == [[121.001, 38.9], [121.002, 38.9], [121.003, 38.9]]


def test_both_arcs_exist_whatever_oneway_says(tmp_path: Path) -> None:
    path = Map().way(1, [1, 2], {**ROAD, "oneway": "yes"}).write(tmp_path / "a.osm")
    (segment,) = read_osm(path)
    assert segment.forward
    assert segment.backward
    assert segment.tags["oneway"] == "yes"


def test_tags_and_names_a_profile_or_a_driver_may_need_are_kept(tmp_path: Path) -> None:
    wanted = {"highway": "primary", "maxspeed:forward": "50", "motor_vehicle:conditional": "no @ (8:00-9:00)"}
    names = {"name": "人民路", "name:en": "Renmin Road", "ref": "G202"}
    path = Map().way(1, [1, 2], {**wanted, **names, "source:maxspeed": "sign", "note": "x"}).write(tmp_path / "a.osm")
    (segment,) = read_osm(path)
    assert segment.tags == wanted
    assert segment.names == names


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "construction", "construction": "primary"},
        {"highway": "proposed"},
        {"highway": "platform"},
        {"highway": "raceway"},
        {"highway": "elevator"},
        {"highway": "pedestrian", "area": "yes"},
        {"route": "bus"},
        {"building": "yes"},
    ],
)
def test_what_is_no_road_is_left_out(tmp_path: Path, tags: dict[str, str]) -> None:
    path = Map().way(1, [1, 2]).way(2, [2, 3], tags).write(tmp_path / "a.osm")
    assert ends(read_osm(path)) == [(1, 2)]


@pytest.mark.parametrize("highway", ["motorway", "tertiary_link", "service", "track", "footway", "steps", "busway"])
def test_roads_and_paths_of_every_kind_are_read(tmp_path: Path, highway: str) -> None:
    path = Map().way(1, [1, 2], {"highway": highway}).write(tmp_path / "a.osm")
    assert read_osm(path)[0].tags["highway"] == highway


def test_a_ferry_is_read_whether_or_not_it_is_also_a_road(tmp_path: Path) -> None:
    ferry = {"route": "ferry", "duration": "00:20", "motor_vehicle": "yes"}
    path = Map().way(1, [1, 2]).way(2, [2, 3], ferry).way(3, [3, 4], {**ferry, "highway": "service"})
    assert [segment.tags for segment in read_osm(path.write(tmp_path / "a.osm"))[1:]] == [
        ferry,
        {**ferry, "highway": "service"},
    ]


def test_a_ring_that_meets_nothing_is_a_loop(tmp_path: Path) -> None:
    assert ends(read_osm(Map().way(1, [1, 2, 3, 1]).write(tmp_path / "a.osm"))) == [(1, 1)]


def test_a_ring_is_split_where_roads_join_it(tmp_path: Path) -> None:
    path = Map().way(1, [1, 2, 3, 1]).way(2, [2, 9]).way(3, [3, 8]).write(tmp_path / "a.osm")
    assert ends(read_osm(path)) == [(1, 2), (2, 3), (3, 1), (2, 9), (3, 8)]


def test_a_lollipop_is_split_at_its_stick(tmp_path: Path) -> None:
    assert ends(read_osm(Map().way(1, [1, 2, 3, 4, 2]).write(tmp_path / "a.osm"))) == [(1, 2), (2, 2)]


def test_a_way_crossing_itself_is_split_there(tmp_path: Path) -> None:
    assert ends(read_osm(Map().way(1, [1, 2, 3, 4, 2, 5]).write(tmp_path / "a.osm"))) == [(1, 2), (2, 2), (2, 5)]


def test_a_node_repeated_at_once_makes_no_segment_of_its_own(tmp_path: Path) -> None:
    assert ends(read_osm(Map().way(1, [1, 2, 2, 3]).write(tmp_path / "a.osm"))) == [(1, 2), (2, 3)]


def test_a_clipped_map_cuts_ways_at_missing_nodes(tmp_path: Path) -> None:
    the_map = Map().way(1, [1, 2, 3, 4, 5, 6, 7])
    the_map.left_out = {3, 6}
    assert ends(read_osm(the_map.write(tmp_path / "a.osm"))) == [(1, 2), (4, 5)]


def test_a_way_stored_twice_by_merging_extracts_is_read_once(tmp_path: Path) -> None:
    assert ends(read_osm(Map().way(1, [1, 2]).way(1, [1, 2]).write(tmp_path / "a.osm"))) == [(1, 2)]


def test_a_barrier_between_two_pieces_becomes_one_joining_segment(tmp_path: Path) -> None:
    gate = {"barrier": "gate", "access": "private", "highway": "crossing", "note": "x"}
    path = Map().node(2, **gate).way(1, [1, 2, 3]).write(tmp_path / "a.osm")
    before, after, joint = read_osm(path)
    assert (before.tail, after.head) == (1, 3)
    assert (joint.tail, joint.head) == (before.head, after.tail)
    assert joint.tail < 0
    assert joint.head < 0
    assert joint.tail != joint.head
    assert joint.tags == {"barrier": "gate", "access": "private"}
    assert joint.points.tolist() == [[121.002, 38.9], [121.002, 38.9]]


def test_a_barrier_at_a_crossing_joins_every_piece_to_its_node(tmp_path: Path) -> None:
    path = Map().node(2, barrier="bollard").way(1, [1, 2, 3]).way(2, [2, 4]).write(tmp_path / "a.osm")
    segments = read_osm(path)
    roads, joints = segments[:3], segments[3:]
    copies = {roads[0].head, roads[1].tail, roads[2].tail}
    assert len(copies) == 3
    assert {joint.tail for joint in joints} == copies
    assert {joint.head for joint in joints} == {2}


def test_a_barrier_on_a_ring_separates_its_two_ends(tmp_path: Path) -> None:
    ring, joint = read_osm(Map().node(1, barrier="gate").way(1, [1, 2, 3, 1]).write(tmp_path / "a.osm"))
    assert ring.tail != ring.head
    assert {joint.tail, joint.head} == {ring.tail, ring.head}


def test_a_barrier_at_a_dead_end_needs_no_joint(tmp_path: Path) -> None:
    assert ends(read_osm(Map().node(2, barrier="gate").way(1, [1, 2]).write(tmp_path / "a.osm"))) == [(1, 2)]


def test_new_nodes_of_an_editor_with_negative_ids_are_not_mixed_up_with_copies(tmp_path: Path) -> None:
    path = Map().node(-2, barrier="gate").way(1, [-1, -2, -3]).write(tmp_path / "a.osm")
    segments = read_osm(path)
    assert len(segments) == 3
    assert min(-3, *segments[2].points.shape) == -3
    assert {segments[2].tail, segments[2].head}.isdisjoint({-1, -2, -3})
    assert build_network(segments, name="x", attribution="").nodes == 4


def test_ways_may_stand_before_their_nodes(tmp_path: Path) -> None:
    path = tmp_path / "a.osm"
    path.write_text(
        '<osm version="0.6"><way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="road"/></way>'
        '<node id="1" lon="121" lat="38"/><node id="2" lon="121.1" lat="38"/></osm>'
    )
    assert ends(read_osm(path)) == [(1, 2)]


def test_the_content_counts_and_not_the_file_name(tmp_path: Path) -> None:
    path = Map().way(1, [1, 2]).write(tmp_path / "a.osm.pbf")
    assert ends(read_osm(path.rename(tmp_path / "upload.bin"))) == [(1, 2)]


# --- traffic signals ----------------------------------------------------------------------------------------------


def facing(segments: Sequence[Segment]) -> set[tuple[int, int]]:
    """The arcs that signals face, by their ends."""
    forward = {(segment.tail, segment.head) for segment in segments if segment.signal_forward}
    return forward | {(segment.head, segment.tail) for segment in segments if segment.signal_backward}


@pytest.mark.parametrize(
    ("tags", "faced"),
    [
        ({}, {(1, 2), (3, 2)}),
        ({"traffic_signals:direction": "both"}, {(1, 2), (3, 2)}),
        ({"traffic_signals:direction": "forward"}, {(1, 2)}),
        ({"direction": "forward"}, {(1, 2)}),
        ({"traffic_signals:direction": "backward", "direction": "forward"}, {(3, 2)}),
    ],
)
def test_signals_on_a_road_split_it_and_face_the_traffic_they_say(
    tmp_path: Path, tags: dict[str, str], faced: set[tuple[int, int]]
) -> None:
    path = Map().node(2, highway="traffic_signals", **tags).way(1, [1, 2, 3]).write(tmp_path / "a.osm")
    segments = read_osm(path)
    assert ends(segments) == [(1, 2), (2, 3)]
    assert facing(segments) == faced


def test_signals_at_a_crossing_face_every_road_whatever_is_said_of_one(tmp_path: Path) -> None:
    signal = {"highway": "traffic_signals", "traffic_signals:direction": "forward"}
    path = Map().node(2, **signal).way(1, [1, 2, 3]).way(2, [2, 4]).write(tmp_path / "a.osm")
    assert facing(read_osm(path)) == {(1, 2), (3, 2), (4, 2)}


def test_the_network_knows_the_arcs_that_signals_face(tmp_path: Path) -> None:
    path = Map().node(2, highway="traffic_signals", direction="backward").way(1, [1, 2, 3]).write(tmp_path / "a.osm")
    network = build_network(read_osm(path), name="x", attribution="")
    (arc,) = np.flatnonzero(network.arc_signal)
    assert (network.node_id[network.tail[arc]], network.node_id[network.head[arc]]) == (3, 2)


def test_a_pedestrian_crossing_with_lights_is_no_traffic_signal(tmp_path: Path) -> None:
    tags = {"highway": "crossing", "crossing": "traffic_signals"}
    assert ends(read_osm(Map().node(2, **tags).way(1, [1, 2, 3]).write(tmp_path / "a.osm"))) == [(1, 3)]


# --- turn restrictions --------------------------------------------------------------------------------------------


def test_turn_restrictions_are_read_with_their_members_and_tags(tmp_path: Path) -> None:
    tags = {"type": "restriction", "restriction": "no_left_turn", "except": "bus"}
    members = [("w", 7, "from"), ("n", 2, "via"), ("w", 8, "to"), ("n", 3, "location_hint")]
    path = Map().way(7, [1, 2]).way(8, [2, 3]).relation(5, tags, members).write(tmp_path / "a.osm.pbf")
    (relation,) = read_map(path).relations
    assert (relation.id, relation.tags, relation.fault) == (5, tags, None)
    assert (relation.from_ways, relation.via_node, relation.via_ways, relation.to_ways) == ((7,), 2, (), (8,))


def test_relations_about_anything_else_are_passed_over(tmp_path: Path) -> None:
    the_map = Map().way(7, [1, 2]).relation(5, {"type": "route"}, [("w", 7, "")]).relation(6, {"name": "x"}, [])
    assert read_map(the_map.write(tmp_path / "a.osm")).relations == []


def test_a_restriction_that_makes_no_sense_keeps_the_reason(tmp_path: Path) -> None:
    the_map = Map().way(7, [1, 2]).relation(5, {"type": "restriction"}, [("w", 7, "from"), ("r", 5, "via")])
    (relation,) = read_map(the_map.write(tmp_path / "a.osm")).relations
    assert relation.fault is not None
    assert relation.fault.en == "has no member 'to'"


# --- what is refused --------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no such map file" in complaint(tmp_path / "none.osm.pbf")


def test_a_folder_is_no_map(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.osm.pbf").touch()
    assert "is empty" in complaint(tmp_path / "a.osm.pbf")


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n", b"<html></html>", b'<osmChange version="0.6"/>', b"<"])
def test_what_is_no_openstreetmap_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.osm").write_bytes(content)
    assert "is not a map file" in complaint(tmp_path / "a.osm")


def test_a_map_without_roads_is_refused(tmp_path: Path) -> None:
    path = Map().way(1, [1, 2], {"waterway": "river"}).write(tmp_path / "a.osm.pbf")
    assert "holds no road" in complaint(path)


def test_a_map_whose_nodes_are_all_missing_is_refused(tmp_path: Path) -> None:
    the_map = Map().way(1, [1, 2])
    the_map.left_out = {1, 2}
    assert "holds no road" in complaint(the_map.write(tmp_path / "a.osm"))


def test_every_node_off_the_earth_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.osm"
    path.write_text(
        '<osm version="0.6"><node id="1" lon="200" lat="1"/><node id="2" lon="1" lat="95"/><node id="3" lon="1" lat="1"/>'
        '<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="road"/></way></osm>'
    )
    text = complaint(path)
    assert "node 1 has coordinates out of range" in text
    assert "node 2 has coordinates out of range" in text
    assert "node 3" not in text


LAUGHS = b"""<?xml version="1.0"?><!-- harmless --><!DOCTYPE osm [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<osm version="0.6"><node id="1" lon="1" lat="1"><tag k="name" v="&b;"/></node></osm>"""


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress], ids=["plain", "gzip", "bzip2"])
@pytest.mark.parametrize("content", [LAUGHS, LAUGHS.replace(b"!DOCTYPE", b"!doctype"), b"\xef\xbb\xbf" + LAUGHS])
def test_a_dtd_is_refused_before_parsing(tmp_path: Path, pack: type[bytes], content: bytes) -> None:
    (tmp_path / "a.osm").write_bytes(pack(content))
    assert "declares a DTD" in complaint(tmp_path / "a.osm")


def test_a_dtd_cannot_hide_behind_a_long_comment_or_an_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.osm").write_bytes(b"<!--" + b" " * 100_000 + b"-->" + LAUGHS[21:])
    complaint(tmp_path / "a.osm")
    (tmp_path / "a.osm").write_bytes(b'<?xml version="1.0" encoding="cp037"?>' + LAUGHS[21:].decode().encode("cp037"))
    assert "encoding" in complaint(tmp_path / "a.osm")
    (tmp_path / "a.osm").write_bytes(LAUGHS.decode().encode("utf-16"))
    complaint(tmp_path / "a.osm")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_a_decompression_bomb_is_not_unpacked(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "a.osm.x").write_bytes(pack(b'<osm version="0.6">' + b" " * 40_000_000))
    assert "unpacks to more than" in complaint(tmp_path / "a.osm.x")


def test_a_bomb_in_pbf_blocks_is_not_unpacked(tmp_path: Path) -> None:
    def block(kind: bytes, content: bytes) -> bytes:
        packed = zlib.compress(content)
        blob = b"\x10" + varint(len(content)) + b"\x1a" + varint(len(packed)) + packed
        header = b"\x0a" + varint(len(kind)) + kind + b"\x18" + varint(len(blob))
        return struct.pack(">I", len(header)) + header + blob

    def varint(number: int) -> bytes:
        return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])

    (tmp_path / "a.osm.pbf").write_bytes(block(b"OSMHeader", b"") + block(b"OSMData", bytes(30_000_000)) * 3)
    assert "unpacks to more than" in complaint(tmp_path / "a.osm.pbf")


@pytest.mark.parametrize("name", ["a.osm", "a.osm.gz", "a.osm.bz2", "a.osm.pbf"])
def test_a_file_cut_short_is_never_read_as_a_smaller_map(tmp_path: Path, name: str) -> None:
    whole = Map().way(1, [1, 2, 3]).way(2, [2, 5]).write(tmp_path / name).read_bytes()
    for length in range(1, len(whole) - 1):
        (tmp_path / name).write_bytes(whole[:length])
        complaint(tmp_path / name)


def test_a_damaged_file_is_read_or_refused_but_never_crashes(tmp_path: Path) -> None:
    path = Map().node(2, barrier="gate").way(1, [1, 2, 3]).way(2, [2, 5]).write(tmp_path / "a.osm.pbf")
    whole = path.read_bytes()
    outcomes: Counter[str] = Counter()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            read_osm(path)
            outcomes["read"] += 1
        except BadInput:
            outcomes["refused"] += 1
    assert outcomes["refused"] > len(whole) // 2


# --- real maps --------------------------------------------------------------------------------------------------


def test_a_real_map_cut_anywhere_is_refused(tmp_path: Path, data_dir: Path) -> None:
    whole = (data_dir / "dalian" / "dalian_core.osm.pbf").read_bytes()
    for length in range(1, len(whole), 997):
        (tmp_path / "a.osm.pbf").write_bytes(whole[:length])
        complaint(tmp_path / "a.osm.pbf")


def test_a_real_map_keeps_every_metre_of_its_roads(data_dir: Path) -> None:
    """The steps of all ways but its four bus stops, counted straight from the file, are those of the segments."""
    path = data_dir / "dalian" / "dalian_core.osm.pbf"
    ways = osmium.FileProcessor(str(path), osmium.osm.WAY)
    steps = sum(
        len(way.nodes) - 1 for way in ways if isinstance(way, osmium.osm.Way) and way.tags["highway"] != "bus_stop"
    )
    segments = read_osm(path)
    assert sum(len(segment.points) - 1 for segment in segments if "highway" in segment.tags) == steps


@pytest.mark.slow
def test_every_turn_restriction_of_a_whole_city_is_applied_or_listed(data_dir: Path) -> None:
    """None is lost, and what they forbid is on the side they name, but for one that the map itself has wrong."""
    path = data_dir / "porto" / "porto.osm.pbf"
    stored = {
        str(relation.id)
        for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION)
        if relation.tags.get("type") == "restriction"
    }
    roads = read_map(path)
    network = build_network(roads.segments, restrictions=roads.relations, name="porto", attribution="")
    applied = {tags["id"] for tags in network.bans}
    listed = {reason["id"] for reason in network.unapplied if not reason["en"].startswith("applied but for a part")}
    assert (len(stored), len(applied), len(listed)) == (357, 340, 17)
    assert applied | listed == stored
    forbidden = np.bincount(network.ban_by, minlength=len(network.bans))
    assert (forbidden > 0).all()
    assert network.states == network.arcs + 1
    sides = Counter(
        (word, "right" if angle > 0 else "left")
        for turn, by in zip(network.ban_turn, network.ban_by, strict=True)
        if (word := network.bans[by]["restriction"]) in {"no_left_turn", "no_right_turn"}
        and abs(angle := network.turn_angle[turn]) > 20
    )
    assert sides == {
        ("no_left_turn", "left"): 199,
        ("no_right_turn", "right"): 37,
        ("no_left_turn", "right"): 1,
    }


@pytest.mark.slow
def test_a_whole_city_is_read(data_dir: Path) -> None:
    segments = read_osm(data_dir / "porto" / "porto.osm.pbf")
    assert sum("barrier" in segment.tags and "highway" not in segment.tags for segment in segments) > 400
    assert len({segment.way for segment in segments}) > 49_000
