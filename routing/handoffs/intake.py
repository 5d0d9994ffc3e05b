"""What is wrong with handoff input, all at once, by JSON pointer into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from geodata.errors import BadInput, Complaint, Text
from routing.handoffs.model import Arrival, Crew, HandoffInput, SiteInput


def require_sound(given: HandoffInput) -> None:
    """Raise ``BadInput`` with every complaint; what is used by name exists, and numbers make sense."""
    complaints = [
        Complaint(message, pointer=f"/handoffs/{pointer}")
        for pointer, message in (
            *_twice(given),
            *_owners(given),
            *_sites(given),
            *_arrivals(given),
            *_people(given),
        )
    ]
    if complaints:
        raise BadInput(complaints)


_Found = Iterator[tuple[str, Text]]


def _twice(given: HandoffInput) -> _Found:
    named: Mapping[str, Iterable[str]] = {
        "owners": [owner.id for owner in given.owners],
        "sites": [site.id for site in given.sites],
        "arrivals": [arrival.stop for arrival in given.arrivals],
        "crews": [crew.id for crew in given.crews],
        "volunteers": [volunteer.id for volunteer in given.volunteers],
    }
    for member, names in named.items():
        for name, times in Counter(names).items():
            if times > 1:
                yield member, Text(f"{name} 出现 {times} 次", f"{name} is listed {times} times")


def _owners(given: HandoffInput) -> _Found:
    for number, owner in enumerate(given.owners):
        if owner.bays < 1:
            yield f"owners/{number}/bays", Text("卸货位至少 1 个", "there must be at least one bay")
        if min(owner.gap_s, owner.buffer_s) < 0:
            yield f"owners/{number}/gap_s", Text("消毒间隔和缓冲不能为负", "gap and buffer cannot be negative")


def _sites(given: HandoffInput) -> _Found:
    crews = {crew.id: crew for crew in given.crews}
    volunteers = {volunteer.id for volunteer in given.volunteers}
    for number, site in enumerate(given.sites):
        at = f"sites/{number}"
        if not site.crews:
            yield f"{at}/crews", Text(f"点位 {site.id} 没有接收组", f"site {site.id} has no receiving crew")
        for crew in site.crews:
            if crew not in crews:
                yield f"{at}/crews", Text(f"没有接收组 {crew}", f"there is no crew {crew}")
        for name in site.volunteers:
            if name not in volunteers:
                yield f"{at}/volunteers", Text(f"没有志愿者 {name}", f"there is no volunteer {name}")
        yield from _rates(at, site)
        yield from _groups(at, site)
    yield from _ways(given, crews)


def _rates(at: str, site: SiteInput) -> _Found:
    if site.sorting_per_minute <= 0:
        yield f"{at}/sorting_per_minute", Text("分拣速度必须大于 0", "the sorting rate must be above zero")
    if min(site.carry_s, site.buffer_s) < 0 or site.per_round < 1:
        zh, en = (
            "搬运时间和缓冲不能为负，每轮至少 1 户",
            "carrying and buffer cannot be negative, a round has at least one door",
        )
        yield at, Text(zh, en)
    lanes = site.lanes
    if lanes.count < 1 or lanes.spacing_m <= 0 or lanes.household_s < 1 or lanes.grid_s < 1:
        zh, en = "取货通道、间距和每户时间必须大于 0", "lanes, spacing and seconds per household must be above zero"
        yield f"{at}/lanes", Text(zh, en)
    elif lanes.at_once < 1 or lanes.per_slot < 1:
        zh, en = "通道容不下一人，或时段不足一户", "a lane holds nobody, or a slot is too short for one household"
        yield f"{at}/lanes", Text(zh, en)
    if site.hours.open_s >= site.hours.close_s:
        yield f"{at}/hours", Text("结束时间必须晚于开始时间", "closing must be after opening")


def _groups(at: str, site: SiteInput) -> _Found:
    names = Counter(group.name for group in site.groups)
    zones: dict[str, set[int]] = {}
    for number, group in enumerate(site.groups):
        here = f"{at}/groups/{number}"
        zones.setdefault(group.building, set()).add(group.zone)
        if names[group.name] > 1:
            yield here, Text(f"{group.name} 出现 {names[group.name]} 次", f"{group.name} is listed more than once")
        if not 0 <= group.vulnerable <= group.households:
            zh, en = "不能下楼的户数应在 0 与总户数之间", "vulnerable households must be between none and all"
            yield f"{here}/vulnerable", Text(zh, en)
        if len(group.doors) > group.households or sum(door.vulnerable for door in group.doors) > group.vulnerable:
            zh, en = "列出的门户多于户数", "more doors are listed than there are households"
            yield f"{here}/doors", Text(zh, en)
        if len({door.name for door in group.doors}) < len(group.doors):
            yield f"{here}/doors", Text("门户重复", "a door is listed twice")
        if group.minutes < 0:
            yield f"{here}/minutes", Text("步行时间不能为负", "minutes cannot be negative")
    for building, levels in zones.items():
        if len(levels) > 1:
            zh, en = f"{building} 属于不同的风险等级", f"{building} is of more than one zone level"
            yield f"{at}/groups", Text(zh, en)


def _ways(given: HandoffInput, crews: Mapping[str, Crew]) -> _Found:
    """Who receives at several sites knows the way between each two of them, once for both directions or once each."""
    served: dict[str, list[str]] = {}
    for site in given.sites:
        for crew in site.crews:
            served.setdefault(crew, []).append(site.id)
    for name, sites in served.items():
        if name not in crews:
            continue
        missing = [
            (one, other) for one in sites for other in sites if one < other and not crews[name].knows(one, other)
        ]
        if missing:
            one, other = missing[0]
            zh = f"接收组 {name} 缺少 {len(missing)} 段点位间行程，例如 {one} 至 {other}"
            en = f"crew {name} lacks the way between {len(missing)} pairs of sites, such as {one} and {other}"
            yield "crews", Text(zh, en)


def _arrivals(given: HandoffInput) -> _Found:
    sites = {site.id: site for site in given.sites}
    owners = {owner.id for owner in given.owners}
    stops = {arrival.stop: arrival for arrival in given.arrivals}
    for number, arrival in enumerate(given.arrivals):
        at = f"arrivals/{number}"
        if arrival.site not in sites:
            yield f"{at}/site", Text(f"没有点位 {arrival.site}", f"there is no site {arrival.site}")
        if arrival.owner not in owners:
            yield f"{at}/owner", Text(f"没有停靠点 {arrival.owner}", f"there is no access point {arrival.owner}")
        if min(arrival.service_s, arrival.crates, arrival.lead_s) < 0 or arrival.start_s < arrival.arrival_s:
            zh, en = (
                "时间或箱数不能为负，开始不能早于到达",
                "times and crates cannot be negative, nor a start before the arrival",
            )
            yield at, Text(zh, en)
        if arrival.after is not None and not _follows(arrival, stops):
            zh = f"{arrival.after} 不是同一车辆的前一站"
            yield f"{at}/after", Text(zh, f"{arrival.after} is not a stop of the same vehicle before this one")
    for before, times in Counter(each.after for each in given.arrivals if each.after is not None).items():
        if times > 1:
            yield "arrivals", Text(f"{before} 之后有 {times} 站", f"{times} stops come next after {before}")


def _follows(arrival: Arrival, stops: Mapping[str, Arrival]) -> bool:
    before = stops.get(arrival.after or "")
    if before is None or before.vehicle != arrival.vehicle or before is arrival:
        return False
    return before.start_s + before.service_s + arrival.lead_s <= arrival.start_s


def _people(given: HandoffInput) -> _Found:
    for number, crew in enumerate(given.crews):
        if crew.persons < 1:
            yield f"crews/{number}/persons", Text("接收组至少 1 人", "a crew has at least one person")
        if min(crew.travel_s.values(), default=0) < 0:
            yield f"crews/{number}/travel_s", Text("行程不能为负", "a way cannot take less than nothing")
        if crew.hours.open_s >= crew.hours.close_s:
            yield f"crews/{number}/hours", Text("下班必须晚于上班", "hours must end after they begin")
    for number, volunteer in enumerate(given.volunteers):
        if volunteer.hours.open_s >= volunteer.hours.close_s:
            yield f"volunteers/{number}/hours", Text("结束时间必须晚于开始时间", "hours must end after they begin")
