"""Ways to spoil a good schedule. Each says which rule breaks, and whom that concerns; None where there is nothing to spoil."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

from routing.handoffs.model import (
    ALWAYS,
    BaySlot,
    CollectionSlot,
    CrewTask,
    DoorRound,
    HandoffInput,
    Handoffs,
    Lack,
    SiteInput,
    Work,
)


class Spoiled(NamedTuple):
    handoffs: Handoffs
    rule: str
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    given: HandoffInput
    good: Handoffs
    chance: random.Random

    def site(self, name: str) -> SiteInput:
        return next(site for site in self.given.sites if site.id == name)

    def site_of(self, stop: str) -> SiteInput:
        return self.site(next(each.site for each in self.given.arrivals if each.stop == stop))

    def pick(self, options: Iterable[Any]) -> Any:
        """One of them at random; None if there are none."""
        there = list(options)
        return self.chance.choice(there) if there else None

    def neighbours(self) -> list[tuple[BaySlot, BaySlot]]:
        """Two stops at one bay, one straight after the other."""
        bays = sorted(self.good.bays, key=lambda slot: (slot.owner, slot.bay, slot.taken_s))
        return [pair for pair in pairwise(bays) if pair[0][1:3] == pair[1][1:3]]


def _with(items: Sequence[Any], old: Any, *new: Any) -> tuple[Any, ...]:
    place = items.index(old)
    return (*items[:place], *new, *items[place + 1 :])


def _spoiled(case: Case, rule: str, subjects: Iterable[str], **members: Any) -> Spoiled:
    return Spoiled(replace(case.good, **members), rule, frozenset(subjects))


def _moved(slot: BaySlot, by_s: int) -> BaySlot:
    return slot._replace(
        taken_s=slot.taken_s + by_s, freed_s=slot.freed_s + by_s, disinfected_s=slot.disinfected_s + by_s
    )


def _bay(case: Case, old: BaySlot, new: BaySlot) -> Spoiled:
    return _spoiled(case, "BAY", [old.stop], bays=_with(case.good.bays, old, new))


def two_vehicles_in_a_bay(case: Case) -> Spoiled | None:
    pair = case.pick(case.neighbours())
    if pair is None:
        return None
    one, other = pair
    spoiled = _bay(case, other, _moved(other, one.taken_s - other.taken_s))
    return spoiled._replace(subjects=frozenset({one.stop, other.stop}))


def gap_a_second_short(case: Case) -> Spoiled | None:
    pair = case.pick(case.neighbours())
    if pair is None:
        return None
    one, other = pair
    return _bay(case, other, _moved(other, one.disinfected_s - 1 - other.taken_s))


def bay_that_is_not_there(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.bays)
    return slot and _bay(case, slot, slot._replace(bay=slot.bay + 7))


def bay_of_another_access_point(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.bays)
    return slot and _bay(case, slot, slot._replace(owner="elsewhere"))


def unloaded_too_quickly(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.bays)
    return slot and _bay(case, slot, slot._replace(freed_s=slot.freed_s - 1))


def begins_before_it_arrives(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.bays)
    return slot and _bay(case, slot, slot._replace(arrival_s=slot.taken_s + 1))


def arrives_before_it_can(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.bays)
    return slot and _bay(case, slot, slot._replace(arrival_s=slot.arrival_s - 1))


def stop_without_a_bay(case: Case) -> Spoiled | None:
    listed = {each.stop for each in case.good.unmet if each.lack is Lack.CREW}
    slot = case.pick(slot for slot in case.good.bays if slot.stop not in listed)
    if slot is None:
        return None
    tasks = tuple(task for task in case.good.tasks if task.stop != slot.stop)
    return _spoiled(case, "BAY", [slot.stop], bays=_with(case.good.bays, slot), tasks=tasks)


def lateness_kept_quiet(case: Case) -> Spoiled | None:
    unmet = case.pick(each for each in case.good.unmet if each.lack is Lack.LATE)
    return unmet and _spoiled(case, "BAY", [unmet.stop], unmet=_with(case.good.unmet, unmet))


def _task(case: Case, old: CrewTask, new: CrewTask, rule: str, subject: str) -> Spoiled:
    return _spoiled(case, rule, [subject], tasks=_with(case.good.tasks, old, new))


def crew_in_two_places(case: Case) -> Spoiled | None:
    tasks = sorted(case.good.tasks, key=lambda task: (task.crew, task.start_s))
    pairs = [(one, other) for one, other in pairwise(tasks) if one.crew == other.crew and one.end_s > one.start_s]
    pair = case.pick(pairs)
    if pair is None:
        return None
    one, other = pair
    length_s = other.end_s - other.start_s
    start_s = one.end_s - 1
    return _task(case, other, other._replace(start_s=start_s, end_s=start_s + length_s), "CONTACT", one.crew)


def crew_after_hours(case: Case) -> Spoiled | None:
    task = case.pick(case.good.tasks)
    by_s = ALWAYS.close_s
    return task and _task(
        case, task, task._replace(start_s=task.start_s + by_s, end_s=task.end_s + by_s), "CONTACT", task.crew
    )


def two_crews_at_a_bay(case: Case) -> Spoiled | None:
    task = case.pick(task for task in case.good.tasks if task.work in (Work.UNLOAD, Work.PICK_UP))
    return task and _spoiled(case, "CONTACT", [task.stop], tasks=_with(case.good.tasks, task, task, task))


def crew_not_there_with_the_vehicle(case: Case) -> Spoiled | None:
    task = case.pick(task for task in case.good.tasks if task.work is Work.UNLOAD)
    return task and _task(
        case, task, task._replace(start_s=task.start_s + 1, end_s=task.end_s + 1), "CONTACT", task.stop
    )


def crew_comes_before_the_cold_gap_is_over(case: Case) -> Spoiled | None:
    task = case.pick(task for task in case.good.tasks if task.work is Work.PICK_UP)
    if task is None:
        return None
    slot = next(slot for slot in case.good.bays if slot.stop == task.stop)
    early = task._replace(start_s=slot.disinfected_s - 1, end_s=slot.disinfected_s - 1 + task.end_s - task.start_s)
    return _task(case, task, early, "CONTACT", task.stop)


def crew_that_does_not_receive_there(case: Case) -> Spoiled | None:
    task = case.pick(case.good.tasks)
    return task and _task(case, task, task._replace(crew="stranger"), "CONTACT", "stranger")


def sorted_too_quickly(case: Case) -> Spoiled | None:
    task = case.pick(task for task in case.good.tasks if task.work in (Work.SORT, Work.CARRY_IN))
    return task and _task(case, task, task._replace(end_s=task.end_s - 1), "COLLECT", task.stop)


def sorted_before_it_is_unloaded(case: Case) -> Spoiled | None:
    task = case.pick(task for task in case.good.tasks if task.work in (Work.SORT, Work.CARRY_IN))
    if task is None:
        return None
    at_bay = next(
        each for each in case.good.tasks if each.stop == task.stop and each.work in (Work.UNLOAD, Work.PICK_UP)
    )
    early = task._replace(start_s=at_bay.end_s - 1, end_s=at_bay.end_s - 1 + task.end_s - task.start_s)
    return _task(case, task, early, "COLLECT", task.stop)


def _slot(case: Case, old: CollectionSlot, new: CollectionSlot, rule: str = "COLLECT") -> Spoiled:
    return _spoiled(case, rule, [old.site], slots=_with(case.good.slots, old, new))


def _at(slot: CollectionSlot, start_s: int) -> CollectionSlot:
    return slot._replace(start_s=start_s, end_s=start_s + slot.end_s - slot.start_s)


def group_before_its_goods(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    if slot is None:
        return None
    first_s = min(task.end_s for task in case.good.tasks if task.site == slot.site and task.work is Work.SORT)
    return _slot(case, slot, _at(slot, first_s - 1))


def lane_over_capacity(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    if slot is None:
        return None
    lanes = case.site(slot.site).lanes
    part = slot.parts[0]._replace(households=lanes.per_slot + 1 - slot.households + slot.parts[0].households)
    return _slot(case, slot, slot._replace(parts=(part, *slot.parts[1:])))


def too_many_called_at_once(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    return slot and _slot(case, slot, slot._replace(at_once=case.site(slot.site).lanes.at_once + 1))


def two_groups_in_a_lane(case: Case) -> Spoiled | None:
    slots = sorted(case.good.slots, key=lambda slot: (slot.site, slot.lane, slot.start_s))
    pair = case.pick(pair for pair in pairwise(slots) if (pair[0].site, pair[0].lane) == (pair[1].site, pair[1].lane))
    return pair and _slot(case, pair[1], _at(pair[1], pair[0].end_s - 1), "CONTACT")


def after_closing(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    return slot and _slot(case, slot, _at(slot, case.site(slot.site).hours.close_s - 60))


def in_quiet_hours(case: Case) -> Spoiled | None:
    slot = case.pick(slot for slot in case.good.slots if case.site(slot.site).quiet)
    return slot and _slot(case, slot, _at(slot, case.site(slot.site).quiet[0].close_s - 60))


def lane_that_is_not_there(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    return slot and _slot(case, slot, slot._replace(lane=case.site(slot.site).lanes.count + 1))


def slot_of_another_length(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    return slot and _slot(case, slot, slot._replace(end_s=slot.end_s - 60))


def households_forgotten(case: Case) -> Spoiled | None:
    slot = case.pick(case.good.slots)
    return slot and _spoiled(case, "COLLECT", [slot.site], slots=_with(case.good.slots, slot))


def zone_levels_mixed(case: Case) -> Spoiled | None:
    slot = case.pick(slot for slot in case.good.slots if len({group.zone for group in case.site(slot.site).groups}) > 1)
    if slot is None:
        return None
    groups = case.site(slot.site).groups
    level = next(group.zone for group in groups if group.building == slot.parts[0].building)
    stranger = next(group for group in groups if group.zone != level)
    part = slot.parts[0]._replace(building=stranger.building, units=stranger.units, households=1)
    return _slot(case, slot, slot._replace(parts=(*slot.parts, part)))


def building_torn_apart(case: Case) -> Spoiled | None:
    slots = sorted(case.good.slots, key=lambda slot: (slot.site, slot.trip, slot.group, slot.start_s))
    pairs = [
        pair
        for pair in pairwise(slots)
        if (pair[0].site, pair[0].trip, pair[0].group) == (pair[1].site, pair[1].trip, pair[1].group)
    ]
    pairs = [pair for pair in pairs if pair[0].parts[-1].building == pair[1].parts[0].building]
    pair = case.pick(pairs)
    return pair and _slot(case, pair[1], _at(pair[1], pair[1].start_s + 60))


def _round(case: Case, old: DoorRound, new: DoorRound, rule: str, subject: str) -> Spoiled:
    return _spoiled(case, rule, [subject], rounds=_with(case.good.rounds, old, new))


def at_the_door_while_it_opens(case: Case) -> Spoiled | None:
    each = case.pick(case.good.rounds)
    if each is None:
        return None
    call = case.pick(each.calls)
    calls = _with(each.calls, call, call._replace(opens_s=call.left_s - 1))
    return _round(case, each, each._replace(calls=calls), "CONTACT", each.volunteer)


def vulnerable_last(case: Case) -> Spoiled | None:
    rounds = [each for each in case.good.rounds if {call.vulnerable for call in each.calls} == {True, False}]
    each = case.pick(rounds)
    if each is None:
        return None
    who = [(call.group, call.door, call.vulnerable) for call in reversed(each.calls)]
    calls = tuple(
        call._replace(group=group, door=door, vulnerable=vulnerable)
        for call, (group, door, vulnerable) in zip(each.calls, who, strict=True)
    )
    return _round(case, each, each._replace(calls=calls), "COLLECT", each.volunteer)


def _round_at(each: DoorRound, start_s: int) -> DoorRound:
    by_s = start_s - each.start_s
    calls = tuple(
        call._replace(at_s=call.at_s + by_s, left_s=call.left_s + by_s, opens_s=call.opens_s + by_s)
        for call in each.calls
    )
    return each._replace(start_s=start_s, calls=calls, back_s=each.back_s + by_s)


def volunteer_out_twice(case: Case) -> Spoiled | None:
    rounds = sorted(case.good.rounds, key=lambda each: (each.volunteer, each.start_s))
    pair = case.pick(pair for pair in pairwise(rounds) if pair[0].volunteer == pair[1].volunteer)
    return pair and _round(case, pair[1], _round_at(pair[1], pair[0].back_s - 1), "CONTACT", pair[1].volunteer)


def two_take_parcels_up_together(case: Case) -> Spoiled | None:
    rounds = sorted(case.good.rounds, key=lambda each: (each.site, each.start_s))
    pair = case.pick(pair for pair in pairwise(rounds) if pair[0].site == pair[1].site)
    return pair and _round(case, pair[1], _round_at(pair[1], pair[0].start_s + 1), "CONTACT", pair[1].site)


def door_left_out(case: Case) -> Spoiled | None:
    each = case.pick(each for each in case.good.rounds if len(each.calls) > 1)
    return each and _round(case, each, each._replace(calls=each.calls[:-1]), "COLLECT", each.site)


def walks_too_fast(case: Case) -> Spoiled | None:
    each = case.pick(case.good.rounds)
    return each and _round(case, each, each._replace(back_s=each.back_s - 1), "CONTACT", each.volunteer)


def volunteer_after_hours(case: Case) -> Spoiled | None:
    each = case.pick(case.good.rounds)
    if each is None:
        return None
    close_s = next(volunteer.hours.close_s for volunteer in case.given.volunteers if volunteer.id == each.volunteer)
    return _round(case, each, _round_at(each, close_s - 1), "CONTACT", each.volunteer)


def round_before_its_goods(case: Case) -> Spoiled | None:
    each = case.pick(case.good.rounds)
    if each is None:
        return None
    first_s = min(task.end_s for task in case.good.tasks if task.site == each.site and task.work is Work.SORT)
    return _round(case, each, _round_at(each, first_s - 1), "COLLECT", each.site)


def round_too_large(case: Case) -> Spoiled | None:
    each = case.pick(case.good.rounds)
    if each is None:
        return None
    calls = each.calls * (1 + case.site(each.site).per_round)
    return _round(case, each, each._replace(calls=calls), "COLLECT", each.volunteer)


def mean_that_does_not_add_up(case: Case) -> Spoiled | None:
    figures = case.good.figures
    if figures.mean_s is None:
        return None
    return _spoiled(case, "TOTALS", ["mean_s"], figures=figures._replace(mean_s=figures.mean_s - 1))


def cost_that_does_not_add_up(case: Case) -> Spoiled | None:
    worth = case.good.figures.worth._replace(cost=case.good.figures.worth.cost - 1)
    return _spoiled(case, "TOTALS", ["cost"], figures=case.good.figures._replace(worth=worth))


CORRUPTIONS: tuple[Callable[[Case], Spoiled | None], ...] = (
    two_vehicles_in_a_bay,
    gap_a_second_short,
    bay_that_is_not_there,
    bay_of_another_access_point,
    unloaded_too_quickly,
    begins_before_it_arrives,
    arrives_before_it_can,
    stop_without_a_bay,
    lateness_kept_quiet,
    crew_in_two_places,
    crew_after_hours,
    two_crews_at_a_bay,
    crew_not_there_with_the_vehicle,
    crew_comes_before_the_cold_gap_is_over,
    crew_that_does_not_receive_there,
    sorted_too_quickly,
    sorted_before_it_is_unloaded,
    group_before_its_goods,
    lane_over_capacity,
    too_many_called_at_once,
    two_groups_in_a_lane,
    after_closing,
    in_quiet_hours,
    lane_that_is_not_there,
    slot_of_another_length,
    households_forgotten,
    zone_levels_mixed,
    building_torn_apart,
    at_the_door_while_it_opens,
    vulnerable_last,
    volunteer_out_twice,
    two_take_parcels_up_together,
    door_left_out,
    walks_too_fast,
    volunteer_after_hours,
    round_before_its_goods,
    round_too_large,
    mean_that_does_not_add_up,
    cost_that_does_not_add_up,
)
