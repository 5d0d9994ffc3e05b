"""On tiny inputs the schedule is as good as the best of all there are; on others never worse than the plain list."""

from __future__ import annotations

import random
from typing import Any

import pytest

from routing.handoffs import schedule_handoffs
from routing.handoffs.check import check_handoffs
from routing.handoffs.model import BayOwner, Crew, Group, HandoffInput, Lanes, SiteInput
from tests.routing.handoffs.enumerate_schedules import best_worth
from tests.routing.handoffs.inputs import arrival, asked, random_input


def tiny(seed: int) -> HandoffInput:
    """Two sites at one or two access points, two crews, three stops; buildings too large to share a slot."""
    chance = random.Random(seed)
    policy: Any = chance.choice(["early", "balanced", "few_people"])
    owners = (BayOwner("A", chance.choice([1, 2]), 600), BayOwner("B", 1, 300))
    crews = tuple(Crew(name, chance.randint(1, 3), travel_s={("A", "B"): chance.choice([0, 240])}) for name in "CD")
    sites = tuple(
        SiteInput(
            name,
            crews=tuple(chance.sample(["C", "D"], chance.choice([1, 2]))),
            groups=tuple(Group(f"{number}", chance.randint(23, 45)) for number in range(1, chance.randint(2, 4))),
            lanes=Lanes(count=chance.choice([1, 2])),
        )
        for name in "AB"
    )
    stops = []
    for number, name in enumerate(["A", "B", chance.choice(["A", "B"])]):
        at_s = chance.randrange(0, 1_500)
        stops.append(
            arrival(
                f"{number}",
                at_s,
                site=name,
                owner=chance.choice(["A", name]),
                service_s=chance.randrange(200, 900),
                latest_s=at_s + chance.choice([0, 600, 5_000]),
                crates=chance.randrange(0, 100),
            )
        )
    return asked(*stops, sites=sites, crews=crews, owners=owners, policy=policy)


def compare_with_all(seed: int) -> None:
    given = tiny(seed)
    handoffs = schedule_handoffs(given, needs=False)
    assert check_handoffs(given, handoffs) == ()
    worth = handoffs.figures.worth
    assert worth.unmet == 0
    assert (worth.late, worth.late_s, worth.cost) == best_worth(given)


@pytest.mark.parametrize("seed", [1, 3, 4, 6, 7])
def test_a_tiny_schedule_is_the_best_of_all(seed: int) -> None:
    compare_with_all(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150))
def test_many_tiny_schedules_are_the_best_of_all(seed: int) -> None:
    compare_with_all(seed)


@pytest.mark.parametrize("seed", [0, 4, 5])
def test_the_schedule_is_never_worse_than_the_list_and_always_good(seed: int) -> None:
    given = random_input(seed, sites=3)
    plain, better = (schedule_handoffs(given, work=work, needs=False) for work in (0, 0.2))
    assert better.greedy == plain.figures.worth
    assert better.figures.worth <= better.greedy
    assert check_handoffs(given, better) == ()


def test_the_same_is_scheduled_every_time() -> None:
    given = random_input(3)
    assert schedule_handoffs(given, work=0.2, needs=False) == schedule_handoffs(given, work=0.2, needs=False)
