"""Roads from OpenStreetMap files: PBF, and XML plain or packed with gzip or bzip2.

The file is read several times: first the ways, then the nodes they need, then the turn restrictions, so that the order
of objects in it does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import osmium
from osmium.filter import KeyFilter
from osmium.osm import NODE, RELATION, WAY

from geodata.errors import BadInput, Complaint, Text
from geodata.intake import damaged, examine
from geodata.junctions import Barriers, Places, Signals, Way, split_ways
from geodata.model import RoadMap, TurnRelation
from geodata.tags import barrier_tags, faces, is_road, road_names, road_tags
from geodata.turns import Member, is_turn_restriction, turn_relation

_UNDEFINED = 2**31 - 1
"""libosmium's coordinate of a node that has none (deleted)."""

_NAMED = 20
"""How many nodes of the same fault are named one by one."""


def read_osm(path: Path) -> RoadMap:
    """Every road, path, ferry and turn restriction of an OpenStreetMap file, in the file's order.

    Ways are split at junctions, at signals, at barriers and where a clipped map lacks a node. Both arcs always exist:
    direction is the profile's business. Raises ``BadInput`` for whatever is not a sound OpenStreetMap file with roads.
    """
    file = osmium.io.File(str(path), examine(path, root="osm").value)
    try:
        _require_one_version(path, file)
        ways = _read_ways(file)
        nodes = _read_nodes(file, {node for way in ways for node in way.nodes})
        relations = _read_relations(file)
    except (RuntimeError, ValueError, OSError):
        raise damaged(path) from None
    _require_on_earth(path, nodes.astray)
    segments = split_ways(ways, nodes.places, nodes.barriers, nodes.signals)
    if not segments:
        raise BadInput.one("地图文件里没有可用的道路", "holds no road", file=str(path))
    return RoadMap(segments, relations)


@dataclass(frozen=True, slots=True)
class _Nodes:
    places: Places
    barriers: Barriers
    signals: Signals
    astray: tuple[int, ...]


def _require_one_version(path: Path, file: osmium.io.File) -> None:
    if osmium.FileProcessor(file, NODE).header.has_multiple_object_versions:
        zh, en = (
            "是含历史版本的地图文件，请先提取某一时刻的版本",
            "holds the map's history; extract one point in time first",
        )
        raise BadInput.one(zh, en, file=str(path))


def _read_ways(file: osmium.io.File) -> list[Way]:
    """Every road and ferry; of a way that occurs twice (merged extracts) the last version."""
    found: dict[int, Way] = {}
    for way in cast(
        "Iterable[osmium.osm.Way]", osmium.FileProcessor(file, WAY).with_filter(KeyFilter("highway", "route"))
    ):
        tags = {tag.k: tag.v for tag in way.tags}
        if is_road(tags) and not way.deleted:
            nodes = tuple(node.ref for node in way.nodes)
            found[way.id] = Way(id=way.id, nodes=nodes, tags=road_tags(tags), names=road_names(tags))
    return list(found.values())


def _read_nodes(file: osmium.io.File, wanted: set[int]) -> _Nodes:
    places: dict[int, tuple[float, float]] = {}
    barriers: dict[int, dict[str, str]] = {}
    signals: dict[int, str] = {}
    astray: list[int] = []
    for node in _nodes(file, wanted):
        location = node.location
        if location.valid():
            places[node.id] = (location.lon, location.lat)
        elif location.x != _UNDEFINED:
            astray.append(node.id)
        tags = {tag.k: tag.v for tag in node.tags}
        if "barrier" in tags:
            barriers[node.id] = barrier_tags(tags)
        if facing := faces(tags):
            signals[node.id] = facing
    return _Nodes(places=places, barriers=barriers, signals=signals, astray=tuple(astray))


def _nodes(file: osmium.io.File, wanted: set[int]) -> Iterable[osmium.osm.Node]:
    """The nodes asked for. osmium's own filter by id takes 600 MB for the ids of a small town, and no negative ones."""
    nodes = cast("Iterable[osmium.osm.Node]", osmium.FileProcessor(file, NODE))
    return (node for node in nodes if node.id in wanted and not node.deleted)


def _read_relations(file: osmium.io.File) -> list[TurnRelation]:
    """Every turn restriction; of one that occurs twice the last version."""
    found: dict[int, TurnRelation] = {}
    relations = osmium.FileProcessor(file, RELATION).with_filter(KeyFilter("type"))
    for relation in cast("Iterable[osmium.osm.Relation]", relations):
        tags = {tag.k: tag.v for tag in relation.tags}
        if is_turn_restriction(tags) and not relation.deleted:
            members = [Member(_KINDS[member.type], member.ref, member.role) for member in relation.members]
            found[relation.id] = turn_relation(relation.id, tags, members)
    return list(found.values())


_KINDS = {"n": "node", "w": "way", "r": "relation"}


def _require_on_earth(path: Path, astray: Collection[int]) -> None:
    texts = [
        Text(f"节点 {node} 的坐标超出范围", f"node {node} has coordinates out of range")
        for node in sorted(astray)[:_NAMED]
    ]
    if len(astray) > _NAMED:
        rest = len(astray) - _NAMED
        texts.append(Text(f"另有 {rest} 个节点的坐标超出范围", f"{rest} more nodes have coordinates out of range"))
    if texts:
        raise BadInput(Complaint(text, file=str(path)) for text in texts)
