"""Small cases whose best schedule is reckoned in the comment.

Unless said otherwise unloading takes 600 s, disinfection 600 s and sorting nothing; a slot takes 900 s, a household 20 s.
"""

from __future__ import annotations

from dataclasses import replace

from routing.handoffs import schedule_handoffs
from routing.handoffs.check import check_handoffs
from routing.handoffs.model import (
    BayOwner,
    Crew,
    Door,
    Foot,
    Group,
    HandoffInput,
    Handoffs,
    Lack,
    Lanes,
    Mode,
    SiteInput,
    Volunteer,
    Work,
)
from routing.model import Interval
from tests.routing.handoffs.inputs import arrival, asked

COLLECTING = SiteInput("A", crews=("C",))


def buildings(*households: int) -> tuple[Group, ...]:
    return tuple(Group(f"{number}", count) for number, count in enumerate(households, start=1))


def scheduled(given: HandoffInput) -> Handoffs:
    handoffs = schedule_handoffs(given)
    assert check_handoffs(given, handoffs) == ()
    return handoffs


def taken(handoffs: Handoffs) -> dict[str, int]:
    return {slot.stop: slot.taken_s for slot in handoffs.bays}


def called(handoffs: Handoffs) -> list[tuple[int, int]]:
    """Of each slot its start and how many it is for."""
    return [(slot.start_s, slot.households) for slot in handoffs.slots]


def test_of_two_vans_at_one_bay_the_second_waits_until_it_is_disinfected() -> None:
    # The first unloads from 0 to 600, the bay is clean at 1200.
    handoffs = scheduled(asked(arrival("a"), arrival("b", 60)))
    assert taken(handoffs) == {"a": 0, "b": 1_200}
    assert handoffs.figures.waiting_s == 1_140


def test_two_bays_help_only_as_far_as_there_are_crews() -> None:
    # One crew unloads one van after the other; two crews unload both at once.
    two_bays = (BayOwner("A", 2),)
    one_crew = asked(arrival("a"), arrival("b"), owners=two_bays)
    assert sorted(taken(scheduled(one_crew)).values()) == [0, 600]
    crews = (Crew("C"), Crew("D"))
    both = asked(
        arrival("a"), arrival("b"), owners=two_bays, sites=(replace(COLLECTING, crews=("C", "D")),), crews=crews
    )
    early = scheduled(replace(both, policy="early", sites=(replace(both.sites[0], groups=buildings(45)),)))
    assert sorted(taken(early).values()) == [0, 0]


def test_few_people_on_duty_may_be_worth_a_wait() -> None:
    # A second crew would save 45 households 600 s: 45 * 600 * (2 + 1) = 81,000 household-seconds; as two persons it costs
    # 1,200 under "early", 12,000 under "balanced" and 720,000 under "few_people".
    given = asked(
        arrival("a"),
        arrival("b"),
        owners=(BayOwner("A", 2),),
        sites=(replace(COLLECTING, crews=("C", "D"), groups=buildings(45)),),
        crews=(Crew("C"), Crew("D")),
    )
    crews = {
        policy: scheduled(replace(given, policy=policy)).figures.crews for policy in ("early", "balanced", "few_people")
    }
    assert crews == {"early": 2, "balanced": 2, "few_people": 1}


def test_a_shared_crew_needs_its_way_between_two_sites() -> None:
    # At A until 600, 300 s on the way, at B from 900.
    given = asked(
        arrival("a"),
        arrival("b", site="B"),
        sites=(COLLECTING, replace(COLLECTING, id="B")),
        crews=(Crew("C", travel_s={("A", "B"): 300}),),
    )
    assert sorted(taken(scheduled(given)).values()) == [0, 900]


def test_a_shared_crew_unloads_the_next_vehicle_before_it_sorts_if_that_one_must_not_wait() -> None:
    # 40 crates at 4 a minute and person take two persons 300 s. The van at B must begin at 600: A is sorted from 1200.
    given = asked(
        arrival("a", crates=40),
        arrival("b", 600, site="B", latest_s=600),
        sites=(COLLECTING, replace(COLLECTING, id="B")),
        crews=(Crew("C", travel_s={("A", "B"): 0}),),
    )
    handoffs = scheduled(given)
    sorting = next(task for task in handoffs.tasks if (task.stop, task.work) == ("a", Work.SORT))
    assert taken(handoffs) == {"a": 0, "b": 600}
    assert (sorting.start_s, sorting.end_s) == (1_200, 1_500)


