"""What would do for what could not be arranged: each is tried by scheduling the part anew, the fewest that suffices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import NamedTuple

from geodata.errors import Text
from routing.handoffs.components import components
from routing.handoffs.distribution import all_trips
from routing.handoffs.figures import Arranged
from routing.handoffs.listing import best_list
from routing.handoffs.model import Crew, HandoffInput, Lack, SiteInput, Unmet, Volunteer
from routing.handoffs.reception import Asked
from routing.model import Interval

MOST_PEOPLE = 64
MOST_MINUTES = 24 * 60

_More = Callable[[HandoffInput, int], HandoffInput]


class _Remedy(NamedTuple):
    name: str
    most: int
    more: _More


def with_needs(asked: Asked, arranged: Arranged) -> tuple[Unmet, ...]:
    """The same with the tried numbers, and a sentence each."""
    tries = _Tries(asked, arranged)
    return tuple(_told(replace(each, needs=tries.needs(each))) for each in arranged.unmet)


class _Tries:
    """What was found to do, by what lacks where."""

    def __init__(self, asked: Asked, arranged: Arranged) -> None:
        self._asked, self._arranged = asked, arranged
        self._part_of = {stop: part for part in components(asked) for stop in part}
        self._crews: dict[tuple[Lack, frozenset[str]], int | None] = {}
        self._needs: dict[tuple[Lack, str], Mapping[str, int]] = {}

    def needs(self, unmet: Unmet) -> Mapping[str, int]:
        """Crews such that the whole part lacks this no longer if any number does that; the rest for the site alone."""
        key = (unmet.lack, unmet.site)
        if key not in self._needs:
            self._needs[key] = {} if unmet.lack is Lack.GOODS else dict(self._try(unmet))
        return self._needs[key]

    def _try(self, unmet: Unmet) -> Iterator[tuple[str, int]]:
        sites = _sharing_volunteers(self._asked, unmet.site) if unmet.lack is Lack.VOLUNTEER else {unmet.site}
        stops = [arrival.stop for site in sites for arrival in self._asked.at_site(site)]
        part = frozenset().union(*(self._part_of[stop] for stop in stops))
        alone = _cut_out(self._asked, self._arranged, part)
        for remedy in _remedies(self._asked.sites[unmet.site], unmet.lack):
            fewest = self._for_all(alone, part, unmet, remedy) if remedy.name == "crews" else None
            if fewest is None:
                fewest = _fewest(alone, unmet, remedy, {unmet.site})
            if fewest is not None:
                yield remedy.name, fewest

    def _for_all(self, alone: HandoffInput, part: frozenset[str], unmet: Unmet, remedy: _Remedy) -> int | None:
        key = (unmet.lack, part)
        if key not in self._crews:
            self._crews[key] = _fewest(alone, unmet, remedy, {site.id for site in alone.sites})
        return self._crews[key]


def _sharing_volunteers(asked: Asked, site: str) -> set[str]:
    """The site and those whose volunteers it shares, by way of others too."""
    here, names = {site}, set(asked.sites[site].volunteers)
    while True:
        more = {each.id for each in asked.given.sites if names & set(each.volunteers)} - here
        if not more:
            return here
        here |= more
        names |= {name for each in more for name in asked.sites[each].volunteers}


def _cut_out(asked: Asked, arranged: Arranged, stops: frozenset[str]) -> HandoffInput:
    """The stops' part alone, vehicles coming as they now do."""
    arrives = {slot.stop: slot.arrival_s for slot in arranged.bays}
    arrivals = []
    for arrival in asked.given.arrivals:
        if arrival.stop in stops:
            at_s = arrives.get(arrival.stop, arrival.arrival_s)
            after = arrival.after if arrival.after in stops else None
            if after is None:
                arrival = replace(arrival, arrival_s=at_s, start_s=max(at_s, arrival.start_s))
            arrivals.append(replace(arrival, after=after))
    here = {arrival.site for arrival in arrivals}
    sites = tuple(site for site in asked.given.sites if site.id in here)
    crews = {crew for site in sites for crew in site.crews}
    return replace(
        asked.given,
        arrivals=tuple(arrivals),
        sites=sites,
        crews=tuple(crew for crew in asked.given.crews if crew.id in crews),
    )


def _remedies(site: SiteInput, lack: Lack) -> Iterator[_Remedy]:
    if lack in (Lack.CREW, Lack.LATE):
        yield _Remedy("crews", MOST_PEOPLE, lambda it, n: _with_crews(it, site, n))
    if lack is Lack.LATE:
        yield _Remedy("bays", 8, lambda it, n: _with_bays(it, site.id, n))
        yield _Remedy("crews_and_bays", 8, lambda it, n: _with_bays(_with_crews(it, site, n), site.id, n))
    if lack is Lack.LANE:
        yield _Remedy("lanes", MOST_PEOPLE, lambda it, n: _with_site(it, site.id, lambda one: _with_lanes(one, n)))
    if lack is Lack.VOLUNTEER:
        yield _Remedy("volunteers", 2 * MOST_PEOPLE, lambda it, n: _with_volunteers(it, site, n))
    if lack in (Lack.LANE, Lack.VOLUNTEER):
        yield _Remedy("minutes", MOST_MINUTES, lambda it, n: _open_longer(it, site.id, n))
    if lack is Lack.CREW:
        yield _Remedy("minutes", MOST_MINUTES, lambda it, n: _crews_longer(it, site, n))


