"""Roads on which checkpoints take time at a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geodata.model import RoadPosition
from geodata.roads import Roads

Delay = tuple[float, int]
"""A fraction of an edge, and the milliseconds that passing it takes in either direction."""


@dataclass(frozen=True, eq=False)
class RestrictedRoads(Roads):
    """``delays``: by edge; ``ms`` holds them already. Who stops at such a point has come through it."""

    delays: Mapping[int, tuple[Delay, ...]] = field(default_factory=dict)

    def ms_ahead(self, arc: int, position: RoadPosition) -> int:
        delays = self.delays.get(position.edge)
        if delays is None:
            return super().ms_ahead(arc, position)
        forward = bool(self.network.arc_forward[arc])
        along = position.fraction if forward else 1.0 - position.fraction
        driving_ms = int(self.ms[arc]) - sum(ms for _, ms in delays)
        ahead = (ms for at, ms in delays if (at > position.fraction if forward else at < position.fraction))
        return round(driving_ms * (1.0 - along)) + sum(ahead)