def test_of_three_buildings_at_one_lane_the_largest_goes_first() -> None:
    # 40, 20 and 30 households cannot share a slot of 45. With all goods at 600, most people per slot first is best:
    # 40 from 600, 30 from 1500, 20 from 2400. Household n of a slot has its goods 20 n s after the start:
    # (40*600 + 20*820) + (30*1500 + 20*465) + (20*2400 + 20*210) = 40400 + 54300 + 52200 = 146900, over 90: 1632.2.
    handoffs = scheduled(asked(arrival("a"), sites=(replace(COLLECTING, groups=buildings(40, 20, 30)),)))
    assert called(handoffs) == [(600, 40), (1_500, 30), (2_400, 20)]
    assert (handoffs.figures.mean_s, handoffs.figures.last_s) == (1_632, 2_800)


def test_a_building_larger_than_a_slot_takes_consecutive_ones() -> None:
    # 100 households: 45 + 45 + 10. Building 2 with 40 per slot waits 2700 s if it comes after, building 1 900 s if it does:
    # 40 * 2700 = 108000 against 100 * 900 = 90000 for the mean, so the small one comes first. The last household then
    # has its goods at 600 + 900 + 1800 + 10 * 20 = 3500 against 600 + 2700 + 40 * 20 = 4100: also better.
    handoffs = scheduled(asked(arrival("a"), sites=(replace(COLLECTING, groups=buildings(100, 40)),)))
    assert called(handoffs) == [(600, 40), (1_500, 45), (2_400, 45), (3_300, 10)]
    assert handoffs.figures.last_s == 3_500


def test_two_lanes_serve_two_groups_at_a_time() -> None:
    site = replace(COLLECTING, groups=buildings(40, 30, 20), lanes=Lanes(count=2))
    handoffs = scheduled(asked(arrival("a"), sites=(site,)))
    assert called(handoffs) == [(600, 40), (600, 30), (1_500, 20)]


def test_a_group_whose_goods_come_twice_collects_once_when_all_is_there() -> None:
    # Unloaded at 600 and 3600.
    site = replace(COLLECTING, groups=buildings(45))
    given = asked(arrival("a"), arrival("b", 3_000), sites=(site,))
    assert called(scheduled(given)) == [(3_600, 45)]
    twice = replace(given, sites=(replace(site, twice=True),))
    assert called(scheduled(twice)) == [(600, 45), (3_600, 45)]


def test_buildings_whose_goods_come_with_different_vehicles_do_not_wait_for_each_other() -> None:
    site = replace(COLLECTING, groups=buildings(45, 45))
    first = arrival("a", buildings=frozenset({"1"}))
    given = asked(first, arrival("b", 3_000, buildings=frozenset({"2"})), sites=(site,))
    assert called(scheduled(given)) == [(600, 45), (3_600, 45)]


def test_the_van_that_many_wait_for_goes_before_the_one_that_comes_first() -> None:
    # In the order of coming, 5 households have goods from 600 and 40 from 1800: 75,000 s together until their slots begin.
    # The other way round the 40 begin at 660 and the 5 at 1860: 26,400 + 9,300 = 35,700 s.
    site = replace(COLLECTING, groups=buildings(5, 41))
    few = arrival("a", buildings=frozenset({"1"}))
    given = asked(few, arrival("b", 60, buildings=frozenset({"2"})), sites=(site,))
    handoffs = scheduled(given)
    assert taken(handoffs) == {"b": 60, "a": 1_260}
    assert called(handoffs) == [(660, 41), (1_860, 5)]
    assert handoffs.improved == 1
    assert handoffs.figures.worth < handoffs.greedy


def test_after_a_cold_handoff_the_crew_comes_when_the_gap_is_over_and_the_bay_is_free_when_it_has_gone() -> None:
    # Set down until 600, the crew at the bay from 1200 to 1800, then the second van; taken away 600 + 600 later.
    given = asked(arrival("a"), arrival("b"), sites=(replace(COLLECTING, cold=True),))
    handoffs = scheduled(given)
    assert taken(handoffs) == {"a": 0, "b": 1_800}
    picked = [(task.start_s, task.end_s) for task in handoffs.tasks if task.work is Work.PICK_UP]
    assert picked == [(1_200, 1_800), (3_000, 3_600)]


