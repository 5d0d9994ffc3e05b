"""The turn list of a leg, in the words of OSRM's maneuvers.

Types and modifiers are those of https://github.com/Project-OSRM/osrm-backend/blob/master/docs/http.md#stepmaneuver-object.
A step begins with its maneuver and lasts until the next one. The steps' milliseconds, those of the turn at their beginning
included, add up to the leg's exactly, and their metres to the leg's before it rounds them.

What goes without saying is not said: going straight on, a bend, a name that lasts for a few metres. What is one maneuver
for a driver is one step: a roundabout with its exit, the slip road of a turn, turning round across a median.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np

from geodata.crossings import NO_NAME, Arm, DrivenWay
from geodata.errors import Text
from geodata.model import Leg, LonLat, RoadPosition
from geodata.roads import Roads

STRAIGHT, AHEAD = 35.0, 50.0
"""Degrees up to which going on is no turn, and up to which another road competes with going straight on."""

BEND, PLAINLY = 60.0, 20.0
"""A road may bend by so many degrees and go on, if no other is nearly as straight: by so many degrees more."""

AROUND = 135.0
"""Two turns to one side that come to more degrees together turn the driver round."""

SLIP_M = 150.0
"""A shorter link between two roads that are no motorways is part of a turn; a longer one is a ramp."""

ONE_TURN_M, MEDIAN_M, STAGGER_M = 15.0, 40.0, 12.0
"""So close together two turns to one side are one, turn the driver round on the same road, or cancel each other out."""

LINGER_M, FLICKER_M = 60.0, 150.0
"""A name that goes on for less is not told; one that gives way to the name before it after less is not told either."""

UNTOLD_START_M = 15.0
"""A first turn after less than this is part of setting out."""

SAME_JUNCTION_M = 25.0
"""Crossings so close together, the two carriageways of a road for instance, are one junction to a driver."""

BESIDE_M, IN_FRONT = 2.0, 30.0
"""A place this near the road is on neither side, and one within so many degrees of straight on lies in front."""

MODIFIERS = ((20.0, "straight"), (60.0, "slight"), (120.0, ""), (170.0, "sharp"), (180.0, "uturn"))
"""Degrees up to which each holds."""

_METRES_PER_DEGREE = 111_195.0


class Maneuver(StrEnum):
    DEPART = "depart"
    TURN = "turn"
    CONTINUE = "continue"
    NEW_NAME = "new name"
    END_OF_ROAD = "end of road"
    FORK = "fork"
    MERGE = "merge"
    ON_RAMP = "on ramp"
    OFF_RAMP = "off ramp"
    ROUNDABOUT = "roundabout"
    ROTARY = "rotary"
    EXIT_ROUNDABOUT = "exit roundabout"
    ARRIVE = "arrive"


TURNS = frozenset({Maneuver.TURN, Maneuver.CONTINUE, Maneuver.END_OF_ROAD})


@dataclass(frozen=True, slots=True)
class Step:
    """A maneuver and the drive that follows it.

    ``modifier``: the direction of the maneuver; at ``arrive`` where the place is, "" if it is not known or on the road.
    ``name``: of the road driven then, "" if it has none. ``exit``: of a roundabout, counted from where one comes to drive
    on it; None of one that is not left. ``rotary``: the roundabout's own name. ``junctions``: how many the drive before came
    to, the maneuver's own included, counting roads of at least the grade of the one turned into. ``bearing``: degrees
    clockwise from north in which the drive begins; at ``arrive`` in which it ends.
    """

    type: Maneuver
    modifier: str
    name: Text
    length_m: float
    ms: int
    location: LonLat
    bearing: float
    junctions: int = 0
    exit: int | None = None
    rotary: Text = NO_NAME


def directions(
    roads: Roads, leg: Leg, origin: RoadPosition, destination: RoadPosition, place: LonLat | None = None
) -> tuple[Step, ...]:
    """The steps of a leg from an origin to a destination, none if it does not move.

    ``place``: where the destination itself is, off the road. Raises ``ValueError`` for arcs that do not follow each other.
    """
    if not leg.ms and not leg.length_m:
        return ()
    way = DrivenWay(roads, leg.arcs, origin, destination)
    cuts = _tell_what_matters(way, [_depart(way), *_every_maneuver(way)])
    ends = [*(cut.at for cut in cuts[1:]), len(way)]
    steps = [_step(way, cut, end) for cut, end in zip(cuts, ends, strict=True)]
    counted = [_junctions(way, before, after) for before, after in pairwise(cuts)]
    numbered = (replace(step, junctions=count) for step, count in zip(steps[1:], counted, strict=True))
    return (steps[0], *numbered, _arrive(way, place))


@dataclass(frozen=True, slots=True)
class _Cut:
    """A maneuver that begins with stretch ``at``. ``onto``: the stretch whose name is told, past a slip road for instance."""

    at: int
    type: Maneuver
    modifier: str
    onto: int
    exit: int | None = None
    rotary: Text = NO_NAME
    name: Text = NO_NAME


def _depart(way: DrivenWay) -> _Cut:
    return _Cut(0, Maneuver.DEPART, "", 0, name=way.seen[0].name)


def _step(way: DrivenWay, cut: _Cut, end: int) -> Step:
    return Step(
        type=cut.type,
        modifier=cut.modifier,
        name=cut.name,
        length_m=sum(way.metres[cut.at : end]),
        ms=sum(way.ms[cut.at : end]),
        location=way.begin(cut.at),
        bearing=way.leaving(cut.onto if cut.type is Maneuver.DEPART else cut.at),
        exit=cut.exit,
        rotary=cut.rotary,
    )


def _junctions(way: DrivenWay, before: _Cut, cut: _Cut) -> int:
    """How many junctions the drive between two maneuvers comes to, that of the second included."""
    count, since_m = 0, np.inf if before.type is Maneuver.DEPART else 0.0
    for number in range(before.onto + 1, cut.at + 1):
        since_m += way.metres[number - 1]
        if number == cut.at or any(arm.road.grade <= way.seen[cut.onto].grade for arm in way.arms(number)):
            count += since_m > SAME_JUNCTION_M
            since_m = 0.0
    return max(count, 1)


def modifier_of(angle: float) -> str:
    """Degrees to the right as one of OSRM's eight modifiers."""
    word = next(word for limit, word in MODIFIERS if abs(angle) <= limit)
    if word in {"straight", "uturn"}:
        return word
    return f"{word} {'right' if angle > 0 else 'left'}".strip()


