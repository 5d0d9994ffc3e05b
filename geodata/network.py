"""The road network: built once from a map, stored in one file, loaded fast.

Arcs are the primary objects. An *edge* is a stretch of road with a geometry; it carries one or two *arcs*, the ways it
can be passed. A site sits on an edge, a path is a sequence of arcs. Everything the map said that a profile may ask for
is kept as tags, so that other profiles and restrictions need no rebuilding.
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

from geodata.contraction import elimination_order
from geodata.errors import BadInput
from geodata.files import write_whole
from geodata.model import Booleans, Floats, Ints, LonLat, Segment

FORMAT = "baogong-network-1"
EARTH_RADIUS_M = 6_371_009.0
"""Mean Earth radius as osmnx uses it, so that lengths agree with its graphs."""


@dataclass(frozen=True, eq=False)
class Network:
    """n nodes, k edges, m arcs, p points of geometry.

    ``lon``, ``lat``, ``node_id``: [n]. ``tail``, ``head``, ``arc_edge``, ``arc_forward``: [m]. ``edge_length_m``,
    ``edge_way``, ``edge_tags`` (index into ``tag_sets``), ``edge_names`` (index into ``name_sets``): [k].
    ``edge_arcs``: [k, 2], the forward and the backward arc or -1. Geometry of edge e: ``points[first_point[e]:
    first_point[e + 1]]``, lon and lat. ``order``: [n], the elimination order of the contraction hierarchy.
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
    order: Ints
    tag_sets: tuple[Mapping[str, str], ...]
    name_sets: tuple[Mapping[str, str], ...]

    @property
    def nodes(self) -> int:
        return len(self.lon)

    @property
    def edges(self) -> int:
        return len(self.edge_length_m)

    @property
    def arcs(self) -> int:
        return len(self.tail)

    @cached_property
    def edge_arcs(self) -> Ints:
        arcs = np.full((self.edges, 2), -1, dtype=np.int64)
        arcs[self.arc_edge, np.where(self.arc_forward, 0, 1)] = np.arange(self.arcs)
        return arcs

    @cached_property
    def fingerprint(self) -> str:
        """Hash of topology, geometry and tags: a plan names the network it was made on by it."""
        digest = hashlib.sha256()
        for name in ("lon", "lat", "tail", "head", "arc_edge", "arc_forward", "edge_length_m", "edge_tags", "points"):
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        digest.update(json.dumps([dict(tags) for tags in self.tag_sets], sort_keys=True).encode())
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


def build_network(segments: Iterable[Segment], *, name: str, attribution: str) -> Network:
    """Number nodes, edges and arcs, intern tags, and compute the hierarchy's order. Same segments: same network."""
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
        order=elimination_order(lon, lat, tail, head),
        tag_sets=tag_sets,
        name_sets=name_sets,
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


_SMALL = {"tail", "head", "arc_edge", "edge_tags", "edge_names", "first_point", "order"}
_TEXT = ("name", "attribution", "tag_sets", "name_sets")


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
        if text.pop("format") != FORMAT:
            raise ValueError("another format")
        arrays: dict[str, Any] = {name: _widen(stored[name]) for name in stored.files if name != "text"}
    sets: dict[str, Any] = {"tag_sets": tuple(text.pop("tag_sets")), "name_sets": tuple(text.pop("name_sets"))}
    network = Network(**text, **sets, **arrays)
    _require_consistent(network)
    return network


def _widen(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wide = values.astype(np.int64) if values.dtype == np.int32 else values
    wide.setflags(write=False)
    return wide


def _require_consistent(network: Network) -> None:
    """Indices stay inside their tables; anything else would surface later as a wrong answer."""
    bounds = (
        (network.tail, network.nodes),
        (network.head, network.nodes),
        (network.order, network.nodes),
        (network.arc_edge, network.edges),
        (network.edge_tags, len(network.tag_sets)),
        (network.edge_names, len(network.name_sets)),
        (network.first_point, len(network.points) + 1),
    )
    if any(len(index) and (index.min() < 0 or index.max() >= limit) for index, limit in bounds):
        raise ValueError("an index points outside its table")


def bounding_box(network: Network) -> tuple[LonLat, LonLat]:
    """South-west and north-east corner of the geometry."""
    low, high = network.points.min(axis=0), network.points.max(axis=0)
    return LonLat(float(low[0]), float(low[1])), LonLat(float(high[0]), float(high[1]))