def _fewest(given: HandoffInput, unmet: Unmet, remedy: _Remedy, sites: AbstractSet[str]) -> int | None:
    """By doubling, then halving: the fewest found to do, if any number up to the most does."""
    enough = 1
    while not _does(remedy.more(given, enough), unmet.lack, sites):
        if enough >= remedy.most:
            return None
        enough = min(2 * enough, remedy.most)
    short = enough // 2
    while enough - short > 1:
        middle = (enough + short) // 2
        if _does(remedy.more(given, middle), unmet.lack, sites):
            enough = middle
        else:
            short = middle
    return enough


def _does(given: HandoffInput, lack: Lack, sites: AbstractSet[str]) -> bool:
    """Whether, by the list schedule, the sites lack this no longer."""
    asked = Asked(given)
    _, arranged = best_list(asked, all_trips(asked))
    return not any(each.lack is lack and each.site in sites for each in arranged.unmet)


# --- more of something ------------------------------------------------------------------------------------------


def _with_site(given: HandoffInput, site: str, change: Callable[[SiteInput], SiteInput]) -> HandoffInput:
    return replace(given, sites=tuple(change(each) if each.id == site else each for each in given.sites))


def _with_crews(given: HandoffInput, site: SiteInput, count: int) -> HandoffInput:
    """Crews like the site's first, at all the sites where that one receives."""
    like = next(crew for crew in given.crews if crew.id == site.crews[0])
    more = [replace(like, id=f"{like.id}+{number}") for number in range(1, count + 1)]
    names = tuple(crew.id for crew in more)
    sites = tuple(replace(each, crews=each.crews + names) if like.id in each.crews else each for each in given.sites)
    return replace(given, sites=sites, crews=(*given.crews, *more))


def _with_bays(given: HandoffInput, site: str, count: int) -> HandoffInput:
    owners = {arrival.owner for arrival in given.arrivals if arrival.site == site}
    changed = (replace(each, bays=each.bays + count) if each.id in owners else each for each in given.owners)
    return replace(given, owners=tuple(changed))


def _with_lanes(site: SiteInput, count: int) -> SiteInput:
    return replace(site, lanes=replace(site.lanes, count=site.lanes.count + count))


def _with_volunteers(given: HandoffInput, site: SiteInput, count: int) -> HandoffInput:
    more = tuple(Volunteer(f"{site.id}+{number}") for number in range(1, count + 1))
    names = tuple(volunteer.id for volunteer in more)
    changed = _with_site(given, site.id, lambda one: replace(one, volunteers=one.volunteers + names))
    return replace(changed, volunteers=(*given.volunteers, *more))


def _open_longer(given: HandoffInput, site: str, minutes: int) -> HandoffInput:
    """The site and its volunteers."""
    given = _with_site(given, site, lambda one: replace(one, hours=_longer(one.hours, minutes)))
    names = {name for each in given.sites if each.id == site for name in each.volunteers}
    changed = (
        replace(each, hours=_longer(each.hours, minutes)) if each.id in names else each for each in given.volunteers
    )
    return replace(given, volunteers=tuple(changed))


def _crews_longer(given: HandoffInput, site: SiteInput, minutes: int) -> HandoffInput:
    changed: Iterable[Crew] = (
        replace(each, hours=_longer(each.hours, minutes)) if each.id in site.crews else each for each in given.crews
    )
    return replace(given, crews=tuple(changed))


def _longer(hours: Interval, minutes: int) -> Interval:
    return hours._replace(close_s=hours.close_s + 60 * minutes)


# --- what to say ------------------------------------------------------------------------------------------------

_UNITS: Mapping[str, tuple[str, str]] = {
    "crews": ("接收组增加 {} 个", "crews: {} more"),
    "bays": ("卸货位增加 {} 个", "bays: {} more"),
    "crews_and_bays": ("接收组和卸货位各增加 {} 个", "crews and bays: {} more each"),
    "lanes": ("通道增加 {} 条", "lanes: {} more"),
    "volunteers": ("志愿者增加 {} 名", "volunteers: {} more"),
    "minutes": ("延长 {} 分钟", "minutes: {} more"),
}

_WHAT: Mapping[Lack, tuple[str, str]] = {
    Lack.CREW: ("没有接收组能在上班时间内接收和分拣", "no crew can receive and sort it within its hours"),
    Lack.LATE: ("开始晚于该车后续任务允许的时间 {delay} 秒", "begins {delay} s later than the vehicle's stops allow"),
    Lack.LANE: ("{households} 户在关闭前没有取货时段", "{households} households find no slot before closing"),
    Lack.VOLUNTEER: (
        "{households} 户没有志愿者能按时送到",
        "nobody can bring {households} households their goods in time",
    ),
    Lack.GOODS: (
        "{households} 户的物资未送达或未分拣",
        "the goods of {households} households do not come or are not sorted",
    ),
}


def _told(unmet: Unmet) -> Unmet:
    zh, en = (text.format(delay=unmet.delay_s, households=unmet.households) for text in _WHAT[unmet.lack])
    helps = [(_UNITS[name], count) for name, count in unmet.needs.items()]
    if helps:
        zh += "；可行：" + "，或".join(text.format(count) for (text, _), count in helps)
        en += "; what would do: " + ", or ".join(text.format(count) for (_, text), count in helps)
    elif unmet.lack is not Lack.GOODS:
        zh += "；试过的增援都不够"
        en += "; nothing that was tried would do"
    return replace(unmet, message=Text(zh, en))
