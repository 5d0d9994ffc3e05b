"""Handoff input small enough to reckon by hand, and at random. Varied by ``dataclasses.replace``."""

from __future__ import annotations

import random
from typing import Any

from geodata.model import LonLat
from routing.handoffs.groups import estimated_groups
from routing.handoffs.model import (
    Arrival,
    BayOwner,
    Crew,
    Door,
    Group,
    HandoffInput,
    Lanes,
    Mode,
    SiteInput,
    Volunteer,
)
from routing.model import Interval, ZoneLevel

NEVER_LATE = 10**6


def arrival(stop: str, at_s: int = 0, *, site: str = "A", **members: Any) -> Arrival:
    """Ten minutes of unloading and nothing to sort, by a vehicle of its own, unless said otherwise."""
    defaults: dict[str, Any] = {
        "vehicle": f"V-{stop}",
        "owner": site,
        "arrival_s": at_s,
        "start_s": at_s,
        "service_s": 600,
        "latest_s": NEVER_LATE,
    }
    return Arrival(stop, site=site, **(defaults | members))


def asked(
    *arrivals: Arrival,
    sites: tuple[SiteInput, ...] = (SiteInput("A", crews=("C",)),),
    crews: tuple[Crew, ...] = (Crew("C"),),
    owners: tuple[BayOwner, ...] | None = None,
    **members: Any,
) -> HandoffInput:
    """One bay at every access point."""
    named = dict.fromkeys(each.owner for each in arrivals)
    return HandoffInput(owners or tuple(BayOwner(name) for name in named), sites, arrivals, crews, **members)


