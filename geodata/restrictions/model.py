"""Words of restrictions. Shapes are shapely geometries in WGS-84 degrees, lon before lat; instants are aware.

The id of a closure, checkpoint or zone is at once the name of the pass to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import shapely

from geodata.model import LonLat
from geodata.profile import Span

Area = shapely.Polygon | shapely.MultiPolygon
Line = shapely.LineString | shapely.MultiLineString
ZoneLevel = Literal["sealed", "controlled", "precautionary"]


@dataclass(frozen=True, slots=True)
class InForce:
    """From ``begin`` to just before ``end``; None: without beginning, or end."""

    begin: datetime | None = None
    end: datetime | None = None

    def meets(self, span: Span) -> bool:
        """Whether it holds at any instant of the span."""
        return (self.begin is None or self.begin <= span.end) and (self.end is None or self.end > span.begin)

    def covers(self, span: Span) -> bool:
        """Whether it holds throughout the span."""
        return (self.begin is None or self.begin <= span.begin) and (self.end is None or self.end >= span.end)


ALWAYS = InForce()


@dataclass(frozen=True, slots=True)
class NamedRoad:
    """A road by its name, its number or the id of its way; between two points, or all of it."""

    road: str
    between: tuple[LonLat, LonLat] | None = None


@dataclass(frozen=True, slots=True)
class Closure:
    """``spares_holders``: who holds a pass for it may drive there."""

    id: str
    shape: Area | Line | NamedRoad
    in_force: InForce = ALWAYS
    spares_holders: bool = False
    name: str = ""
    source: str = ""
    note: str = ""

    def bars(self, span: Span, passes: frozenset[str]) -> bool:
        return self.in_force.meets(span) and not (self.spares_holders and self.id in passes)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``lets_through``: passes of which one is needed, None for everyone. ``open_in``: its hours, None for always."""

    id: str
    location: LonLat
    delay_s: int = 0
    open_in: tuple[InForce, ...] | None = None
    lets_through: frozenset[str] | None = None
    in_force: InForce = ALWAYS
    name: str = ""
    source: str = ""
    note: str = ""

    def bars(self, span: Span, passes: frozenset[str]) -> bool:
        """Whoever it does not let through, and everyone where it is not open throughout the span."""
        is_open = self.open_in is None or any(hours.covers(span) for hours in self.open_in)
        lets_through = self.lets_through is None or bool(self.lets_through & passes)
        return self.in_force.meets(span) and not (is_open and lets_through)


@dataclass(frozen=True, slots=True)
class Zone:
    """``gates``: where goods are handed over; without any, wherever a road crosses its edge. A sealed zone needs a pass."""

    id: str
    area: Area
    level: ZoneLevel = "sealed"
    needs_pass: bool = True
    gates: tuple[LonLat, ...] = ()
    in_force: InForce = ALWAYS
    name: str = ""
    source: str = ""
    note: str = ""

    def bars(self, span: Span, passes: frozenset[str]) -> bool:
        needs_pass = self.needs_pass or self.level == "sealed"
        return needs_pass and self.in_force.meets(span) and self.id not in passes


Restriction = Closure | Checkpoint | Zone


@dataclass(frozen=True, slots=True)
class Restrictions:
    """The order within each tuple is that of the document, so that complaints can point there."""

    closures: tuple[Closure, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    zones: tuple[Zone, ...] = ()

    @property
    def all(self) -> tuple[Restriction, ...]:
        return (*self.closures, *self.checkpoints, *self.zones)


@dataclass(frozen=True, slots=True)
class Pass:
    """A vehicle's permit for zones, closures and checkpoints, by their ids."""

    number: str
    vehicle: str
    places: frozenset[str]
    valid: InForce = ALWAYS


def passes_held(passes: Iterable[Pass], vehicle: str, span: Span) -> frozenset[str]:
    """What a vehicle may enter in a wave: a pass counts if it is valid throughout."""
    held = (each.places for each in passes if each.vehicle == vehicle and each.valid.covers(span))
    return frozenset().union(*held)
