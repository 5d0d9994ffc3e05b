"""Turn restrictions of a map, resolved to the arcs that must not follow one another.

https://wiki.openstreetmap.org/wiki/Relation:restriction. ``no_*``: having come along the arcs from the first way to the
junction before the last way, that way's arc is forbidden. ``only_*``: there every other arc is, turning back included;
on the way through via ways one may still turn off. Several ways to come from or to go to are meant each with each.
Relations say nothing of directions; where ways could be meant in more than one, the reading is taken that goes against
no ``oneway``, then the shortest, then the one whose angle fits the word (left, right, straight on, u-turn).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, pairwise, product
from typing import NamedTuple

import numpy as np

from geodata.bearings import angles, end_bearings
from geodata.errors import Text
from geodata.model import Booleans, Ints, Segment, TurnRelation
from geodata.turn_graph import Arcs, Ban, Leaving

MOST_VIA_WAYS = 8
MOST_PAIRS = 64
"""Ways to come from times ways to go to."""

MOST_STEPS = 5_000
"""Over all readings of one relation: what a map may cost that is a tangle. Real ones take some dozens."""


class Member(NamedTuple):
    """A member of a relation: ``kind`` is "node", "way" or "relation"."""

    kind: str
    id: int
    role: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Forbidden sequences, the tags of the relations they come from, and the relations that could not be applied."""

    bans: tuple[Ban, ...]
    tags: tuple[Mapping[str, str], ...]
    unapplied: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class ArcTable:
    """The arcs as ``Network`` has them: [m] each, and the number of each node."""

    tail: Ints
    head: Ints
    edge: Ints
    forward: Booleans
    node_number: Mapping[int, int]


# --- from members to relations ------------------------------------------------------------------------------------


def is_turn_restriction(tags: Mapping[str, str]) -> bool:
    """``type=restriction``, or the older ``type=restriction:hgv`` and its like."""
    return tags.get("type", "").partition(":")[0] == "restriction"


def turn_relation(number: int, tags: Mapping[str, str], members: Sequence[Member]) -> TurnRelation:
    """A relation by its members' roles; members with other roles than from, via and to are passed over."""
    ids = {
        (role, kind): tuple(
            dict.fromkeys(member.id for member in members if (member.role, member.kind) == (role, kind))
        )
        for role in _ROLES
        for kind in _KINDS_ZH
    }
    via_nodes = ids["via", "node"]
    return TurnRelation(
        id=number,
        tags=_in_todays_words(tags),
        from_ways=ids["from", "way"],
        via_node=via_nodes[0] if via_nodes else None,
        via_ways=ids["via", "way"],
        to_ways=ids["to", "way"],
        fault=_fault({pair for pair, found in ids.items() if found}, len(via_nodes)),
    )


def _in_todays_words(tags: Mapping[str, str]) -> Mapping[str, str]:
    """``type=restriction:hgv`` with ``restriction=no_left_turn`` as ``restriction:hgv=no_left_turn``."""
    kind = tags["type"]
    if ":" not in kind or kind in tags or "restriction" not in tags:
        return tags
    return {kind if key == "restriction" else key: value for key, value in tags.items()}


_ROLES = ("from", "via", "to")


def _fault(found: set[tuple[str, str]], via_nodes: int) -> Text | None:
    """What is wrong with the members, whatever the roads are."""
    for role in _ROLES:
        if role not in {each for each, _ in found}:
            return Text(f"缺少“{role}”成员", f"has no member '{role}'")
    for role, kind in sorted(found - _SENSIBLE):
        return Text(f"“{role}”成员是{_KINDS_ZH[kind]}", f"has a {kind} as '{role}'")
    if via_nodes > 1:
        return Text("有多个“via”节点", "has more than one node as 'via'")
    if {("via", "node"), ("via", "way")} <= found:
        return Text("“via”成员既有节点又有道路", "has both a node and ways as 'via'")
    return None


_KINDS_ZH = {"node": "节点", "way": "道路", "relation": "关系"}
_SENSIBLE = {("from", "way"), ("via", "node"), ("via", "way"), ("to", "way")}


# --- from relations to arcs ---------------------------------------------------------------------------------------


