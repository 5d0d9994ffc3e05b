"""How much slower each class of road is at each hour of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geodata.tags import ROADS

ANY_CLASS = "*"
FACTOR_CLASSES = ROADS | {"ferry", ANY_CLASS}
"""What a factor may be given for: a value of ``highway``, ferries, and whatever has none of its own."""


@dataclass(frozen=True, slots=True)
class HourlyFactors:
    """Factors of the time by class (one of ``FACTOR_CLASSES``) and hour (0 to 23)."""

    by_class_and_hour: Mapping[tuple[str, int], float]

    def of(self, road_class: str, hour: int) -> float:
        """The class's own factor, else that of any class, else 1."""
        own = self.by_class_and_hour.get((road_class, hour))
        return self.by_class_and_hour.get((ANY_CLASS, hour), 1.0) if own is None else own

    def like(self, hour: int) -> int:
        """The first hour of the day in which every class is as slow as in this one."""
        classes = sorted({road_class for road_class, _ in self.by_class_and_hour} | {ANY_CLASS})
        wanted = [self.of(each, hour) for each in classes]
        return next(other for other in range(24) if [self.of(each, other) for each in classes] == wanted)
