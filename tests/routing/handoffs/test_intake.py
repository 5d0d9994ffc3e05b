"""Bad input is refused with every complaint, each with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from geodata.errors import BadInput
from routing.handoffs import schedule_handoffs
from routing.handoffs.model import BayOwner, Crew, Door, Group, HandoffInput, Lanes, SiteInput, Volunteer
from routing.model import Interval, ZoneLevel
from tests.routing.handoffs.inputs import arrival, asked

GOOD = asked(arrival("a"))


def pointers(given: HandoffInput) -> list[str]:
    with pytest.raises(BadInput) as caught:
        schedule_handoffs(given)
    return [complaint.pointer for complaint in caught.value.complaints]


def with_site(**members: Any) -> HandoffInput:
    return replace(GOOD, sites=(replace(GOOD.sites[0], **members),))


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (replace(GOOD, owners=(BayOwner("A", 0),)), "owners/0/bays"),
        (replace(GOOD, owners=(BayOwner("A", gap_s=-1),)), "owners/0/gap_s"),
        (replace(GOOD, owners=()), "arrivals/0/owner"),
        (replace(GOOD, sites=()), "arrivals/0/site"),
        (replace(GOOD, sites=GOOD.sites * 2), "sites"),
        (with_site(crews=()), "sites/0/crews"),
        (with_site(crews=("nobody",)), "sites/0/crews"),
        (with_site(volunteers=("nobody",)), "sites/0/volunteers"),
        (with_site(sorting_per_minute=0.0), "sites/0/sorting_per_minute"),
        (with_site(per_round=0), "sites/0"),
        (with_site(lanes=Lanes(count=0)), "sites/0/lanes"),
        (with_site(lanes=Lanes(length_m=1.0)), "sites/0/lanes"),
        (with_site(hours=Interval(9, 9)), "sites/0/hours"),
        (with_site(groups=(Group("1", 3, vulnerable=4),)), "sites/0/groups/0/vulnerable"),
        (with_site(groups=(Group("1", 1, doors=(Door("1"), Door("2"))),)), "sites/0/groups/0/doors"),
        (with_site(groups=(Group("1", 2, doors=(Door("1"), Door("1"))),)), "sites/0/groups/0/doors"),
        (with_site(groups=(Group("1", 2, minutes=-1.0),)), "sites/0/groups/0/minutes"),
        (with_site(groups=(Group("1", 1), Group("1", 2))), "sites/0/groups/0"),
        (with_site(groups=(Group("1", 1, ("1",)), Group("1", 2, zone=ZoneLevel.SEALED))), "sites/0/groups"),
        (replace(GOOD, crews=(Crew("C", 0),)), "crews/0/persons"),
        (replace(GOOD, crews=(Crew("C", hours=Interval(9, 9)),)), "crews/0/hours"),
        (replace(GOOD, crews=(Crew("C", travel_s={("A", "B"): -1}),)), "crews/0/travel_s"),
        (replace(GOOD, volunteers=(Volunteer("F", Interval(9, 9)),)), "volunteers/0/hours"),
        (replace(GOOD, arrivals=(arrival("a", after="b"),)), "arrivals/0/after"),
        (replace(GOOD, arrivals=(arrival("a", service_s=-1),)), "arrivals/0"),
        (replace(GOOD, arrivals=(arrival("a", 60, start_s=0),)), "arrivals/0"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given: HandoffInput, pointer: str) -> None:
    assert f"/handoffs/{pointer}" in pointers(given)


def test_a_crew_of_two_sites_needs_the_way_between_them() -> None:
    given = asked(arrival("a"), sites=(SiteInput("A", crews=("C",)), SiteInput("B", crews=("C",))))
    assert pointers(given) == ["/handoffs/crews"]


def test_every_complaint_is_made_at_once() -> None:
    given = replace(GOOD, owners=(BayOwner("A", 0),), crews=(Crew("C", 0),))
    assert set(pointers(given)) == {"/handoffs/owners/0/bays", "/handoffs/crews/0/persons"}
