"""The road network: built once from a map, stored in one file, loaded fast.

Arcs are the primary objects. An *edge* is a stretch of road with a geometry; it carries one or two *arcs*, the ways it
can be passed. A site sits on an edge, a path is a sequence of arcs. Everything the map said that a profile may ask for
is kept as tags, so that other profiles and restrictions need no rebuilding. The nodes of the contraction hierarchy are
*states*: arcs, and copies of arcs that remember how they were come to (``turn_graph``); its arcs are turns.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from geodata.bearings import LOOK_M, LOOK_ON_ROUNDABOUT_M, angles, end_bearings
from geodata.contraction import elimination_order
from geodata.errors import BadInput, Text
from geodata.files import write_whole
from geodata.model import Booleans, Floats, Ints, LonLat, Segment, TurnRelation
from geodata.turn_graph import turn_graph
from geodata.turns import ArcTable, apply_restrictions

FORMAT = "baogong-network-2"
EARTH_RADIUS_M = 6_371_009.0
"""Mean Earth radius as osmnx uses it, so that lengths agree with its graphs."""


@dataclass(frozen=True, eq=False)
class Network:
    """n nodes, k edges, m arcs, s states, t turns, p points of geometry.

    ``lon``, ``lat``, ``node_id``: [n]. ``tail``, ``head``, ``arc_edge``, ``arc_forward``: [m]. ``edge_length_m``,
    ``edge_way``, ``edge_tags`` (index into ``tag_sets``), ``edge_names`` (index into ``name_sets``): [k].
    ``edge_arcs``: [k, 2], the forward and the backward arc or -1. Geometry of edge e: ``points[first_point[e]:
    first_point[e + 1]]``, lon and lat. ``arc_signal``: [m], whether traffic signals at its end face the arc.

    ``state_arc``: [s], the arc of each state; state i < m is arc i, the others are copies with a memory of the way there.
    ``turn_from``, ``turn_to``: [t], the states of every turn, sorted, U-turns among them. Turn ``ban_turn[i]`` is
    forbidden by ``bans[ban_by[i]]``, a relation's tags and "id", where that is in force: for whom and when, the profile
    says. ``order``: [s], the elimination order of the contraction hierarchy. ``unapplied``: the relations that could
    not be applied, "id" and the reason in "zh" and "en".
    """

    name: str
    attribution: str
    lon: Floats
    lat: Floats
    node_id: Ints
    tail: Ints
    head: Ints
    arc_edge: Ints
    arc_forward: Booleans
    edge_length_m: Floats
    edge_way: Ints
    edge_tags: Ints
    edge_names: Ints
    points: Floats
    first_point: Ints
    arc_signal: Booleans
    state_arc: Ints
    turn_from: Ints
    turn_to: Ints
    ban_turn: Ints
    ban_by: Ints
    order: Ints
    tag_sets: tuple[Mapping[str, str], ...]
    name_sets: tuple[Mapping[str, str], ...]
    bans: tuple[Mapping[str, str], ...]
    unapplied: tuple[Mapping[str, str], ...]

    @property
    def nodes(self) -> int:
        return len(self.lon)

    @property
    def edges(self) -> int:
        return len(self.edge_length_m)

    @property
    def arcs(self) -> int:
        return len(self.tail)

    @property
    def states(self) -> int:
        return len(self.state_arc)

    @property
    def turns(self) -> int:
        return len(self.turn_from)

    @cached_property
    def edge_arcs(self) -> Ints:
        arcs = np.full((self.edges, 2), -1, dtype=np.int64)
        arcs[self.arc_edge, np.where(self.arc_forward, 0, 1)] = np.arange(self.arcs)
        return arcs

    @cached_property
    def end_bearings(self) -> tuple[Floats, Floats]:
        """[k], [k] bearings of each edge from its tail, and from its head backwards; NaN if it has no length."""
        look_m = np.where(self.on_roundabout, LOOK_ON_ROUNDABOUT_M, LOOK_M)
        return end_bearings(self.points, self.first_point, look_m)

    @cached_property
    def on_roundabout(self) -> Booleans:
        """[k]"""
        is_round = [tags.get("junction") in {"roundabout", "circular"} for tags in self.tag_sets]
        return np.array(is_round, dtype=np.bool_)[self.edge_tags]

    @cached_property
    def turn_angle(self) -> Floats:
        """[t] degrees of each turn, to the right positive, in [-180, 180)."""
        from_tail, from_head = self.end_bearings
        edge, forward = self.arc_edge, self.arc_forward
        leaving = np.where(forward, from_tail[edge], from_head[edge])
        arriving = np.where(forward, from_head[edge], from_tail[edge]) + 180.0
        came, goes = self.state_arc[self.turn_from], self.state_arc[self.turn_to]
        return angles(arriving[came], leaving[goes])

    @cached_property
    def first_turn(self) -> Ints:
        """[s + 1] where each state's turns begin: those out of state i are ``first_turn[i]:first_turn[i + 1]``."""
        return np.searchsorted(self.turn_from, np.arange(self.states + 1))

    def turns_into(self, state: int) -> Ints:
        """The turns that lead into a state."""
        by_target, first = self._turns_by_target
        return by_target[first[state] : first[state + 1]]

    @cached_property
    def _turns_by_target(self) -> tuple[Ints, Ints]:
        by_target = np.argsort(self.turn_to, kind="stable")
        return by_target, np.searchsorted(self.turn_to[by_target], np.arange(self.states + 1))

    def states_of(self, arc: int) -> tuple[int, ...]:
        """Every state of an arc, first the one without memory."""
        return (arc, *self._copies.get(arc, ()))

    @cached_property
    def _copies(self) -> Mapping[int, tuple[int, ...]]:
        copies: dict[int, tuple[int, ...]] = {}
        for state in range(self.arcs, self.states):
            arc = int(self.state_arc[state])
            copies[arc] = (*copies.get(arc, ()), state)
        return copies

    @cached_property
    def fingerprint(self) -> str:
        """Hash of topology, geometry, tags, signals and restrictions: a plan names the network it was made on by it."""
        digest = hashlib.sha256()
        for name in ("lon", "lat", "tail", "head", "arc_edge", "arc_forward", "edge_length_m", "edge_tags", "points"):
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        for sets in (self.tag_sets, self.bans):
            digest.update(json.dumps([dict(tags) for tags in sets], sort_keys=True).encode() if sets else b"")
        memory = self.state_arc[self.arcs :]
        for values in (np.flatnonzero(self.arc_signal), memory, self.ban_turn, self.ban_by):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()[:16]

    def geometry(self, edge: int) -> Floats:
        """Points (q, 2) of an edge from tail to head."""
        return self.points[self.first_point[edge] : self.first_point[edge + 1]]

    def arc_geometry(self, arc: int) -> Floats:
        points = self.geometry(int(self.arc_edge[arc]))
        return points if self.arc_forward[arc] else points[::-1]

    def road_name(self, edge: int) -> str:
        """The road's own name, else its number, else an empty string."""
        names = self.name_sets[self.edge_names[edge]]
        return names.get("name") or names.get("name:zh") or names.get("ref") or ""

    def road_name_in_both(self, edge: int) -> Text:
        """The same, and as English has it where the map says so on any road of that name."""
        name = " ".join(self.road_name(edge).split())
        return Text(name, self._english.get(name, name))

    @cached_property
    def _english(self) -> Mapping[str, str]:
        named = [names for names in self.name_sets if names.get("name") and names.get("name:en")]
        return {" ".join(names["name"].split()): " ".join(names["name:en"].split()) for names in reversed(named)}