# --- maneuvers ------------------------------------------------------------------------------------------------------


def _every_maneuver(way: DrivenWay) -> Iterator[_Cut]:
    """Whatever might be told, in order: maneuvers, and between them new names."""
    followed, number = way.seen[0], 1
    while number < len(way):
        cut = _maneuver(way, number)
        if cut is None and not followed.goes_on_as(way.seen[number]):
            cut = _cut(way, number, Maneuver.NEW_NAME, way.angle(number - 1, number))
        if cut is not None:
            yield cut
            followed, number = way.seen[cut.onto], cut.onto
        number += 1


def _cut(way: DrivenWay, at: int, kind: Maneuver, angle: float, onto: int | None = None) -> _Cut:
    onto = at if onto is None else onto
    return _Cut(at, kind, modifier_of(angle), onto, name=way.seen[onto].name)


def _maneuver(way: DrivenWay, number: int) -> _Cut | None:
    before, after = way.seen[number - 1], way.seen[number]
    if before.round or after.round:
        return _on_a_roundabout(way, number)
    if way.edge(number) == way.edge(number - 1):
        return replace(_cut(way, number, Maneuver.CONTINUE, 180.0), modifier="uturn")
    if after.link and not before.link:
        return _onto_a_link(way, number)
    angle = way.angle(number - 1, number)
    if before.link and not after.link and abs(angle) <= STRAIGHT and way.arms(number):
        return _cut(way, number, Maneuver.MERGE, angle)
    return _at_a_junction(way, number)


def _on_a_roundabout(way: DrivenWay, number: int) -> _Cut | None:
    entered = not way.seen[number - 1].round
    if not entered and any(not road.round for road in way.seen[:number]):
        return None
    onto = next((later for later in range(number, len(way)) if not way.seen[later].round), None)
    last = len(way) - 1 if onto is None else onto
    exits = sum(_has_exit(way, passed) for passed in range(number + 1 if entered else 1, last + 1))
    ring = way.seen[number if entered else number - 1].name
    rotary = NO_NAME if ring in {way.seen[number - 1].name if entered else NO_NAME, way.seen[last].name} else ring
    angle = way.angle(number - 1, last)
    if entered:
        kind = Maneuver.ROTARY if rotary.zh else Maneuver.ROUNDABOUT
        return replace(_cut(way, number, kind, angle, last), exit=None if onto is None else exits, rotary=rotary)
    return (
        None if onto is None else replace(_cut(way, onto, Maneuver.EXIT_ROUNDABOUT, angle), exit=exits, rotary=rotary)
    )


def _has_exit(way: DrivenWay, number: int) -> bool:
    """Whether a road leaves the roundabout at the beginning of a stretch."""
    return not way.seen[number].round or any(arm.open and not arm.road.round for arm in way.arms(number))


