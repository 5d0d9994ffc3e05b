"""The independent judge of handoffs: BAY, CONTACT, COLLECT and TOTALS, from the input and the schedule alone.

Shares no code with the scheduling. Every violation names its rule and whom it concerns.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from geodata.errors import Text
from routing.handoffs.model import (
    POLICIES,
    Arrival,
    BaySlot,
    CollectionSlot,
    CrewTask,
    DoorCall,
    DoorRound,
    Group,
    HandoffInput,
    Handoffs,
    Lack,
    Mode,
    SiteInput,
    Work,
)
from routing.model import Violation

EARTH_M = 6_371_000.0


def check_handoffs(given: HandoffInput, handoffs: Handoffs) -> tuple[Violation, ...]:
    """Every violation, empty when the schedule is good. What is listed as unmet need not be there, but nothing else may lack."""
    judge = _Judge(given, handoffs)
    found = list(judge.unknown())
    if found:
        return tuple(found)
    found += judge.bays()
    found += judge.waits()
    found += judge.crews()
    found += judge.lanes()
    found += judge.shares()
    found += judge.volunteers()
    found += judge.doors()
    found += judge.totals()
    return tuple(found)


def _broken(rule: str, subject: str, zh: str, en: str) -> Violation:
    return Violation(rule, Text(f"{subject}：{zh}", f"{subject} {en}"), subject=subject)


class _Judge:
    def __init__(self, given: HandoffInput, handoffs: Handoffs) -> None:
        self._given, self._handoffs = given, handoffs
        self._sites = {site.id: site for site in given.sites}
        self._owners = {owner.id: owner for owner in given.owners}
        self._crews = {crew.id: crew for crew in given.crews}
        self._volunteers = {volunteer.id: volunteer for volunteer in given.volunteers}
        self._arrivals = {arrival.stop: arrival for arrival in given.arrivals}
        self._groups = {(site.id, group.name): group for site in given.sites for group in site.groups}
        self._arrivals_at: dict[str, list[Arrival]] = defaultdict(list)
        for arrival in given.arrivals:
            self._arrivals_at[arrival.site].append(arrival)
        self._bays = {slot.stop: slot for slot in handoffs.bays}
        self._at_bay = {task.stop: task for task in handoffs.tasks if task.work in (Work.UNLOAD, Work.PICK_UP)}
        self._slots_at: dict[str, list[CollectionSlot]] = defaultdict(list)
        for slot in handoffs.slots:
            self._slots_at[slot.site].append(slot)
        self._rounds_at: dict[str, list[DoorRound]] = defaultdict(list)
        for each in handoffs.rounds:
            self._rounds_at[each.site].append(each)
        self._carried_at: dict[str, list[int]] = defaultdict(list)
        for task in handoffs.tasks:
            if task.work is Work.CARRY_IN:
                self._carried_at[task.site].append(task.end_s)
        self._sorted_s = {task.stop: task.end_s for task in handoffs.tasks if task.work in (Work.SORT, Work.CARRY_IN)}

    # --- what there is ---

    def unknown(self) -> Iterator[Violation]:
        """Names that are not in the input."""
        stops = Counter(slot.stop for slot in self._handoffs.bays)
        for stop, times in stops.items():
            if stop not in self._arrivals:
                yield _broken("BAY", stop, "计划中没有这次停靠", "is no stop of the plan")
            elif times > 1:
                yield _broken("BAY", stop, f"占用 {times} 次卸货位", f"takes a bay {times} times")
        for task in self._handoffs.tasks:
            if task.stop not in self._arrivals or self._arrivals[task.stop].site != task.site:
                yield _broken("CONTACT", task.stop, "接收组任务不属于这次停靠", "is no stop of the crew's site")
            elif task.crew not in self._sites[task.site].crews:
                yield _broken(
                    "CONTACT", task.crew, f"不是点位 {task.site} 的接收组", f"does not receive at {task.site}"
                )
        yield from self._unknown_where_given_out()

    def _unknown_where_given_out(self) -> Iterator[Violation]:
        for each in self._handoffs.rounds:
            if each.site not in self._sites or each.volunteer not in self._sites[each.site].volunteers:
                yield _broken(
                    "CONTACT", each.volunteer, f"不是点位 {each.site} 的志愿者", f"is no volunteer of {each.site}"
                )
        for site in {slot.site for slot in self._handoffs.slots} | {each.site for each in self._handoffs.unmet}:
            if site not in self._sites:
                yield _broken("COLLECT", site, "没有这个点位", "is no site of the input")

    # --- BAY ---

    def bays(self) -> Iterator[Violation]:
        in_bay: dict[tuple[str, int], list[BaySlot]] = defaultdict(list)
        for slot in self._handoffs.bays:
            yield from self._check_slot(slot)
            in_bay[slot.owner, slot.bay].append(slot)
        for (owner, _), slots in in_bay.items():
            slots.sort(key=lambda slot: (slot.taken_s, slot.stop))
            for one, other in pairwise(slots):
                yield from self._check_neighbours(owner, one, other)
        lacking = {each.stop for each in self._handoffs.unmet if each.lack is Lack.CREW}
        for stop in self._arrivals.keys() - self._bays.keys() - lacking:
            yield _broken("BAY", stop, "没有卸货位，也未列为无法安排", "has no bay and is not listed as unmet")

    def _check_slot(self, slot: BaySlot) -> Iterator[Violation]:
        arrival, owner = self._arrivals[slot.stop], self._owners.get(slot.owner)
        if slot.owner != arrival.owner or owner is None or not 1 <= slot.bay <= owner.bays:
            zh, en = f"停靠点 {arrival.owner} 没有这个卸货位", f"is at a bay that {arrival.owner} does not have"
            yield _broken("BAY", slot.stop, zh, en)
            return
        if slot.freed_s != slot.taken_s + arrival.service_s:
            yield _broken("BAY", slot.stop, "卸货时间不对", f"does not hold its bay for {arrival.service_s} s")
        if slot.disinfected_s != slot.freed_s + owner.gap_s:
            yield _broken("BAY", slot.stop, "消毒时间不对", f"is not followed by {owner.gap_s} s of disinfection")
        if slot.taken_s < max(slot.arrival_s, arrival.start_s):
            yield _broken(
                "BAY", slot.stop, "早于到达或计划开始", "begins before the vehicle is there, or before its hours"
            )
        if slot.arrival_s < self._comes_s(arrival):
            yield _broken("BAY", slot.stop, "车辆不可能这么早到达", "has the vehicle arrive earlier than it can")

    def _comes_s(self, arrival: Arrival) -> int:
        before = self._bays.get(arrival.after or "")
        return arrival.arrival_s if before is None else max(arrival.arrival_s, before.freed_s + arrival.lead_s)

    def _check_neighbours(self, owner: str, one: BaySlot, other: BaySlot) -> Iterator[Violation]:
        free_s = max(one.taken_s + self._arrivals[one.stop].service_s, one.freed_s) + self._owners[owner].gap_s
        cleared = self._at_bay.get(one.stop)
        if self._sites[self._arrivals[one.stop].site].cold and cleared is not None:
            free_s = max(free_s, cleared.end_s)
        free_s += self._owners[owner].buffer_s
        if other.taken_s < free_s:
            zh = f"{other.taken_s} 秒占用卸货位 {one.bay}，该位 {free_s} 秒才可用"
            en = f"takes bay {one.bay} at {other.taken_s} s; it is free at {free_s} s"
            yield _broken("BAY", other.stop, zh, en)

    def waits(self) -> Iterator[Violation]:
        """Who begins too late for the vehicle's later stops is listed, and nobody else."""
        listed = {each.stop: each.delay_s for each in self._handoffs.unmet if each.lack is Lack.LATE}
        for slot in self._handoffs.bays:
            late_s = max(0, slot.taken_s - self._arrivals[slot.stop].latest_s)
            if late_s != listed.get(slot.stop, 0):
                zh = f"晚 {late_s} 秒，写明 {listed.get(slot.stop, 0)} 秒"
                en = f"begins {late_s} s late; {listed.get(slot.stop, 0)} s are stated"
                yield _broken("BAY", slot.stop, zh, en)

    # --- CONTACT: crews ---

    def crews(self) -> Iterator[Violation]:
        by_stop: dict[str, list[CrewTask]] = defaultdict(list)
        by_crew: dict[str, list[CrewTask]] = defaultdict(list)
        for task in self._handoffs.tasks:
            by_stop[task.stop].append(task)
            by_crew[task.crew].append(task)
            hours = self._crews[task.crew].hours
            if task.start_s < hours.open_s or task.end_s > hours.close_s:
                yield _broken("CONTACT", task.crew, "不在上班时间内", f"works outside its hours, at {task.stop}")
        for stop in self._arrivals:
            yield from self._check_stop(stop, by_stop[stop])
        for crew, tasks in by_crew.items():
            tasks.sort(key=lambda task: (task.start_s, task.end_s))
            for one, other in pairwise(tasks):
                if other.start_s < one.end_s + self._way_s(crew, one.site, other.site):
                    zh = f"{other.start_s} 秒来不及从 {one.stop} 到 {other.stop}"
                    en = f"cannot be at {other.stop} at {other.start_s} s, having worked on {one.stop} until {one.end_s} s"
                    yield _broken("CONTACT", crew, zh, en)

    def _way_s(self, crew: str, one: str, other: str) -> int:
        ways = self._crews[crew].travel_s
        if one == other:
            return 0
        return ways[one, other] if (one, other) in ways else ways[other, one]

    def _check_stop(self, stop: str, tasks: Sequence[CrewTask]) -> Iterator[Violation]:
        arrival, slot = self._arrivals[stop], self._bays.get(stop)
        site = self._sites[arrival.site]
        reception = Work.PICK_UP if site.cold else Work.UNLOAD
        sorting = Work.CARRY_IN if site.mode is Mode.SITE_CREW else Work.SORT
        count = Counter(task.work for task in tasks)
        if count[reception] != (slot is not None) or set(count) - {reception, sorting}:
            zh, en = "卸货位上应恰有一个接收组", "is not received by exactly one crew in the way the site asks for"
            yield _broken("CONTACT", stop, zh, en)
            return
        lacking = any(each.stop == stop and each.lack is Lack.CREW for each in self._handoffs.unmet)
        if count[sorting] != 1 and not (count[sorting] == 0 and lacking):
            yield _broken("COLLECT", stop, "应恰好分拣一次", f"is sorted {count[sorting]} times, not once")
        if slot is not None:
            yield from self._check_at_bay(arrival, site, slot)
            for task in tasks:
                if task.work is sorting:
                    yield from self._check_sorting(arrival, site, task)

    def _check_at_bay(self, arrival: Arrival, site: SiteInput, slot: BaySlot) -> Iterator[Violation]:
        task = self._at_bay[slot.stop]
        if site.cold:
            gap_s = self._owners[arrival.owner].gap_s
            if task.start_s < slot.freed_s + gap_s:
                zh, en = "接收组在间隔结束前来到卸货位", "has its crew at the bay before the gap is over"
                yield _broken("CONTACT", slot.stop, zh, en)
            if task.end_s - task.start_s != arrival.service_s:
                yield _broken("CONTACT", slot.stop, "取走时间不对", f"is not taken away in {arrival.service_s} s")
        elif (task.start_s, task.end_s) != (slot.taken_s, slot.freed_s):
            zh, en = "接收组与车辆不同时在卸货位", "is not unloaded by its crew for as long as the bay is taken"
            yield _broken("CONTACT", slot.stop, zh, en)

    def _check_sorting(self, arrival: Arrival, site: SiteInput, task: CrewTask) -> Iterator[Violation]:
        persons = self._crews[task.crew].persons
        length_s = site.carry_s + math.ceil(60 * arrival.crates / (site.sorting_per_minute * persons))
        if task.end_s - task.start_s != length_s:
            zh, en = f"分拣应为 {length_s} 秒", f"is sorted in {task.end_s - task.start_s} s, which takes {length_s} s"
            yield _broken("COLLECT", task.stop, zh, en)
        if task.start_s < self._at_bay[task.stop].end_s:
            yield _broken("COLLECT", task.stop, "卸完之前就分拣", "is sorted before it is unloaded")

    # --- CONTACT and COLLECT: lanes ---

    def lanes(self) -> Iterator[Violation]:
        in_lane: dict[tuple[str, int], list[CollectionSlot]] = defaultdict(list)
        for slot in self._handoffs.slots:
            yield from self._check_collection(self._sites[slot.site], slot)
            in_lane[slot.site, slot.lane].append(slot)
        for (site, _), slots in in_lane.items():
            slots.sort(key=lambda slot: (slot.start_s, slot.group))
            for one, other in pairwise(slots):
                same = (one.trip, one.group) == (other.trip, other.group)
                if other.start_s < one.end_s + (0 if same else self._sites[site].buffer_s):
                    zh = f"通道 {one.lane} 在 {other.start_s} 秒有两组居民"
                    yield _broken("CONTACT", site, zh, f"has two groups in lane {one.lane} at {other.start_s} s")
        yield from self._whole()

    def _check_collection(self, site: SiteInput, slot: CollectionSlot) -> Iterator[Violation]:
        lanes = site.lanes
        if not 1 <= slot.lane <= lanes.count:
            yield _broken("COLLECT", site.id, f"没有通道 {slot.lane}", f"has no lane {slot.lane}")
        if slot.end_s - slot.start_s != lanes.slot_s:
            yield _broken("COLLECT", site.id, "时段长度不对", f"has a slot that is not {lanes.slot_s} s long")
        if slot.households * lanes.household_s > lanes.slot_s or not slot.households > 0:
            yield _broken("COLLECT", site.id, "时段户数超过容量", f"has {slot.households} households in one slot")
        if not 1 <= slot.at_once <= int(lanes.length_m // lanes.spacing_m):
            yield _broken("COLLECT", site.id, "通道内人数超过容量", f"calls {slot.at_once} into a lane at a time")
        if not self._is_open(site, slot.start_s, slot.end_s):
            yield _broken("COLLECT", site.id, "时段不在开放时间内", f"has a slot at {slot.start_s} s outside its hours")
        levels = {group.zone for group in site.groups for part in slot.parts if group.building == part.building}
        if len(levels) > 1:
            yield _broken(
                "COLLECT", site.id, "不同风险等级同一时段", f"mixes zone levels in the slot at {slot.start_s} s"
            )
        for part in slot.parts:
            yield from self._check_goods(site, part.building, slot.trip, slot.start_s)

    def _is_open(self, site: SiteInput, start_s: int, end_s: int) -> bool:
        inside = site.hours.open_s <= start_s and end_s <= site.hours.close_s
        return inside and all(end_s <= pause.open_s or start_s >= pause.close_s for pause in site.quiet)

    def _check_goods(self, site: SiteInput, building: str, trip: int, start_s: int) -> Iterator[Violation]:
        needed = self._stops_for(site, building, trip)
        ready = [self._sorted_s.get(stop) for stop in needed]
        if not ready or any(at_s is None or start_s < at_s + site.buffer_s for at_s in ready):
            zh = f"{building} 在 {start_s} 秒领取，物资尚未分拣完"
            yield _broken("COLLECT", site.id, zh, f"gives {building} its goods at {start_s} s, before they are sorted")

    def _stops_for(self, site: SiteInput, building: str, trip: int) -> list[str]:
        own = [each for each in self._arrivals_at[site.id] if not each.buildings or building in each.buildings]
        own.sort(key=lambda each: (each.start_s, each.stop))
        return [each.stop for each in (own[:1] if site.twice and trip == 1 else own)]

    def _whole(self) -> Iterator[Violation]:
        """A building's slots of one trip follow each other in one lane, and trips of a building do so in time."""
        of_building: dict[tuple[str, str, int], list[CollectionSlot]] = defaultdict(list)
        for slot in self._handoffs.slots:
            for building in {part.building for part in slot.parts}:
                of_building[slot.site, building, slot.trip].append(slot)
        for (site, building, trip), slots in of_building.items():
            slots.sort(key=lambda slot: slot.start_s)
            if any(one.end_s != other.start_s or one.lane != other.lane for one, other in pairwise(slots)):
                yield _broken("COLLECT", site, f"{building} 被拆开", f"calls {building} in slots apart from each other")
            later = of_building.get((site, building, trip + 1), [])
            if later and min(slot.start_s for slot in later) < slots[-1].end_s:
                yield _broken("COLLECT", site, f"{building} 两次取货重叠", f"has {building} collect twice at a time")

    # --- COLLECT: everybody once a trip ---

    def shares(self) -> Iterator[Violation]:
        came: Counter[tuple[str, str, tuple[str, ...], int]] = Counter()
        for slot in self._handoffs.slots:
            for part in slot.parts:
                came[slot.site, part.building, part.units, slot.trip] += part.households
        for each in self._handoffs.unmet:
            for part in each.parts:
                came[each.site, part.building, part.units, each.trip] += part.households
        wanted: Counter[tuple[str, str, tuple[str, ...], int]] = Counter()
        for site in self._given.sites:
            for group in site.groups:
                for trip in self._trips(site, group.building):
                    wanted[site.id, group.building, group.units, trip] += self._collecting(site, group)
        for site_id, building, units, trip in sorted((wanted - came) + (came - wanted)):
            key = (site_id, building, units, trip)
            zh = f"{building} 第 {trip} 次应有 {wanted[key]} 户取货，安排了 {came[key]} 户"
            en = f"has {came[key]} households of {building} on trip {trip}, not {wanted[key]}"
            yield _broken("COLLECT", site_id, zh, en)

    def _collecting(self, site: SiteInput, group: Group) -> int:
        at_door = site.mode in (Mode.DOOR_ROUND, Mode.GATE) or (site.mode is Mode.MIXED and group.by_door)
        return 0 if at_door or site.mode is Mode.SITE_CREW else group.households - group.vulnerable

    def _trips(self, site: SiteInput, building: str) -> tuple[int, ...]:
        return (1, 2) if site.twice and len(self._stops_for(site, building, 2)) > 1 else (1,)

    # --- CONTACT: volunteers ---

    def volunteers(self) -> Iterator[Violation]:
        of_volunteer: dict[str, list[DoorRound]] = defaultdict(list)
        at_site: dict[str, list[DoorRound]] = defaultdict(list)
        for each in self._handoffs.rounds:
            of_volunteer[each.volunteer].append(each)
            at_site[each.site].append(each)
            yield from self._check_round(self._sites[each.site], each)
        for name, rounds in of_volunteer.items():
            rounds.sort(key=lambda each: each.start_s)
            for one, other in pairwise(rounds):
                change_s = self._volunteers[name].change_s if one.site != other.site else 0
                if other.start_s < one.back_s + change_s:
                    yield _broken("CONTACT", name, "同时有两轮送货", f"is out twice at {other.start_s} s")
        for site, rounds in at_site.items():
            rounds.sort(key=lambda each: each.start_s)
            for one, other in pairwise(rounds):
                if other.start_s < one.start_s + self._sites[site].foot.pickup_s:
                    zh = f"志愿者 {one.volunteer} 与 {other.volunteer} 同时取件"
                    en = f"has {one.volunteer} and {other.volunteer} take parcels up at the same time"
                    yield _broken("CONTACT", site, zh, en)

    def _check_round(self, site: SiteInput, each: DoorRound) -> Iterator[Violation]:
        hours = self._volunteers[each.volunteer].hours
        end_s = max([each.back_s, *(call.opens_s for call in each.calls)])
        if each.start_s < hours.open_s or end_s > hours.close_s:
            yield _broken("CONTACT", each.volunteer, "不在可用时间内", "is out beyond the hours given")
        if not self._is_open(site, each.start_s, end_s):
            yield _broken(
                "COLLECT", site.id, "送货不在开放时间内", f"has a door round at {each.start_s} s outside its hours"
            )
        if not 1 <= len(each.calls) <= site.per_round:
            yield _broken(
                "COLLECT", each.volunteer, f"一轮 {len(each.calls)} 户", f"has {len(each.calls)} doors in a round"
            )
        seen_others = False
        for call in each.calls:
            if call.vulnerable and seen_others:
                zh, en = f"{call.door} 不能下楼，应先送", f"comes to {call.door}, who cannot come down, after others"
                yield _broken("COLLECT", each.volunteer, zh, en)
            seen_others = seen_others or not call.vulnerable
            if call.opens_s < call.left_s + site.foot.step_back_s:
                zh, en = f"{call.door} 开门时志愿者还在门口", f"is at {call.door} while it opens"
                yield _broken("CONTACT", each.volunteer, zh, en)
            if (site.id, call.group) in self._groups:
                building = self._groups[site.id, call.group].building
                yield from self._check_goods(site, building, each.trip, each.start_s)
        yield from self._check_walk(site, each)

    def _check_walk(self, site: SiteInput, each: DoorRound) -> Iterator[Violation]:
        """From call to call there is time for the way and for setting the parcel down."""
        left_s, at = each.start_s + site.foot.pickup_s, None
        for call in each.calls:
            if call.at_s < left_s + self._walk_s(site, at, call) or call.left_s - call.at_s < site.foot.door_s:
                zh, en = f"来不及到 {call.door}", f"cannot have served {call.door} from {call.at_s} to {call.left_s} s"
                yield _broken("CONTACT", each.volunteer, zh, en)
            left_s, at = call.left_s, call
        if each.back_s < left_s + self._walk_s(site, at, None):
            yield _broken("CONTACT", each.volunteer, "来不及回到取货点", f"cannot be back at {each.back_s} s")

    def _walk_s(self, site: SiteInput, one: DoorCall | None, other: DoorCall | None) -> int:
        foot = site.foot
        ends = [self._doorstep(site, call) for call in (one, other) if call is not None]
        if not ends:
            return 0
        if len(ends) == 2 and ends[0][:2] == ends[1][:2]:
            floors = (ends[0][2], ends[1][2])
            return (
                foot.unknown_s
                if None in floors
                else self._rise_s(site, ends[0][0], abs((floors[0] or 0) - (floors[1] or 0)))
            )
        rises = [
            foot.unknown_s if floor is None else self._rise_s(site, name, abs(floor - 1)) for name, _, floor in ends
        ]
        return sum(rises) + self._ground_s(site, [name for name, _, _ in ends])

    def _doorstep(self, site: SiteInput, call: DoorCall) -> tuple[str, str, int | None]:
        group = self._groups.get((site.id, call.group))
        for door in group.doors if group is not None else ():
            if door.name == call.door:
                return call.group, door.unit, door.floor
        return call.group, "", None

    def _rise_s(self, site: SiteInput, group: str, floors: int) -> int:
        stairs_s = floors * site.foot.floor_s
        known = self._groups.get((site.id, group))
        if known is None or not known.lift or floors == 0:
            return stairs_s
        return min(stairs_s, site.foot.lift_wait_s + floors * site.foot.lift_floor_s)

    def _ground_s(self, site: SiteInput, names: Sequence[str]) -> int:
        groups = [group for name in names if (group := self._groups.get((site.id, name))) is not None]
        if len(groups) == 2 and groups[0].building == groups[1].building:
            return site.foot.unit_s
        if len(groups) == 2 and groups[0].location is not None and groups[1].location is not None:
            (lon, lat), (other_lon, other_lat) = groups[0].location, groups[1].location
            east = math.radians(other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
            metres = EARTH_M * math.hypot(east, math.radians(other_lat - lat))
            return math.ceil(metres * site.foot.detour / site.foot.metres_per_s)
        return sum(math.ceil(60 * group.minutes) for group in groups)

    # --- COLLECT: doors ---

    def doors(self) -> Iterator[Violation]:
        """Every door that is to be served is, once a trip, and those who cannot come down before others."""
        served: Counter[tuple[str, str, str, bool, int]] = Counter()
        for each in self._handoffs.rounds:
            for call in each.calls:
                served[each.site, call.group, call.door, call.vulnerable, each.trip] += 1
        left = Counter((each.site, *door, each.trip) for each in self._handoffs.unmet for door in each.doors)
        for site in self._given.sites:
            for group in site.groups:
                for key in self._wanted_doors(site, group):
                    times = served.pop(key, 0) + left.pop((site.id, group.name, key[2], key[4]), 0)
                    if times != 1:
                        zh, en = (
                            f"{key[2]} 送货 {times} 次",
                            f"has {times} deliveries to {key[2]} on trip {key[4]}, not one",
                        )
                        yield _broken("COLLECT", site.id, zh, en)
        for site_id, _, door, _, _ in served:
            yield _broken("COLLECT", site_id, f"{door} 不应送货上门", f"has no door {door} to serve")
        for site_id, _, door, _ in left:
            yield _broken("COLLECT", site_id, f"{door} 不应列为未送", f"has no door {door} to leave out")
        yield from self._vulnerable_first()

    def _wanted_doors(self, site: SiteInput, group: Group) -> Iterator[tuple[str, str, str, bool, int]]:
        everyone = site.mode in (Mode.DOOR_ROUND, Mode.GATE) or (site.mode is Mode.MIXED and group.by_door)
        if site.mode is Mode.SITE_CREW or not (everyone or group.vulnerable):
            return
        named = [(door.name, door.vulnerable) for door in group.doors]
        unnamed = group.vulnerable - sum(vulnerable for _, vulnerable in named)
        first = len(named) + 1
        named += [(f"{group.name}#{at}", at - first < unnamed) for at in range(first, group.households + 1)]
        for trip in self._trips(site, group.building):
            for name, vulnerable in named:
                if everyone or vulnerable:
                    yield site.id, group.name, name, vulnerable, trip

    def _vulnerable_first(self) -> Iterator[Violation]:
        """No round goes out to others alone before those to the vulnerable whose goods were there as early."""
        starts: dict[tuple[str, int, tuple[str, ...]], list[tuple[int, bool, str]]] = defaultdict(list)
        for each in self._handoffs.rounds:
            groups = [self._groups.get((each.site, call.group)) for call in each.calls]
            goods = sorted({stop for group in groups if group is not None for stop in self._goods(each, group)})
            vulnerable = any(call.vulnerable for call in each.calls)
            starts[each.site, each.trip, tuple(goods)].append((each.start_s, vulnerable, each.volunteer))
        for rounds in starts.values():
            last_s = max((start_s for start_s, vulnerable, _ in rounds if vulnerable), default=None)
            for start_s, vulnerable, volunteer in rounds:
                if last_s is not None and not vulnerable and start_s < last_s:
                    zh, en = "先于不能下楼的住户出发", "goes out to others before those who cannot come down"
                    yield _broken("COLLECT", volunteer, zh, en)

    def _goods(self, each: DoorRound, group: Group) -> list[str]:
        return self._stops_for(self._sites[each.site], group.building, each.trip)

    # --- TOTALS ---

    def totals(self) -> Iterator[Violation]:
        for name, stated, found in self._compared():
            if stated != found:
                zh, en = f"写明 {stated}，实际 {found}", f"is stated as {stated}, adds up to {found}"
                yield _broken("TOTALS", name, zh, en)

    def _compared(self) -> Iterator[tuple[str, object, object]]:
        figures = self._handoffs.figures
        got = {site.id: self._got(site) for site in self._given.sites}
        everyone = [at_s for instants, _ in got.values() for at_s in instants]
        vulnerable = [at_s for _, instants in got.values() for at_s in instants]
        work: Counter[str] = Counter()
        for each in self._handoffs.rounds:
            work[each.volunteer] += each.back_s - each.start_s
        crews = {task.crew for task in self._handoffs.tasks}
        yield "households", figures.households, len(everyone)
        yield "vulnerable", figures.vulnerable, len(vulnerable)
        yield "mean_s", figures.mean_s, round(sum(everyone) / len(everyone)) if everyone else None
        yield (
            "mean_vulnerable_s",
            figures.mean_vulnerable_s,
            round(sum(vulnerable) / len(vulnerable)) if vulnerable else None,
        )
        yield "last_s", figures.last_s, max(everyone, default=None)
        yield "crews", figures.crews, len(crews)
        yield "persons", figures.persons, sum(self._crews[crew].persons for crew in crews) + len(work)
        yield "volunteers", figures.volunteers, len(work)
        yield "least_work_s", figures.least_work_s, min(work.values(), default=0)
        yield "most_work_s", figures.most_work_s, max(work.values(), default=0)
        waits = (slot.taken_s - max(slot.arrival_s, self._arrivals[slot.stop].start_s) for slot in self._handoffs.bays)
        yield "waiting_s", figures.waiting_s, sum(waits)
        yield from self._compared_worth(got, len(work))

    def _compared_worth(
        self, got: dict[str, tuple[list[int], list[int]]], volunteers: int
    ) -> Iterator[tuple[str, object, object]]:
        worth, weights = self._handoffs.figures.worth, POLICIES[self._given.policy]
        over = [max(0, slot.taken_s - self._arrivals[slot.stop].latest_s) for slot in self._handoffs.bays]
        unmet = sum(each.lack is Lack.CREW for each in self._handoffs.unmet)
        unmet += sum(len(each.doors) + sum(part.households for part in each.parts) for each in self._handoffs.unmet)
        cost = weights.person_s * (
            sum(self._crews[name].persons for name in {t.crew for t in self._handoffs.tasks}) + volunteers
        )
        for site, (everyone, vulnerable) in got.items():
            people = max(1, sum(group.households for group in self._sites[site].groups))
            cost += weights.mean * sum(everyone) + weights.vulnerable * sum(vulnerable)
            cost += weights.last * people * max(everyone, default=0)
            cost += weights.uneven * _spread(self._rounds_at[site])
        yield "unmet", worth.unmet, unmet
        yield "late", worth.late, sum(each > 0 for each in over)
        yield "late_s", worth.late_s, sum(over)
        yield "cost", worth.cost, cost

    def _got(self, site: SiteInput) -> tuple[list[int], list[int]]:
        """When each household of a site has its goods, and those of them who cannot come down."""
        everyone = [
            slot.start_s + number * site.lanes.household_s
            for slot in self._slots_at[site.id]
            for number in range(1, slot.households + 1)
        ]
        calls = [call for each in self._rounds_at[site.id] for call in each.calls]
        everyone += [call.opens_s for call in calls]
        everyone += self._carried_at[site.id]
        return everyone, [call.opens_s for call in calls if call.vulnerable]


def _spread(rounds: Iterable[DoorRound]) -> int:
    work: Counter[str] = Counter()
    for each in rounds:
        work[each.volunteer] += each.back_s - each.start_s
    return max(work.values()) - min(work.values()) if work else 0
