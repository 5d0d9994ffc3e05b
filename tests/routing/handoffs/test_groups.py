"""Who collects together: buildings whole, neighbours of one zone level joined, large ones in consecutive slots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routing.handoffs.groups import estimated_groups, slot_groups
from routing.handoffs.model import Door, Group, Mode, SiteInput
from routing.model import ZoneLevel


def shapes(*groups: Group, mode: Mode = Mode.COLLECTION) -> list[list[int]]:
    """Of each slot group, how many households are called in each of its slots."""
    site = SiteInput("A", mode, ("C",), groups)
    return [[sum(part.households for part in slot) for slot in each.slots] for each in slot_groups(site)]


def test_a_bare_count_makes_groups_of_45_marked_as_estimated() -> None:
    groups = estimated_groups(100, vulnerable=4)
    assert [group.households for group in groups] == [45, 45, 10]
    assert [group.vulnerable for group in groups] == [2, 1, 1]
    assert all(group.estimated for group in groups)


@given(st.integers(0, 500), st.integers(0, 500))
def test_estimated_groups_add_up(households: int, vulnerable: int) -> None:
    groups = estimated_groups(households, min(vulnerable, households))
    assert sum(group.households for group in groups) == households
    assert sum(group.vulnerable for group in groups) == min(vulnerable, households)
    assert all(group.vulnerable <= group.households <= 45 for group in groups)


def test_neighbouring_buildings_are_joined_until_the_slot_is_full() -> None:
    assert shapes(Group("1", 20), Group("2", 25), Group("3", 1)) == [[45], [1]]


def test_a_building_that_does_not_fit_beside_its_neighbour_has_a_slot_of_its_own() -> None:
    assert shapes(Group("1", 20), Group("2", 30), Group("3", 10)) == [[20], [40]]


def test_buildings_of_different_zone_levels_never_share_a_slot() -> None:
    groups = (Group("1", 10), Group("2", 10, zone=ZoneLevel.CONTROLLED), Group("3", 10, zone=ZoneLevel.CONTROLLED))
    assert shapes(*groups) == [[10], [20]]


def test_a_large_building_is_divided_by_units_where_these_fit() -> None:
    assert shapes(Group("1", 30, ("1",)), Group("1", 30, ("2",)), Group("1", 10, ("3",))) == [[30, 40]]


def test_a_large_building_of_unknown_units_is_divided_by_number() -> None:
    assert shapes(Group("1", 100), Group("2", 5)) == [[45, 45, 10], [5]]


def test_units_of_a_building_listed_apart_are_called_together() -> None:
    assert shapes(Group("1", 10, ("1",)), Group("2", 40), Group("1", 10, ("2",))) == [[20], [40]]


def test_who_is_served_at_the_door_does_not_collect() -> None:
    assert shapes(Group("1", 45, vulnerable=5), Group("2", 40)) == [[40], [40]]
    assert shapes(Group("1", 45, by_door=True), Group("2", 40), mode=Mode.MIXED) == [[40]]
    assert shapes(Group("1", 45), mode=Mode.DOOR_ROUND) == []


def test_doors_known_by_name_come_before_numbered_ones() -> None:
    group = Group("1", 4, vulnerable=2, doors=(Door("101"), Door("201", vulnerable=True)))
    assert [(door.name, door.vulnerable) for door in group.all_doors()] == [
        ("101", False),
        ("201", True),
        ("1#3", True),
        ("1#4", False),
    ]
