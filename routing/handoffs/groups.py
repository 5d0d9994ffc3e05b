"""Who collects together: groups from a list or a bare number of households, and the slots of a lane they fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from routing.handoffs.model import Group, Lanes, SiteInput, SlotPart


class SlotGroup(NamedTuple):
    """Takes as many consecutive slots of one lane as it has ``slots``: who is called in each."""

    number: int
    slots: tuple[tuple[SlotPart, ...], ...]

    @property
    def buildings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.building for slot in self.slots for part in slot))

    @property
    def households(self) -> int:
        return sum(part.households for slot in self.slots for part in slot)

    @property
    def in_last_slot(self) -> int:
        return sum(part.households for part in self.slots[-1])

    def length_s(self, lanes: Lanes) -> int:
        return len(self.slots) * lanes.slot_s


def estimated_groups(households: int, vulnerable: int = 0, *, lanes: Lanes | None = None) -> tuple[Group, ...]:
    """Where only a number is known: groups of a slot's size, the vulnerable spread from the first on; marked so."""
    size = (lanes or Lanes()).per_slot
    sizes = [min(size, households - done) for done in range(0, households, size)]
    share, over = divmod(vulnerable, len(sizes)) if sizes else (0, 0)
    wanted = [share + (number < over) for number in range(len(sizes))]
    fits = [min(count, of) for count, of in zip(wanted, sizes, strict=True)]
    left = vulnerable - sum(fits)
    groups = []
    for number, (count, of) in enumerate(zip(fits, sizes, strict=True), start=1):
        more = min(left, of - count)
        left -= more
        groups.append(Group(f"G{number}", of, vulnerable=count + more, estimated=True))
    return tuple(groups)


def slot_groups(site: SiteInput) -> tuple[SlotGroup, ...]:
    """Buildings in their order, whole; neighbours of one zone level are joined until the slot is full.

    A building larger than a slot takes consecutive ones, by units where each of them fits a slot, else by number.
    """
    made: list[tuple[tuple[SlotPart, ...], ...]] = []
    for building in _buildings(site):
        parts = tuple(_part(site, group) for group in building)
        size = _size(parts)
        if size > site.lanes.per_slot:
            made.append(tuple(_split(parts, site.lanes.per_slot)))
        elif made and _joins(site, made[-1], building[0], size):
            made[-1] = ((*made[-1][0], *parts),)
        else:
            made.append((parts,))
    return tuple(SlotGroup(number, slots) for number, slots in enumerate(made, start=1))


def _buildings(site: SiteInput) -> Iterator[tuple[Group, ...]]:
    """Those with anybody who collects; groups of one building stand together, at its first one's place."""
    order = {name: place for place, name in enumerate(dict.fromkeys(group.building for group in site.groups))}
    who = sorted((group for group in site.groups if site.collecting(group)), key=lambda group: order[group.building])
    for _, groups in groupby(who, key=lambda group: group.building):
        yield tuple(groups)


def _part(site: SiteInput, group: Group) -> SlotPart:
    return SlotPart(group.building, group.units, site.collecting(group))


def _size(parts: Iterable[SlotPart]) -> int:
    return sum(part.households for part in parts)


def _joins(site: SiteInput, slots: Sequence[tuple[SlotPart, ...]], group: Group, size: int) -> bool:
    if len(slots) > 1 or _size(slots[0]) + size > site.lanes.per_slot:
        return False
    last = slots[0][-1].building
    return next(other.zone for other in site.groups if other.building == last) == group.zone


def _split(parts: Sequence[SlotPart], most: int) -> Iterator[tuple[SlotPart, ...]]:
    if all(part.households <= most for part in parts):
        yield from _by_unit(parts, most)
    else:
        yield from _by_number(parts, most)


def _by_unit(parts: Sequence[SlotPart], most: int) -> Iterator[tuple[SlotPart, ...]]:
    slot: list[SlotPart] = []
    for part in parts:
        if slot and _size(slot) + part.households > most:
            yield tuple(slot)
            slot = []
        slot.append(part)
    yield tuple(slot)


def _by_number(parts: Sequence[SlotPart], most: int) -> Iterator[tuple[SlotPart, ...]]:
    slot: list[SlotPart] = []
    for part in parts:
        left = part.households
        while left:
            taken = min(left, most - _size(slot))
            slot.append(part._replace(households=taken))
            left -= taken
            if _size(slot) == most:
                yield tuple(slot)
                slot = []
    if slot:
        yield tuple(slot)