def apply_restrictions(relations: Sequence[TurnRelation], roads: Sequence[Segment], arcs: ArcTable) -> Applied:
    """Every relation as bans of arc sequences, or with the reasons why not (or not in all its parts)."""
    if not relations:
        return Applied((), (), ())
    streets = _Streets(roads, arcs, {way for relation in relations for way in relation.ways})
    bans: list[Ban] = []
    tags: list[Mapping[str, str]] = []
    unapplied: list[Mapping[str, str]] = []
    for relation in relations:
        found, faults = _resolve(relation, streets)
        for rule, sequences in found.items():
            bans += [Ban(sequence, by=len(tags)) for sequence in sequences]
            tags.append({**rule.tags, "id": str(relation.id)})
        said = [_in_part(fault) for fault in faults] if found else faults
        unapplied += [{"id": str(relation.id), "zh": text.zh, "en": text.en} for text in said]
    return Applied(tuple(bans), tuple(tags), tuple(unapplied))


def _in_part(fault: Text) -> Text:
    return Text(f"部分未应用：{fault.zh}", f"applied but for a part: {fault.en}")


@dataclass(frozen=True, eq=False)
class _Rule:
    """One thing a relation says: ``word`` ("no_left_turn"), with the tags that say so and those that limit it."""

    word: str
    tags: Mapping[str, str]

    @property
    def is_only(self) -> bool:
        return self.word.startswith("only_")


_WORD = re.compile(r"\b(?:no_(?:entry|exit)|(?:no|only)_(?:left_turn|right_turn|straight_on|u_turn))\b")


def _rules(tags: Mapping[str, str]) -> list[_Rule]:
    """What forbids and what prescribes, apart: of a relation that says both, each with the tags of its own."""
    words = {key: found[0] for key, value in tags.items() if _says(key) and (found := _WORD.search(value))}
    rules = []
    for prefix in ("no_", "only_"):
        keys = {key for key, word in words.items() if word.startswith(prefix)}
        others = words.keys() - keys
        if keys:
            kept = {key: value for key, value in tags.items() if key not in others}
            rules.append(_Rule(words[min(sorted(keys), key=len)], kept))
    return rules


def _says(key: str) -> bool:
    return key.partition(":")[0] == "restriction"