def build_network(
    segments: Iterable[Segment], *, name: str, attribution: str, restrictions: Sequence[TurnRelation] = ()
) -> Network:
    """Number nodes, edges and arcs, intern tags, apply restrictions, and compute the hierarchy's order.

    Same segments and restrictions: same network.
    """
    roads = list(segments)
    if not roads:
        raise BadInput.one("没有可用的道路", "holds no road", file=name)
    ids = sorted({node for road in roads for node in (road.tail, road.head)})
    number = {node: index for index, node in enumerate(ids)}
    where = {node: road.points[at] for road in roads for node, at in ((road.tail, 0), (road.head, -1))}
    tail, head, edge, forward = _arcs(roads, number)
    tag_sets, edge_tags = _intern([road.tags for road in roads])
    name_sets, edge_names = _intern([road.names for road in roads])
    lon = np.array([where[node][0] for node in ids], dtype=np.float64)
    lat = np.array([where[node][1] for node in ids], dtype=np.float64)
    signals = np.array([(road.signal_backward, road.signal_forward) for road in roads], dtype=np.bool_)
    applied = apply_restrictions(restrictions, roads, ArcTable(tail, head, edge, forward, node_number=number))
    turns = turn_graph(tail, head, applied.bans)
    middle_lon, middle_lat = (((at[tail] + at[head]) / 2)[turns.state_arc] for at in (lon, lat))
    return Network(
        name=name,
        attribution=attribution,
        lon=lon,
        lat=lat,
        node_id=np.array(ids, dtype=np.int64),
        tail=tail,
        head=head,
        arc_edge=edge,
        arc_forward=forward,
        edge_length_m=np.array([line_length_m(road.points) for road in roads]),
        edge_way=np.array([road.way for road in roads], dtype=np.int64),
        edge_tags=edge_tags,
        edge_names=edge_names,
        points=np.concatenate([road.points for road in roads]).astype(np.float64),
        first_point=np.concatenate([[0], np.cumsum([len(road.points) for road in roads])]).astype(np.int64),
        arc_signal=signals[edge, forward.astype(np.int64)],
        state_arc=turns.state_arc,
        turn_from=turns.turn_from,
        turn_to=turns.turn_to,
        ban_turn=turns.ban_turn,
        ban_by=turns.ban_by,
        order=elimination_order(middle_lon, middle_lat, turns.turn_from, turns.turn_to),
        tag_sets=tag_sets,
        name_sets=name_sets,
        bans=applied.tags,
        unapplied=applied.unapplied,
    )


