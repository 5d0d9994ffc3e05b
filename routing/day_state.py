"""What a day has come to when the rest of it is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.model import DemandLine, Seconds, ZoneLevel


@dataclass(frozen=True, slots=True)
class VehicleNow:
    """Where a vehicle will next be free, and from when on: at a depot with nothing on board, or elsewhere with something.

    ``been``: the highest risk it has been at since it last loaded.
    """

    vehicle: str
    access_point: str
    free_s: Seconds
    depot: str | None = None
    on_board: tuple[DemandLine, ...] = ()
    loops_made: int = 0
    been: ZoneLevel = ZoneLevel.OPEN


@dataclass(frozen=True, slots=True)
class DayState:
    """``done``: visits made, by id. ``lost``: vehicles that are out for good. ``sent``: units per (depot, kind).

    ``lost_drivers`` drive nothing more. Vehicles that are not listed stand where they start, as fresh as in the morning.
    """

    now_s: Seconds
    vehicles: tuple[VehicleNow, ...] = ()
    done: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    sent: Mapping[tuple[str, str], int] = field(default_factory=dict)
    lost_drivers: frozenset[str] = frozenset()


MORNING = DayState(0)
