"""Which restrictions keep a vehicle from a place where goods can neither be brought nor handed over at a gate.

Found by lifting restrictions, and by giving passes: what then can be driven to, or has a gate that can be used, is open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from geodata.model import RoadPosition
from geodata.profile import Span
from geodata.restrictions import (
    Checkpoint,
    HandOver,
    Resolved,
    Restriction,
    Served,
    Zone,
    explain_cut_off,
    hand_overs,
    served_from,
)
from geodata.roads import Roads


@dataclass(slots=True, eq=False)
class Asked:
    """For whom: the holder of some passes in a wave. ``roads``: those without restrictions."""

    resolved: Resolved
    roads: Roads
    depots: Sequence[RoadPosition]
    span: Span
    passes: frozenset[str]
    _served: dict[tuple[frozenset[str], frozenset[str]], Served] = field(default_factory=dict)

    def opens(self, position: RoadPosition, *, lifted: frozenset[str], passes: frozenset[str]) -> bool:
        """Whether goods can be brought there, or handed over at a gate."""
        if self._from_depots(lifted, passes).has(position):
            return True
        handed = self._handed_over(position, lifted, passes)
        return handed is not None and handed.gate is not None

    def zones_around(self, position: RoadPosition) -> tuple[str, ...]:
        """That bar the holder from a place that cannot be driven to."""
        handed = self._handed_over(position, frozenset(), frozenset())
        return () if handed is None else handed.zones

    def _handed_over(self, position: RoadPosition, lifted: frozenset[str], passes: frozenset[str]) -> HandOver | None:
        left = replace(self.resolved, placed=tuple(each for each in self.resolved.placed if each.id not in lifted))
        served, held = self._from_depots(lifted, passes), self.passes | passes
        (handed,) = hand_overs(left, served, [position], span=self.span, passes=held)
        return handed

    def _from_depots(self, lifted: frozenset[str], passes: frozenset[str]) -> Served:
        key = lifted, passes
        if key not in self._served:
            held = self.passes | passes
            roads = self.resolved.roads_for(self.roads, span=self.span, passes=held, lifted=lifted)
            self._served[key] = served_from(roads, self.depots)
        return self._served[key]


class Barriers(NamedTuple):
    """As ``ShutOff``; ``barring``: all zones that bar the holder, wherever they are."""

    by: tuple[tuple[str, ...], ...]
    passes: tuple[str, ...]
    nearest: RoadPosition | None
    nearest_m: float
    zones: tuple[str, ...]
    barring: frozenset[str]


def barriers(asked: Asked, positions: Sequence[RoadPosition]) -> list[Barriers | None]:
    """For each position what keeps the holder away; None for what no restriction does."""
    resolved, span, passes = asked.resolved, asked.span, asked.passes
    cut_off = explain_cut_off(resolved, asked.roads, positions, depots=asked.depots, span=span, passes=passes)
    barring = [each.restriction for each in resolved.barring(span, passes)]
    passable = {pass_to(each) for each in barring if not each.bars(span, passes | {pass_to(each)})}
    zones = frozenset(each.id for each in barring if isinstance(each, Zone))
    found: list[Barriers | None] = []
    for position, each in zip(positions, cut_off, strict=True):
        if each is None or not each.by:
            found.append(None)
            continue
        sets = _without_what_has_gates(asked, position, each.by, zones)
        opening = _opening(asked, position, passable)
        found.append(Barriers(sets, opening, each.nearest, each.nearest_m, asked.zones_around(position), zones))
    return found


def _without_what_has_gates(
    asked: Asked, position: RoadPosition, sets: Collection[tuple[str, ...]], zones: frozenset[str]
) -> tuple[tuple[str, ...], ...]:
    """A zone around the place need not be lifted where its gate can be used once the others are."""

    def opens(lifted: frozenset[str]) -> bool:
        return asked.opens(position, lifted=lifted, passes=frozenset())

    fewer = {_needed(frozenset(each), zones, opens) for each in sets}
    return tuple(sorted(tuple(sorted(each)) for each in fewer if not any(other < each for other in fewer)))


def pass_to(restriction: Restriction) -> str:
    """The pass by which one gets through, if by any: to a checkpoint that does not honour its own another that it does."""
    if isinstance(restriction, Checkpoint) and restriction.lets_through is not None:
        honoured = restriction.lets_through
        return restriction.id if restriction.id in honoured else min(honoured, default=restriction.id)
    return restriction.id


def _opening(asked: Asked, position: RoadPosition, passable: Collection[str]) -> tuple[str, ...]:
    """A pass that opens the way by itself, or passes of which none can be spared; none where all together do not."""

    def opens(passes: frozenset[str]) -> bool:
        return asked.opens(position, lifted=frozenset(), passes=passes)

    every = frozenset(passable)
    if not every or not opens(every):
        return ()
    alone = next((each for each in sorted(every) if opens(frozenset({each}))), None)
    return tuple(sorted(_needed(every, every, opens))) if alone is None else (alone,)


def _needed(names: frozenset[str], spared: Collection[str], opens: Callable[[frozenset[str]], bool]) -> frozenset[str]:
    """The names without those, one after the other, that can be spared."""
    for each in sorted(names.intersection(spared)):
        names = names - {each} if opens(names - {each}) else names
    return names