def line_length_m(points: Floats) -> float:
    """Great-circle length of a line (q, 2) of lon, lat by the haversine formula."""
    return float(_steps_m(points).sum())


def _steps_m(points: Floats) -> Floats:
    lon, lat = np.radians(points[:, 0]), np.radians(points[:, 1])
    chord = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    steps: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return steps


def _arcs(roads: Sequence[Segment], number: Mapping[int, int]) -> tuple[Ints, Ints, Ints, Booleans]:
    rows = [
        (number[start], number[end], edge, forward)
        for edge, road in enumerate(roads)
        for start, end, forward, exists in (
            (road.tail, road.head, True, road.forward),
            (road.head, road.tail, False, road.backward),
        )
        if exists
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), table[:, 3].astype(np.bool_)


def _intern(sets: Sequence[Mapping[str, str]]) -> tuple[tuple[Mapping[str, str], ...], Ints]:
    keys = [tuple(sorted(tags.items())) for tags in sets]
    number = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    return tuple(dict(key) for key in number), np.array([number[key] for key in keys], dtype=np.int64)


_SMALL = {
    *("tail", "head", "arc_edge", "edge_tags", "edge_names", "first_point"),
    *("state_arc", "turn_from", "turn_to", "ban_turn", "ban_by", "order"),
}
_SETS = ("tag_sets", "name_sets", "bans", "unapplied")
_TEXT = ("name", "attribution", *_SETS)


def save_network(network: Network, path: Path) -> None:
    """Write one compressed file of plain arrays and JSON (no pickle). Same network: same bytes."""
    text = {name: getattr(network, name) for name in _TEXT} | {"format": FORMAT}
    arrays: dict[str, Any] = {
        field.name: _narrow(field.name, getattr(network, field.name))
        for field in fields(network)
        if field.name not in _TEXT
    }
    blob = np.frombuffer(json.dumps(text, ensure_ascii=False).encode(), dtype=np.uint8)
    with write_whole(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, text=blob, **arrays)


def _narrow(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values.astype(np.int32) if name in _SMALL else values


def load_network(path: Path) -> Network:
    """Read what ``save_network`` wrote. A file that is something else, or damaged, is ``BadInput``."""
    try:
        return _read(path)
    except FileNotFoundError:
        raise BadInput.one("找不到路网文件", "no such network file", file=str(path)) from None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        MemoryError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
    ):
        zh = "不是保供路网文件，或文件已损坏；请用 baogong network build 重新生成"
        en = "is not a Baogong network file, or is damaged; make it anew with 'baogong network build'"
        raise BadInput.one(zh, en, file=str(path)) from None


def _read(path: Path) -> Network:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        text = json.loads(stored["text"].tobytes().decode())
        _require_format(path, text.pop("format"))
        arrays: dict[str, Any] = {name: _widen(stored[name]) for name in stored.files if name != "text"}
    sets: dict[str, Any] = {name: tuple(text.pop(name)) for name in _SETS}
    network = Network(**text, **sets, **arrays)
    _require_consistent(network)
    return network


def _require_format(path: Path, said: str) -> None:
    if said == FORMAT:
        return
    if not said.startswith(FORMAT.rstrip("0123456789")):
        raise ValueError("no network")
    zh = "是另一版本的路网文件；请用 baogong network build 从地图重新生成"
    en = "was made by another version; make it anew from the map with 'baogong network build'"
    raise BadInput.one(zh, en, file=str(path))


def _widen(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wide = values.astype(np.int64) if values.dtype == np.int32 else values
    wide.setflags(write=False)
    return wide


def _require_consistent(network: Network) -> None:
    """Indices stay inside their tables; anything else would surface later as a wrong answer."""
    bounds = (
        (network.tail, network.nodes),
        (network.head, network.nodes),
        (network.order, network.states),
        (network.state_arc, network.arcs),
        (network.turn_from, network.states),
        (network.turn_to, network.states),
        (network.ban_turn, network.turns),
        (network.ban_by, len(network.bans)),
        (network.arc_edge, network.edges),
        (network.edge_tags, len(network.tag_sets)),
        (network.edge_names, len(network.name_sets)),
        (network.first_point, len(network.points) + 1),
    )
    if any(len(index) and (index.min() < 0 or index.max() >= limit) for index, limit in bounds):
        raise ValueError("an index points outside its table")
    if not _turns_meet(network):
        raise ValueError("states and turns contradict the arcs")


def _turns_meet(network: Network) -> bool:
    pairs = (
        (network.state_arc[: network.arcs], np.arange(network.arcs)),
        (network.head[network.state_arc[network.turn_from]], network.tail[network.state_arc[network.turn_to]]),
        (np.sort(network.order), np.arange(network.states)),
        (np.sort(network.turn_from), network.turn_from),
    )
    return all(np.array_equal(one, other) for one, other in pairs) and len(network.ban_turn) == len(network.ban_by)


def bounding_box(network: Network) -> tuple[LonLat, LonLat]:
    """South-west and north-east corner of the geometry."""
    low, high = network.points.min(axis=0), network.points.max(axis=0)
    return LonLat(float(low[0]), float(low[1])), LonLat(float(high[0]), float(high[1]))