class _Unclear(Exception):
    """A relation, or a part of it, that cannot be applied."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


def _resolve(relation: TurnRelation, streets: _Streets) -> tuple[dict[_Rule, list[Arcs]], list[Text]]:
    """The forbidden sequences of each of its rules, and what stands in the way of the rest."""
    rules = _rules(relation.tags)
    fault = _fault_at_first_sight(relation, rules)
    if fault:
        return {}, [fault]
    found: dict[_Rule, list[Arcs]] = defaultdict(list)
    faults: list[Text] = []
    for rule, from_way, to_way in product(rules, relation.from_ways, relation.to_ways):
        try:
            ways = _ways_meant(relation, rule, from_way, to_way, streets)
        except _Unclear as unclear:
            faults.append(unclear.reason)
            continue
        found[rule] += [ban for way in ways for ban in (streets.all_but(way) if rule.is_only else [streets.whole(way)])]
    return dict(found), list(dict.fromkeys(faults))


def _fault_at_first_sight(relation: TurnRelation, rules: Sequence[_Rule]) -> Text | None:
    if relation.fault:
        return relation.fault
    if not rules:
        said = "; ".join(f"{key}={value}" for key, value in relation.tags.items() if _says(key))
        return Text(f"不认识的限制：{said or '无'}", f"says nothing that is known: {said or 'no restriction'}")
    if len(relation.to_ways) > 1 and any(rule.is_only for rule in rules):
        return Text("“only_”只能有一个“to”成员", "prescribes more than one way 'to'")
    if len(relation.from_ways) * len(relation.to_ways) > MOST_PAIRS:
        return Text("“from”和“to”成员过多", "has too many members 'from' and 'to'")
    if len(relation.via_ways) > MOST_VIA_WAYS:
        return Text(f"“via”道路超过 {MOST_VIA_WAYS} 条", f"has more than {MOST_VIA_WAYS} ways as 'via'")
    return None


def _ways_meant(relation: TurnRelation, rule: _Rule, from_way: int, to_way: int, streets: _Streets) -> list[Arcs]:
    """The arcs from ``from_way`` to ``to_way`` that the relation speaks of, without those of barriers."""
    for role, ways in (("from", [from_way]), ("via", relation.via_ways), ("to", [to_way])):
        for way in ways:
            if not streets.arcs_of(way):
                reason = Text(f"“{role}”道路 {way} 不在路网中", f"way {way}, '{role}', is no road of this map")
                raise _Unclear(reason)
    if relation.via_node is None:
        readings = list(streets.chains(from_way, relation.via_ways, to_way))
    else:
        readings = list(streets.turns(from_way, relation.via_node, to_way))
    if not readings:
        via = f"node {relation.via_node}" if relation.via_node is not None else f"way {_listed(relation.via_ways)}"
        zh = f"道路 {from_way} 不经“via”通到道路 {to_way}"
        raise _Unclear(Text(zh, f"way {from_way} does not lead to way {to_way} over {via}"))
    return _likeliest(readings, rule.word, streets, same_way=from_way == to_way)


def _listed(ways: Sequence[int]) -> str:
    return ", ".join(map(str, ways))


def _likeliest(readings: list[Arcs], word: str, streets: _Streets, *, same_way: bool) -> list[Arcs]:
    against = [sum(map(streets.is_against_oneway, arcs)) for arcs in readings]
    legal = [arcs for arcs, wrong in zip(readings, against, strict=True) if wrong == min(against)]
    short = [arcs for arcs in legal if len(arcs) == min(map(len, legal))]
    if len(short) == 1:
        return short
    fitting = [arcs for arcs in short if _fits(word, arcs, streets)]
    if len(fitting) == 1 or (fitting and (word in _FROM_EVERY_SIDE or (same_way and word.endswith("u_turn")))):
        return fitting
    raise _Unclear(
        Text("道路穿过“via”，无法判断指哪一侧", "its ways run on past 'via', so that it can be read in several ways")
    )


_FROM_EVERY_SIDE = {"no_entry", "no_exit"}
_ANGLES = {
    "left_turn": (-160.0, -20.0),
    "right_turn": (20.0, 160.0),
    "straight_on": (-60.0, 60.0),
}


def _fits(word: str, arcs: Arcs, streets: _Streets) -> bool:
    if word in _FROM_EVERY_SIDE:
        return not streets.turns_back(arcs)
    what, angle = word.partition("_")[2], streets.angle(arcs)
    if what == "u_turn":
        return abs(angle) > 120.0
    low, high = _ANGLES[what]
    return low < angle < high


class _Streets:
    """The arcs of the ways that relations name, and how they hang together.

    Where a barrier was set apart, several nodes stand for one of the map; ``_place`` is the map's node of each.
    """

    def __init__(self, roads: Sequence[Segment], arcs: ArcTable, ways: set[int]) -> None:
        self._roads = roads
        self._arcs = arcs
        self._leaving = Leaving(arcs.tail)
        self._place = np.array(sorted(arcs.node_number), dtype=np.int64)
        for road in roads:
            if road.barrier_node is not None:
                self._place[[arcs.node_number[road.tail], arcs.node_number[road.head]]] = road.barrier_node
        self._of_way: dict[int, dict[int, list[int]]] = {way: {} for way in ways}
        named = np.array([road.way in ways and road.barrier_node is None for road in roads])
        for arc in np.flatnonzero(named[arcs.edge]).tolist():
            self._of_way[self._road(arc).way].setdefault(self._start(arc), []).append(arc)

    def arcs_of(self, way: int) -> list[int]:
        return [arc for arcs in self._of_way[way].values() for arc in arcs]

    def turns(self, from_way: int, node: int, to_way: int) -> Iterator[Arcs]:
        """Pairs of arcs of the two ways, the one ending at the node and the other beginning there."""
        arrivals = [arc for arc in self.arcs_of(from_way) if self._end(arc) == node]
        return product(arrivals, self._of_way[to_way].get(node, ()))

    def chains(self, from_way: int, via_ways: Sequence[int], to_way: int) -> Iterator[Arcs]:
        """Ways from an arc of the first way along all via ways, in whichever order, to an arc of the last."""
        steps = count()
        for arc in self.arcs_of(from_way):
            for driven in self._drives(arc, frozenset(via_ways), steps):
                yield from ((*driven, last) for last in self._of_way[to_way].get(self._end(driven[-1]), ()))

    def _drives(self, first: int, via_ways: frozenset[int], steps: Iterator[int]) -> Iterator[Arcs]:
        """To each arc that can be the last of all via ways, the drive least against oneway, then the shortest (Dijkstra)."""
        waiting: list[tuple[int, int, Arcs, frozenset[int]]] = [(0, 1, (first,), via_ways)]
        settled: set[tuple[int, frozenset[int]]] = set()
        while waiting:
            against, length, driven, left = heappop(waiting)
            if (driven[-1], left) in settled:
                continue
            settled.add((driven[-1], left))
            if next(steps) == MOST_STEPS:
                raise _Unclear(
                    Text("道路相交之处太多，无法逐一跟踪", "its ways meet in too many places to follow them all")
                )
            if not left:
                yield driven
            current = {self._road(driven[-1]).way} & via_ways
            for way in sorted(left | (current if length > 1 else set())):
                for arc in self._of_way[way].get(self._end(driven[-1]), ()):
                    if not self.turns_back((driven[-1], arc)):
                        step = self.is_against_oneway(arc)
                        heappush(waiting, (against + step, length + 1, (*driven, arc), left - {way}))

    def whole(self, arcs: Arcs) -> Arcs:
        """The same way with the arcs of the barriers on it."""
        between = (arc for one, other in pairwise(arcs) for arc in (*self._through_barrier(one, other), other))
        return arcs[0], *between

    def all_but(self, arcs: Arcs) -> Iterator[Arcs]:
        """The same way as far as the last junction, then every other arc that leaves there, or between its barriers."""
        way = self.whole(arcs)
        decided = len(self.whole(arcs[:-1]))
        for place in range(decided, len(way)):
            for arc in self._leaving.arcs_from(int(self._arcs.head[way[place - 1]])).tolist():
                if arc != way[place]:
                    yield (*way[:place], arc)

    def is_against_oneway(self, arc: int) -> bool:
        return self._is_forward(arc) in _closed_directions(self._road(arc).tags)

    def turns_back(self, arcs: Arcs) -> bool:
        return any(self._arcs.edge[one] == self._arcs.edge[other] for one, other in pairwise(arcs))

    def angle(self, arcs: Arcs) -> float:
        """Degrees to the right from the end of the first arc to the beginning of the last."""
        arriving = self._bearing(arcs[0], at_end=True) + 180.0
        return float(angles(np.array(arriving), np.array(self._bearing(arcs[-1], at_end=False))))

    def _bearing(self, arc: int, *, at_end: bool) -> float:
        """In which direction the arc's road leads away from the arc's end or beginning."""
        points = self._road(arc).points
        from_tail, from_head = end_bearings(points, np.array([0, len(points)]))
        return float((from_head if at_end == self._is_forward(arc) else from_tail)[0])

    def _through_barrier(self, one: int, other: int) -> Arcs:
        """The arcs between copies of a barrier's node from the end of one arc to the beginning of another: 0, 1 or 2."""
        start, end = int(self._arcs.head[one]), int(self._arcs.tail[other])
        if start == end:
            return ()
        first = self._joints(start)
        for arc in first:
            if self._arcs.head[arc] == end:
                return (arc,)
        return next(
            (arc, last)
            for arc in first
            for last in self._joints(int(self._arcs.head[arc]))
            if self._arcs.head[last] == end
        )

    def _joints(self, node: int) -> list[int]:
        return [arc for arc in self._leaving.arcs_from(node).tolist() if self._road(arc).barrier_node is not None]

    def _start(self, arc: int) -> int:
        return int(self._place[self._arcs.tail[arc]])

    def _end(self, arc: int) -> int:
        return int(self._place[self._arcs.head[arc]])

    def _road(self, arc: int) -> Segment:
        return self._roads[int(self._arcs.edge[arc])]

    def _is_forward(self, arc: int) -> bool:
        return bool(self._arcs.forward[arc])


def _closed_directions(tags: Mapping[str, str]) -> set[bool]:
    """What ``oneway`` closes to vehicles in general: True stands for forward."""
    oneway = tags.get("oneway") or ("yes" if tags.get("junction") in {"roundabout", "circular"} else "no")
    return {"yes": {False}, "true": {False}, "1": {False}, "-1": {True}, "reverse": {True}}.get(oneway, set())