def _onto_a_link(way: DrivenWay, number: int) -> _Cut | None:
    """A turn by a slip road, or the way onto a ramp."""
    onto = next((later for later in range(number, len(way)) if not way.seen[later].link), None)
    from_grade = way.seen[number - 1].grade
    if onto is not None and from_grade and way.seen[onto].grade and sum(way.metres[number:onto]) <= SLIP_M:
        return _by_a_slip_road(way, number, onto)
    if not any(arm.open for arm in way.arms(number)):
        return None
    kind = Maneuver.OFF_RAMP if from_grade <= 1 else Maneuver.ON_RAMP
    angle = way.angle(number - 1, number)
    return replace(_cut(way, number, kind, angle), modifier=_side_taken(way, number, angle))


def _by_a_slip_road(way: DrivenWay, number: int, onto: int) -> _Cut | None:
    angle = way.angle(number - 1, onto)
    if abs(angle) > STRAIGHT:
        return _cut(way, number, _turn_or_continue(way, number - 1, onto), angle, onto)
    if not any(arm.open for arm in way.arms(number)):
        return None
    first_angle = way.angle(number - 1, number)
    return replace(_cut(way, number, Maneuver.FORK, angle, onto), modifier=_side_taken(way, number, first_angle))


def _side_taken(way: DrivenWay, number: int, angle: float) -> str:
    """Left or right of the straightest other road; plain where the angle is."""
    if abs(angle) > STRAIGHT:
        return modifier_of(angle)
    others = [arm.angle for arm in way.arms(number) if arm.open]
    return "slight right" if angle > min(others, key=abs) else "slight left"


def _turn_or_continue(way: DrivenWay, before: int, after: int) -> Maneuver:
    same_road = way.seen[after].name in {way.seen[before].name} - {NO_NAME}
    return Maneuver.CONTINUE if same_road else Maneuver.TURN


def _at_a_junction(way: DrivenWay, number: int) -> _Cut | None:
    arms, angle = way.arms(number), way.angle(number - 1, number)
    if not arms:
        return None
    kind = _turn_or_continue(way, number - 1, number)
    if abs(angle) <= STRAIGHT:
        rivals = [arm.angle for arm in arms if _rivals(way, number, arm)]
        return replace(_cut(way, number, Maneuver.FORK, angle), modifier=_among(angle, rivals)) if rivals else None
    if _bends(way, number, kind):
        return None
    if kind is Maneuver.TURN and _is_end_of_road(angle, arms):
        kind = Maneuver.END_OF_ROAD
    return _cut(way, number, kind, angle)


def _rivals(way: DrivenWay, number: int, arm: Arm) -> bool:
    """Whether another road might be taken for the one that goes on nearly straight."""
    before, after, angle = way.seen[number - 1], way.seen[number], way.angle(number - 1, number)
    if not arm.open or abs(arm.angle) > AHEAD or (arm.road.link and not after.link):
        return False
    if after.name in {before.name} - {NO_NAME} and arm.road.name != before.name:
        return False
    return abs(arm.angle) - abs(angle) < PLAINLY and arm.road.grade <= after.grade + 1


def _among(angle: float, rivals: Sequence[float]) -> str:
    """The place of a way on among those that compete with it."""
    if min(rivals) < angle < max(rivals):
        return "straight"
    return "slight right" if angle > max(rivals) else "slight left"


def _bends(way: DrivenWay, number: int, kind: Maneuver) -> bool:
    """Whether the road itself bends, and nobody would take another for it."""
    angle, after = abs(way.angle(number - 1, number)), way.seen[number]
    unnamed = way.seen[number - 1].name == after.name == NO_NAME
    if angle > BEND or not (kind is Maneuver.CONTINUE or unnamed):
        return False
    return all(
        abs(arm.angle) >= angle + PLAINLY or arm.road.grade > after.grade for arm in way.arms(number) if arm.open
    )


def _is_end_of_road(angle: float, arms: Sequence[Arm]) -> bool:
    """Nothing goes straight on, and something to the other side."""
    return (
        abs(angle) > AHEAD
        and all(abs(arm.angle) > AHEAD for arm in arms)
        and any(arm.angle * angle < 0 for arm in arms)
    )


# --- what is told ---------------------------------------------------------------------------------------------------


def _tell_what_matters(way: DrivenWay, cuts: Sequence[_Cut]) -> list[_Cut]:
    """Fewer steps for the same way; the first stays the first."""
    for simplify in (_join_turns, _settle_names, _skip_passing_names):
        cuts = _folded(way, cuts, simplify)
    return _set_out(way, cuts)


_Simplify = Callable[[DrivenWay, list[_Cut], _Cut], list[_Cut]]


def _folded(way: DrivenWay, cuts: Sequence[_Cut], simplify: _Simplify) -> list[_Cut]:
    told = [cuts[0]]
    for cut in cuts[1:]:
        told = simplify(way, told, cut)
    return told