def test_nobody_collects_in_quiet_hours() -> None:
    # Goods at 600; 900 s do not fit before 700; the first whole minute after 2000 is 2040.
    site = replace(COLLECTING, groups=buildings(45), quiet=(Interval(700, 2_000),))
    assert called(scheduled(asked(arrival("a"), sites=(site,)))) == [(2_040, 45)]


def test_who_finds_no_slot_before_closing_is_said_with_what_would_do() -> None:
    # From 600 to 2400 there are two slots for three groups; a second lane would do, or 15 minutes more.
    site = replace(COLLECTING, groups=buildings(45, 45, 45), hours=Interval(0, 2_400))
    handoffs = scheduled(asked(arrival("a"), sites=(site,)))
    (unmet,) = handoffs.unmet
    assert (unmet.lack, unmet.households, dict(unmet.needs)) == (Lack.LANE, 45, {"lanes": 1, "minutes": 15})
    assert unmet.message is not None
    assert "45" in unmet.message.zh


def test_the_vehicle_with_the_least_time_to_spare_takes_the_bay_first() -> None:
    given = asked(arrival("a", latest_s=1_200), arrival("b", latest_s=0))
    handoffs = scheduled(given)
    assert taken(handoffs) == {"b": 0, "a": 1_200}
    assert handoffs.unmet == ()


def test_a_wait_that_breaks_a_target_is_said_with_the_bays_and_crews_that_would_do() -> None:
    # Both must begin at 0: the second is 1200 s late. A bay alone leaves one crew for two vans, a crew alone one bay.
    handoffs = scheduled(asked(arrival("a", latest_s=0), arrival("b", latest_s=0)))
    (unmet,) = handoffs.unmet
    assert (unmet.lack, unmet.delay_s, dict(unmet.needs)) == (Lack.LATE, 1_200, {"crews_and_bays": 1})


def test_a_vehicle_that_waited_comes_later_to_its_next_stop() -> None:
    # It waits until 1200 at A, leaves at 1800 and is at B 300 s later, planned for 900 + 60.
    given = asked(
        arrival("a", latest_s=0),
        arrival("b", 60, vehicle="V"),
        arrival("c", 960, site="B", vehicle="V", after="b", lead_s=300),
        sites=(COLLECTING, replace(COLLECTING, id="B", crews=("D",))),
        crews=(Crew("C"), Crew("D")),
    )
    handoffs = scheduled(given)
    assert taken(handoffs) == {"a": 0, "b": 1_200, "c": 2_100}
    assert next(slot.arrival_s for slot in handoffs.bays if slot.stop == "c") == 2_100


def test_at_a_gate_the_crew_inside_carries_in_and_doors_are_served() -> None:
    # Unloaded at 600, carried in and counted for 240 s, parcels taken up from 840 to 900, a minute's walk and 45 s of
    # stairs to the first door: there at 1005, left at 1025, it opens at 1035. The second is 45 s on: 1070 to 1090.
    # Back after 45 + 60 s at 1195.
    site = SiteInput("A", Mode.GATE, ("C",), (Group("1", 2, minutes=1.0),), carry_s=240, volunteers=("F",))
    given = asked(arrival("a", owner="gate"), sites=(site,), volunteers=(Volunteer("F"),))
    (one,) = scheduled(given).rounds
    assert (one.start_s, one.back_s) == (840, 1_195)
    assert [(call.at_s, call.left_s, call.opens_s) for call in one.calls] == [
        (1_005, 1_025, 1_035),
        (1_070, 1_090, 1_100),
    ]


def test_sites_behind_one_gate_share_its_bay() -> None:
    sites = (SiteInput("A", Mode.GATE, ("C",)), SiteInput("B", Mode.GATE, ("D",)))
    given = asked(
        arrival("a", owner="gate"),
        arrival("b", owner="gate", site="B"),
        sites=sites,
        crews=(Crew("C"), Crew("D")),
    )
    assert sorted(taken(scheduled(given)).values()) == [0, 1_200]


def test_a_site_crew_takes_the_kits_in() -> None:
    # 40 crates by two persons at 4 a minute: 300 s after unloading.
    given = asked(arrival("a", crates=40), sites=(SiteInput("A", Mode.SITE_CREW, ("C",)),))
    handoffs = scheduled(given)
    assert [(task.work, task.end_s) for task in handoffs.tasks] == [(Work.UNLOAD, 600), (Work.CARRY_IN, 900)]
    assert handoffs.figures.last_s == 900


