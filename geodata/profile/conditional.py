"""Tags under a condition, ``key:conditional=value @ (condition); ...``, made into the plain tags of a road user's time.

https://wiki.openstreetmap.org/wiki/Conditional_restrictions. A stretch of time in which conditions change gives several
sets of plain tags; so does a condition of which nothing is known. What any of them forbids is forbidden, so that a
prohibition binds if it is in force at any time, and a permission counts if it holds throughout.

The one home of ``opening-hours-py``, which knows the syntax, sunrise, and the holidays of the country around a place.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from geodata.model import LonLat
from geodata.profile.road_users import RoadUser
from geodata.profile.sizes import figures

if TYPE_CHECKING:
    from opening_hours import OpeningHours

SUFFIX = ":conditional"

Holds = Mapping[str, bool]
"""Of each condition, whether it holds."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under which conditions are judged. ``business``: goods to bring to a place right here."""

    user: RoadUser
    place: LonLat
    business: bool = False


def is_conditional(tags: Mapping[str, str]) -> bool:
    return "opening_hours" in tags or any(key.endswith(SUFFIX) for key in tags)


def plain_tags(tags: Mapping[str, str], here: Circumstances) -> list[dict[str, str]]:
    """Every set of tags without conditions that may be the valid one at some time of the road user's span."""
    if not is_conditional(tags):
        return [dict(tags)]
    rules = {key.removesuffix(SUFFIX): list(_rules(tags[key])) for key in tags if key.endswith(SUFFIX)}
    conditions = {one for listed in rules.values() for rule in listed for one in rule.conditions}
    conditions |= {tags["opening_hours"]} if _has_hours(tags) else set()
    plain = {key: value for key, value in tags.items() if not key.endswith(SUFFIX)}
    found = [_resolved(plain, rules, world) for world in _worlds(sorted(conditions), here)]
    return [tags for index, tags in enumerate(found) if tags not in found[:index]]


def _has_hours(tags: Mapping[str, str]) -> bool:
    """Opening hours of a barrier say when it can be passed; those of a road may be a shop's."""
    return "barrier" in tags and "opening_hours" in tags


def _resolved(plain: Mapping[str, str], rules: Mapping[str, list[_Rule]], holds: Holds) -> dict[str, str]:
    """Of the rules for one key that hold, the last one is valid."""
    tags = dict(plain)
    for key, listed in rules.items():
        for rule in listed:
            if all(holds[condition] for condition in rule.conditions):
                tags[key] = rule.value
    if _has_hours(tags) and not holds[tags["opening_hours"]]:
        tags["locked"] = "yes"
    return tags


# --- syntax -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    value: str
    conditions: tuple[str, ...]


_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)


def _rules(text: str) -> Iterator[_Rule]:
    for part in _outside_brackets(text):
        value, at, condition = part.partition("@")
        if at and value.strip():
            stripped = condition.strip().removeprefix("(").removesuffix(")")
            yield _Rule(value.strip(), tuple(one.strip(" ()") for one in _AND.split(stripped)))


def _outside_brackets(text: str) -> Iterator[str]:
    """The parts between semicolons that are not within brackets."""
    start = depth = 0
    for index, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == ";" and depth <= 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


# --- what holds when --------------------------------------------------------------------------------------------


def _worlds(conditions: list[str], here: Circumstances) -> Iterator[Holds]:
    """What holds at each moment of change; what is not known holds never, alone, and all of it together."""
    hours = {one: known for one in conditions if (known := _opening_hours(one, here.place)) is not None}
    for moment in _moments(hours.values(), here.user):
        verdicts = {one: hours[one].at(moment) if one in hours else _without_time(one, here) for one in conditions}
        unknown = [one for one, verdict in verdicts.items() if verdict is None]
        yield from (
            {one: _settled(verdict, one in true) for one, verdict in verdicts.items()} for true in _some(unknown)
        )


def _settled(verdict: bool | None, otherwise: bool) -> bool:  # noqa: FBT001
    return otherwise if verdict is None else verdict


def _some(unknown: list[str]) -> list[list[str]]:
    return [[], *([one] for one in unknown), *([unknown] if len(unknown) > 1 else [])]


def _moments(hours: Iterable[_Hours], user: RoadUser) -> list[datetime | None]:
    """Begin, end, and when some opening hours change in between; one unknown moment if there is no span."""
    span = user.span
    if span is None:
        return [None]
    changes = {change for known in hours for change in known.changes(span.begin, span.end)}
    return [span.begin, *sorted(changes), span.end]


@dataclass(frozen=True, slots=True)
class _Hours:
    parsed: OpeningHours

    def at(self, moment: datetime | None) -> bool | None:
        if moment is None:
            return True if str(self.parsed.normalize()) == "24/7" else None
        return None if self.parsed.is_unknown(moment) else self.parsed.is_open(moment)

    def changes(self, begin: datetime, end: datetime) -> list[datetime]:
        return [start for start, _, _, _ in self.parsed.intervals(begin, end)] if begin < end else []


@lru_cache(maxsize=4096)
def _opening_hours(condition: str, place: LonLat) -> _Hours | None:
    """Nothing for what is no opening hours. Times are those of the clocks at the place."""
    if _is_without_time(condition):
        return None
    from opening_hours import OpeningHours, validate

    return _Hours(OpeningHours(condition, coords=(place.lat, place.lon))) if validate(condition) else None


_PURPOSES = frozenset({"destination", "delivery", "customers", "residents", "private", "loading", "permit"})
_BUSINESS = frozenset({"destination", "delivery", "customers", "private", "loading", "residents"})
_MODES = frozenset(
    {
        *("vehicle", "motor_vehicle", "motorcar", "goods", "hgv", "tricycle", "foot", "bicycle", "psv", "bus", "taxi"),
        *(
            "motorcycle",
            "moped",
            "mofa",
            "emergency",
            "agricultural",
            "forestry",
            "hov",
            "coach",
            "tourist_bus",
            "caravan",
        ),
        *("trailer", "motorhome", "hgv_articulated", "disabled", "military"),
    }
)
_COMPARED = MappingProxyType(
    {
        "weight": "weight_t",
        "weightrating": "weight_t",
        "maxweight": "weight_t",
        "axleload": "axle_t",
        "length": "length_m",
        "width": "width_m",
        "height": "height_m",
    }
)
_SIGNS = MappingProxyType({"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq})
_COMPARISON = re.compile(r"(?P<what>[a-z]+)\s*(?P<sign><=|>=|<|>|=)\s*(?P<figure>.+)")


def _is_without_time(condition: str) -> bool:
    return condition in _MODES | _PURPOSES | {"hazmat"} or _COMPARISON.fullmatch(condition) is not None


def _without_time(condition: str, here: Circumstances) -> bool | None:
    """Whether a condition on vehicle or purpose holds; nothing where that is not known (weather, number of people)."""
    if condition in _MODES:
        return condition in here.user.modes
    if condition in _PURPOSES:
        return here.business and condition in _BUSINESS
    if condition == "hazmat":
        return here.user.full_size.hazmat
    return _compared(condition, here.user)


def _compared(condition: str, user: RoadUser) -> bool | None:
    found = _COMPARISON.fullmatch(condition)
    if not found or found["what"] not in _COMPARED:
        return None
    own = getattr(user.full_size, _COMPARED[found["what"]])
    figure = next(figures(found["figure"]), None)
    return None if own is None or figure is None else _SIGNS[found["sign"]](own, figure)