def _between_m(way: DrivenWay, before: _Cut, after: _Cut) -> float:
    return sum(way.metres[before.at : after.at])


def _join_turns(way: DrivenWay, told: list[_Cut], cut: _Cut) -> list[_Cut]:
    """Two turns close together as one, or as none; the lane to turn from is part of the turn."""
    *earlier, last = told
    if last.type is Maneuver.FORK and cut.type in TURNS and _same_side(last, cut):
        return [*earlier, replace(cut, at=last.at)] if _between_m(way, last, cut) <= MEDIAN_M else [*told, cut]
    if last.type not in TURNS or cut.type not in TURNS or "uturn" in {last.modifier, cut.modifier}:
        return [*told, cut]
    same_road = cut.name in {way.seen[last.at - 1].name} - {NO_NAME}
    between_m, angle = _between_m(way, last, cut), way.angle(last.at - 1, cut.onto)
    if not _same_side(last, cut):
        if between_m > STAGGER_M or abs(angle) > STRAIGHT:
            return [*told, cut]
        straight_on = replace(cut, at=last.at, type=Maneuver.NEW_NAME, modifier=modifier_of(angle))
        return earlier if same_road or not cut.name.zh else [*earlier, straight_on]
    kind = Maneuver.CONTINUE if same_road else Maneuver.TURN
    if abs(_turned(way, last) + _turned(way, cut)) > AROUND:
        around = replace(cut, at=last.at, type=kind, modifier="uturn")
        return [*earlier, around] if same_road and between_m <= MEDIAN_M else [*told, cut]
    joined = replace(cut, at=last.at, type=kind, modifier=modifier_of(angle))
    passing = last.name in {NO_NAME, way.seen[last.at - 1].name, cut.name}
    return [*earlier, joined] if passing and between_m <= ONE_TURN_M else [*told, cut]


def _same_side(one: _Cut, other: _Cut) -> bool:
    return ("right" in one.modifier) == ("right" in other.modifier)


def _turned(way: DrivenWay, cut: _Cut) -> float:
    return way.angle(cut.at - 1, cut.onto)


def _settle_names(way: DrivenWay, told: list[_Cut], cut: _Cut) -> list[_Cut]:
    """A name that begins a few metres after a maneuver is the name of the road it leads to."""
    *earlier, last = told
    if cut.type is not Maneuver.NEW_NAME or _between_m(way, last, cut) > LINGER_M or last.type is Maneuver.DEPART:
        return [*told, cut]
    return [*earlier, replace(last, name=cut.name)]


def _skip_passing_names(way: DrivenWay, told: list[_Cut], cut: _Cut) -> list[_Cut]:
    """No name for the few metres before a maneuver, nor one after which the earlier name comes back."""
    *earlier, last = told
    if cut.type is Maneuver.NEW_NAME and cut.name == last.name:
        return told
    if last.type is not Maneuver.NEW_NAME:
        return [*told, cut]
    lasts_m = _between_m(way, last, cut)
    if cut.type is Maneuver.NEW_NAME and cut.name == earlier[-1].name and lasts_m <= FLICKER_M:
        return earlier
    return [*earlier, cut] if lasts_m <= LINGER_M else [*told, cut]


def _set_out(way: DrivenWay, cuts: Sequence[_Cut]) -> list[_Cut]:
    """A turn in the first few metres is how one sets out."""
    first, *others = cuts
    if others and others[0].type in TURNS | {Maneuver.NEW_NAME} and _between_m(way, first, others[0]) <= UNTOLD_START_M:
        others[0] = replace(first, onto=others[0].onto, name=others[0].name)
        return others
    return [first, *others]


# --- arriving -------------------------------------------------------------------------------------------------------


def _arrive(way: DrivenWay, place: LonLat | None) -> Step:
    last, foot = len(way) - 1, way.destination.point
    bearing = way.arriving(last)
    where = "" if place is None else _where(foot, place, bearing)
    return Step(Maneuver.ARRIVE, where, way.seen[last].name, 0.0, 0, foot, bearing)


def _where(foot: LonLat, place: LonLat, bearing: float) -> str:
    """Left, right or straight ahead, seen in the direction driven; "" for a place on the road or behind."""
    east = (place.lon - foot.lon) * np.cos(np.radians(foot.lat)) * _METRES_PER_DEGREE
    north = (place.lat - foot.lat) * _METRES_PER_DEGREE
    if np.hypot(east, north) < BESIDE_M:
        return ""
    angle = float((np.degrees(np.arctan2(east, north)) - bearing + 180.0) % 360.0 - 180.0)
    if abs(angle) <= IN_FRONT:
        return "straight"
    return "" if abs(angle) >= 180.0 - IN_FRONT else "right" if angle > 0 else "left"
