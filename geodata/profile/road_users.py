"""Who is on the road: a kind, its size, when it drives, and how much slower the hour is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from geodata.profile.hourly_factors import HourlyFactors
from geodata.profile.kinds import VAN, Profile
from geodata.profile.sizes import UNKNOWN, Size


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` to ``end``, both aware; what forbids at any time within it forbids for all of it."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RoadUser:
    """``span``: where nothing is known of the time, rules with a condition count where they forbid, never where they
    permit. ``hour``: 0 to 23, chooses among ``factors``. ``ferries``: whether a ferry may be taken at all."""

    profile: Profile = VAN
    size: Size = UNKNOWN
    span: Span | None = None
    factors: HourlyFactors | None = None
    hour: int | None = None
    ferries: bool = False

    @property
    def full_size(self) -> Size:
        return self.size.known_or(self.profile.size)

    @property
    def chain(self) -> tuple[str, ...]:
        """Access keys, the most specific first."""
        return self.profile.chain(self.full_size)

    @property
    def modes(self) -> tuple[str, ...]:
        """Access keys that do not speak of everybody."""
        return self.chain[:-1]

    def factor(self, road_class: str) -> float:
        """What the hour multiplies the times of a class with."""
        return 1.0 if self.factors is None or self.hour is None else self.factors.of(road_class, self.hour)
