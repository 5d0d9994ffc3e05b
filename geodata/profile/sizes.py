"""How large a vehicle is, and the limits a road sets: ``maxheight``, ``maxweight`` and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from types import MappingProxyType

HEAVY_T = 3.5
"""Above it a goods vehicle is a heavy one, and ``hgv`` speaks of it (https://wiki.openstreetmap.org/wiki/Key:hgv)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a vehicle as it drives, laden. ``None``: not known."""

    height_m: float | None = None
    width_m: float | None = None
    length_m: float | None = None
    weight_t: float | None = None
    axle_t: float | None = None
    hazmat: bool = False

    def known_or(self, usual: Size) -> Size:
        """This size, and the usual one where it is not known."""
        return _filled(self, usual)

    @property
    def is_heavy(self) -> bool:
        return self.weight_t is not None and self.weight_t > HEAVY_T


@lru_cache(maxsize=1024)
def _filled(size: Size, usual: Size) -> Size:
    known = {field.name: getattr(size, field.name) for field in fields(size)}
    return Size(**{name: getattr(usual, name) if value is None else value for name, value in known.items()})


UNKNOWN = Size()

_LIMITS = MappingProxyType(
    {
        "height_m": ("maxheight", "maxheight:physical"),
        "width_m": ("maxwidth", "maxwidth:physical"),
        "length_m": ("maxlength",),
        "weight_t": ("maxweight", "maxweightrating"),
        "axle_t": ("maxaxleload",),
    }
)
"""Keys that limit each dimension."""

_PREFIX = "max"
"""Of all of them; most roads have no such key."""


def fits(tags: Mapping[str, str], direction: str, modes: tuple[str, ...], size: Size) -> bool:
    """Whether no limit in this direction is below the vehicle's size. A limit just met is kept.

    https://wiki.openstreetmap.org/wiki/Key:maxheight and its siblings. A key with one of the vehicle's modes
    ("maxweight:hgv") stands before the general one, one with the direction before one without.
    """
    if not any(tag.startswith(_PREFIX) for tag in tags):
        return True
    return all(
        (own := getattr(size, dimension)) is None or own <= _limit(tags, key, direction, modes)
        for dimension, keys in _LIMITS.items()
        for key in keys
    )


def _limit(tags: Mapping[str, str], key: str, direction: str, modes: tuple[str, ...]) -> float:
    for general in (*(f"{key}:{mode}" for mode in modes), key):
        for spelled in (f"{general}:{direction}", general):
            if spelled in tags:
                return min(figures(tags[spelled]), default=float("inf"))
    return float("inf")


_UNITS = MappingProxyType(
    {
        "": 1.0,
        "m": 1.0,
        "cm": 0.01,
        "mm": 0.001,
        "t": 1.0,
        "kg": 0.001,
        "lbs": 0.00045359237,
        "lb": 0.00045359237,
        "st": 0.90718474,
        "lt": 1.0160469088,
        "cwt": 0.0508023454,
    }
)
"""In metres or tonnes. "st" and "lt" are the short and the long ton, "cwt" is a twentieth of the latter."""

_INCH_M = 0.0254
_FIGURE = re.compile(r"(?P<figure>\d{1,6}(?:[.,]\d{1,3})?)\s*(?P<unit>[a-z]*)")
_FEET = re.compile(r"(?P<feet>\d{1,3})\s*(?:'|ft|feet)\s*(?P<inches>\d{1,2}(?:\.\d{1,2})?)?\s*(?:\"|''|in|inches)?")


def figures(text: str) -> Iterator[float]:
    """Limits in metres or tonnes; "default", "none", "unsigned" and nonsense set no limit of their own."""
    for value in text.lower().split(";"):
        figure = _feet(value.strip()) or _plain(value.strip())
        if figure:
            yield figure


def _feet(value: str) -> float | None:
    found = _FEET.fullmatch(value)
    if not found:
        return None
    return (int(found["feet"]) * 12 + float(found["inches"] or 0)) * _INCH_M


def _plain(value: str) -> float | None:
    found = _FIGURE.fullmatch(value)
    if not found or found["unit"] not in _UNITS:
        return None
    return float(found["figure"].replace(",", ".")) * _UNITS[found["unit"]]