def test_one_volunteer_for_ten_households_and_nobody_takes_parcels_up_with_another() -> None:
    # 25 doors make rounds of 8, 8 and 9; parcels are taken up for 60 s one after another.
    names = ("F1", "F2", "F3")
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), buildings(25), volunteers=names)
    handoffs = scheduled(asked(arrival("a"), sites=(site,), volunteers=tuple(map(Volunteer, names))))
    assert sorted(len(each.calls) for each in handoffs.rounds) == [8, 8, 9]
    assert sorted(each.start_s for each in handoffs.rounds) == [600, 660, 720]
    assert {each.volunteer for each in handoffs.rounds} == set(names)


def test_too_few_volunteers_are_said_with_the_number_that_would_do() -> None:
    # A round of ten doors takes 60 + 45 + 10 * 20 + 9 * 45 + 45 = 755 s. Closing 800 s after the goods, each of three
    # rounds needs a volunteer of its own, and the third is taken up 120 s later, beyond closing: 800 < 875.
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), buildings(30), volunteers=("F",), hours=Interval(0, 1_400))
    given = asked(arrival("a"), sites=(site,), volunteers=(Volunteer("F"),))
    (unmet,) = scheduled(given).unmet
    assert (unmet.lack, unmet.households) == (Lack.VOLUNTEER, 20)
    assert "volunteers" not in unmet.needs
    longer = replace(given, sites=(replace(site, hours=Interval(0, 1_500)),))
    (unmet,) = scheduled(longer).unmet
    assert unmet.needs["volunteers"] == 2


def test_who_cannot_come_down_is_served_at_the_door_and_before_others() -> None:
    # Of 12 households two cannot come down. In a collection the rest come to the lane; by door, those two lead the round.
    group = Group("1", 12, vulnerable=2)
    site = SiteInput("A", Mode.COLLECTION, ("C",), (group,), volunteers=("F",))
    given = asked(arrival("a"), sites=(site,), volunteers=(Volunteer("F"),))
    handoffs = scheduled(given)
    assert called(handoffs) == [(600, 10)]
    assert [call.vulnerable for each in handoffs.rounds for call in each.calls] == [True, True]
    by_door = replace(given, sites=(replace(site, mode=Mode.DOOR_ROUND, per_round=12),))
    (one,) = scheduled(by_door).rounds
    assert [call.vulnerable for call in one.calls] == [True] * 2 + [False] * 10


def test_an_absent_crew_leaves_a_stop_that_is_said_with_the_minutes_that_would_do() -> None:
    # On duty until 500, unloading ends at 600: two minutes more.
    handoffs = scheduled(asked(arrival("a"), crews=(Crew("C", hours=Interval(0, 500)),)))
    (unmet,) = handoffs.unmet
    assert (unmet.lack, unmet.stop, dict(unmet.needs)) == (Lack.CREW, "a", {"minutes": 2})


def test_buffers_are_kept_after_sorting_after_slots_and_at_the_bay() -> None:
    site = replace(COLLECTING, groups=buildings(45, 45), buffer_s=300)
    given = asked(arrival("a"), arrival("b"), sites=(site,), owners=(BayOwner("A", buffer_s=120),))
    handoffs = scheduled(given)
    # The second van at 1200 + 120, sorted at 1920, slots from 2220 and 2220 + 900 + 300.
    assert sorted(taken(handoffs).values()) == [0, 1_320]
    assert called(handoffs) == [(2_220, 45), (3_420, 45)]


def test_a_lift_is_taken_where_it_is_quicker_than_stairs() -> None:
    # Sixth floor: five floors by stairs take 90 s, by lift 40 + 15 = 55 s.
    site = SiteInput("A", Mode.DOOR_ROUND, ("C",), foot=Foot(), volunteers=("F",))
    for lift, rise_s in ((False, 90), (True, 55)):
        group = Group("1", 1, lift=lift, doors=(Door("601", "1", 6),))
        given = asked(arrival("a"), sites=(replace(site, groups=(group,)),), volunteers=(Volunteer("F"),))
        (one,) = scheduled(given).rounds
        assert one.calls[0].at_s == 600 + 60 + rise_s