def drop_points(count: int, households: int, *, vehicles: int = 1, seed: int = 0) -> HandoffInput:
    """As many community drop points with a crew and lane each, vehicles coming within two hours."""
    chance = random.Random(seed)
    sites, arrivals, crews, volunteers = [], [], [], []
    for number in range(count):
        name = f"S{number}"
        vulnerable = households // 50
        own = tuple(f"{name}-v{n}" for n in range(max(1, -(-vulnerable // 10))))
        groups = estimated_groups(households, vulnerable)
        sites.append(SiteInput(name, crews=(f"{name}-c",), groups=groups, volunteers=own))
        crews.append(Crew(f"{name}-c"))
        volunteers += [Volunteer(volunteer) for volunteer in own]
        for vehicle in range(vehicles):
            at_s = chance.randrange(1_200, 7_200)
            crates = max(1, 2 * households // vehicles)
            arrivals.append(arrival(f"{name}/{vehicle}", at_s, site=name, crates=crates, latest_s=at_s + 3_600))
    return asked(*arrivals, sites=tuple(sites), crews=tuple(crews), volunteers=tuple(volunteers))


def sampling_sites(count: int, per_crew: int, *, seed: int = 0) -> HandoffInput:
    """Sampling sites in a row, a crew for as many neighbours, two minutes from each to the next."""
    chance = random.Random(seed)
    sites, arrivals, crews = [], [], []
    for first in range(0, count, per_crew):
        street = [f"S{number}" for number in range(first, min(first + per_crew, count))]
        ways = {
            (one, other): 120 * (at - before)
            for before, one in enumerate(street)
            for at, other in enumerate(street)
            if at > before
        }
        crews.append(Crew(f"C{first}", travel_s=ways))
        for name in street:
            sites.append(SiteInput(name, Mode.SITE_CREW, crews=(f"C{first}",)))
            at_s = chance.randrange(1_200, 7_200)
            arrivals.append(arrival(f"{name}/1", at_s, site=name, service_s=360, crates=20, latest_s=at_s + 1_800))
    return asked(*arrivals, sites=tuple(sites), crews=tuple(crews))


def random_input(seed: int, *, sites: int = 4) -> HandoffInput:
    """Every mode, shared bays, crews and volunteers, vehicles with several stops, quiet hours and buffers."""
    chance = random.Random(seed)
    names = [f"S{number}" for number in range(sites)]
    owners = tuple(
        BayOwner(f"A{number}", chance.choice([1, 1, 2]), chance.choice([300, 600]), chance.choice([0, 120]))
        for number in range(max(1, sites - 1))
    )
    ways = {(one, other): chance.choice([0, 180, 420]) for one in names for other in names if one < other}
    crews = tuple(
        Crew(
            f"C{number}",
            chance.randint(1, 4),
            Interval(chance.choice([0, 1_800]), chance.choice([9_000, 60_000])),
            ways,
        )
        for number in range(max(1, sites - 1))
    )
    volunteers = tuple(
        Volunteer(f"F{number}", Interval(0, chance.choice([11_000, 40_000, 80_000]))) for number in range(6)
    )
    made = tuple(_random_site(chance, name, crews, volunteers) for name in names)
    return HandoffInput(owners, made, tuple(_random_arrivals(chance, made, owners)), crews, volunteers, _policy(chance))


def _policy(chance: random.Random) -> Any:
    return chance.choice(["early", "balanced", "few_people"])


def _random_site(
    chance: random.Random, name: str, crews: tuple[Crew, ...], volunteers: tuple[Volunteer, ...]
) -> SiteInput:
    mode = chance.choice(list(Mode))
    groups = () if mode is Mode.SITE_CREW else tuple(_random_groups(chance))
    return SiteInput(
        name,
        mode,
        tuple(crew.id for crew in chance.sample(crews, chance.choice([1, min(2, len(crews))]))),
        groups,
        Lanes(chance.choice([1, 1, 2]), household_s=chance.choice([20, 30])),
        sorting_per_minute=chance.choice([2.0, 4.0]),
        carry_s=chance.choice([0, 240]),
        hours=Interval(0, chance.choice([30_000, 60_000])),
        quiet=chance.choice([(), (Interval(12_000, 13_800),)]),
        volunteers=tuple(each.id for each in chance.sample(volunteers, 3)),
        buffer_s=chance.choice([0, 180]),
        cold=chance.random() < 0.25,
        twice=chance.random() < 0.25,
    )


def _random_groups(chance: random.Random) -> list[Group]:
    groups = []
    for building in range(chance.randint(1, 5)):
        zone = ZoneLevel.CONTROLLED if building > 2 else ZoneLevel.OPEN
        where = LonLat(121.5 + 0.001 * building, 38.9) if chance.random() < 0.5 else None
        lift, by_door, minutes = chance.random() < 0.5, chance.random() < 0.3, chance.choice([0.5, 2.0, 3.25])
        for unit in range(chance.randint(1, 2)):
            households = chance.choice([5, 12, 30, 70])
            vulnerable = chance.randint(0, 3)
            named = chance.randint(0, min(4, households))
            doors = tuple(
                Door(f"{building + 1}-{unit + 1}-{door}", f"{unit}", chance.choice([None, 1, 3, 6]), door < vulnerable)
                for door in range(named)
            )
            groups.append(
                Group(
                    f"{building + 1}",
                    households,
                    (f"{unit + 1}",),
                    vulnerable,
                    minutes,
                    zone,
                    by_door=by_door,
                    lift=lift,
                    location=where,
                    doors=doors,
                )
            )
    return groups


def _random_arrivals(
    chance: random.Random, sites: tuple[SiteInput, ...], owners: tuple[BayOwner, ...]
) -> list[Arrival]:
    made: list[Arrival] = []
    visits = [site for site in sites for _ in range(chance.randint(1, 3))]
    chance.shuffle(visits)
    place = {site.id: chance.choice(owners).id for site in sites}
    last: dict[str, Arrival] = {}
    for number, site in enumerate(visits):
        vehicle = f"V{chance.randrange(3)}"
        before, lead_s = last.get(vehicle), 60 * chance.randint(2, 15)
        at_s = 60 * chance.randint(0, 90) if before is None else before.start_s + before.service_s + lead_s
        start_s = at_s + chance.choice([0, 0, 300])
        buildings = frozenset({"1"}) if site.groups and not site.twice and number % 4 == 3 else frozenset[str]()
        stop = Arrival(
            f"{site.id}/{number}",
            vehicle,
            site.id,
            place[site.id],
            at_s,
            start_s,
            60 * chance.randint(4, 15),
            start_s + chance.choice([0, 900, 7_200]),
            chance.randint(0, 120),
            None if before is None else before.stop,
            0 if before is None else lead_s,
            buildings,
        )
        last[vehicle] = stop
        made.append(stop)
    return made
