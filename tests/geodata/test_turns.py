"""Turn restrictions forbid the drives they speak of, and no other; what cannot be applied is listed with the reason.

Maps are drawn with letters: a letter is a node, ways are spelled by their nodes, members of relations by name.
"""

from __future__ import annotations

import random
from itertools import product
from textwrap import dedent

import numpy as np
import pytest

from geodata.junctions import Way, split_ways
from geodata.network import Network, build_network
from geodata.turns import Member, is_turn_restriction, turn_relation

CELL_DEGREES = 0.001


class Town:
    """A drawn map. ``ways``: by their letters, several separated by blanks; ``gates``: letters of barrier nodes."""

    def __init__(self, picture: str, ways: str, *, oneway: str = "", gates: str = "") -> None:
        rows = dedent(picture).strip("\n").splitlines()
        self.places = {
            ord(sign): (120.0 + column * CELL_DEGREES, 30.0 - 2 * row * CELL_DEGREES)
            for row, line in enumerate(rows)
            for column, sign in enumerate(line)
            if sign.isalpha()
        }
        self.number = {name: number for number, name in enumerate(ways.split(), start=1)}
        self._oneway = set(oneway.split())
        self._gates = {ord(letter): {"barrier": "gate"} for letter in gates}
        self._relations: list[tuple[dict[str, str], str]] = []

    def relation(self, kind: str, members: str, **tags: str) -> Town:
        """``members``: "from:ab via:b to:bc"; names of one letter are nodes, others ways, numbers unknown ways."""
        said = {"type": "restriction", **({"restriction": kind} if kind else {}), **tags}
        self._relations.append((said, members))
        return self

    def network(self) -> Network:
        segments = split_ways(
            [Way(number, tuple(map(ord, name)), self._tags(name), {}) for name, number in self.number.items()],
            self.places,
            self._gates,
        )
        relations = [
            turn_relation(number, tags, [self._member(member) for member in members.split()])
            for number, (tags, members) in enumerate(self._relations, start=1)
        ]
        return build_network(segments, name="town", attribution="", restrictions=relations)

    def _tags(self, name: str) -> dict[str, str]:
        return {"highway": "residential"} | ({"oneway": "yes"} if name in self._oneway else {})

    def _member(self, text: str) -> Member:
        role, _, name = text.partition(":")
        if name.isdigit():
            return Member("way", int(name), role)
        if name.startswith("relation"):
            return Member("relation", 1, role)
        return Member("node", ord(name), role) if len(name) == 1 else Member("way", self.number[name], role)


class Driver:
    """Drives by letters on the states and turns of a network."""

    def __init__(self, town: Town) -> None:
        self.network = town.network()
        self._letters = {place: chr(node) for node, place in town.places.items()}

    def forbidden_by(self, letters: str) -> set[str]:
        """Ids of the relations that forbid going on to the last letter, those before it having been passed."""
        state = next(arc for arc in range(self.network.arcs) if self._ends(arc) == (letters[0], letters[1]))
        for letter in letters[2:]:
            turns = self._turns_to(state, letter)
            state = int(self.network.turn_to[turns[-1]])
        return {self.network.bans[by]["id"] for turn in turns for by in self._bans(turn)}

    def drives(self, *, length: int) -> list[str]:
        """Every drive through so many letters, turning back included."""
        pairs = {self._ends(arc) for arc in range(self.network.arcs) if not self._is_joint(arc)}
        found = ["".join(pair) for pair in sorted(pairs)]
        for _ in range(length - 2):
            found = [drive + head for drive in found for tail, head in sorted(pairs) if tail == drive[-1]]
        return found

    def forbidden(self, *, length: int) -> list[str]:
        return [drive for drive in self.drives(length=length) if self.forbidden_by(drive)]

    def _turns_to(self, state: int, letter: str) -> list[int]:
        """The turns to the road to a letter: one, or several where barriers lie between, never back over one."""
        waiting = [(state, [])]
        while waiting:
            at, turned = waiting.pop(0)
            for turn in np.flatnonzero(self.network.turn_from == at).tolist():
                goes = int(self.network.turn_to[turn])
                came_arc, arc = int(self.network.state_arc[at]), int(self.network.state_arc[goes])
                if not self._is_joint(arc) and self._ends(arc)[1] == letter:
                    return [*turned, turn]
                if self._is_joint(arc) and self.network.arc_edge[came_arc] != self.network.arc_edge[arc]:
                    waiting.append((goes, [*turned, turn]))
        raise AssertionError(f"no way on to {letter}")

    def _bans(self, turn: int) -> list[int]:
        return self.network.ban_by[self.network.ban_turn == turn].tolist()

    def _is_joint(self, arc: int) -> bool:
        return "highway" not in self.network.tag_sets[self.network.edge_tags[self.network.arc_edge[arc]]]

    def _ends(self, arc: int) -> tuple[str, str]:
        points = self.network.arc_geometry(arc)
        start, end = (self._letters[float(lon), float(lat)] for lon, lat in (points[0], points[-1]))
        return start, end


CROSSING = """
      n
      |
  w---x---e
      |
      s
"""


def crossing(**changes: str) -> Town:
    return Town(CROSSING, "wx xe nx xs", **changes)


def reasons(town: Town) -> list[str]:
    network = town.network()
    assert all(each["zh"] and each["zh"] != each["en"] for each in network.unapplied)
    return [f"{each['id']}: {each['en']}" for each in network.unapplied]


# --- over a node ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "to", "drive"),
    [
        ("no_left_turn", "nx", "wxn"),
        ("no_right_turn", "xs", "wxs"),
        ("no_straight_on", "xe", "wxe"),
        ("no_u_turn", "wx", "wxw"),
    ],
)
def test_a_no_relation_forbids_its_turn_and_no_other(kind: str, to: str, drive: str) -> None:
    driver = Driver(crossing().relation(kind, f"from:wx via:x to:{to}"))
    assert driver.forbidden(length=3) == [drive]
    assert len(driver.drives(length=3)) == 4 * 4 + 4
    assert driver.network.unapplied == ()


@pytest.mark.parametrize(
    ("kind", "to", "others"),
    [
        ("only_straight_on", "xe", ["wxn", "wxs", "wxw"]),
        ("only_left_turn", "nx", ["wxe", "wxs", "wxw"]),
        ("only_right_turn", "xs", ["wxe", "wxn", "wxw"]),
        ("only_u_turn", "wx", ["wxe", "wxn", "wxs"]),
    ],
)
def test_an_only_relation_forbids_every_other_turn_from_its_way(kind: str, to: str, others: list[str]) -> None:
    assert Driver(crossing().relation(kind, f"from:wx via:x to:{to}")).forbidden(length=3) == others


def test_no_entry_is_meant_from_each_of_its_ways() -> None:
    driver = Driver(crossing().relation("no_entry", "from:wx from:nx from:xs via:x to:xe"))
    assert driver.forbidden(length=3) == ["nxe", "sxe", "wxe"]


def test_no_exit_is_meant_to_each_of_its_ways() -> None:
    driver = Driver(crossing().relation("no_exit", "from:wx via:x to:nx to:xe"))
    assert driver.forbidden(length=3) == ["wxe", "wxn"]


def test_the_tags_that_say_whom_and_when_it_binds_stay_with_the_ban() -> None:
    tags = {"except": "bicycle;psv", "restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)", "hour_on": "7"}
    network = crossing().relation("", "from:wx via:x to:nx", **tags).network()
    assert network.bans == ({"type": "restriction", **tags, "id": "1"},)
    assert len(network.ban_turn) == 1


@pytest.mark.parametrize("key", ["restriction:hgv", "restriction:hgv:conditional", "restriction:conditional"])
def test_a_restriction_for_some_is_resolved_like_one_for_all(key: str) -> None:
    town = crossing().relation("", "from:wx via:x to:nx", **{key: "no_left_turn @ (weight > 3.5)"})
    assert Driver(town).forbidden(length=3) == ["wxn"]


def test_the_old_form_of_a_restriction_for_some_is_read_in_the_new_one() -> None:
    town = crossing().relation("no_left_turn", "from:wx via:x to:nx", type="restriction:hgv")
    (tags,) = town.network().bans
    assert tags == {"type": "restriction:hgv", "restriction:hgv": "no_left_turn", "id": "1"}


def test_what_a_relation_forbids_and_what_it_prescribes_are_kept_apart() -> None:
    town = crossing().relation("only_straight_on", "from:wx via:x to:xe", **{"restriction:hgv": "no_straight_on"})
    network = town.network()
    said = [{key: tags[key] for key in tags if key.startswith("restriction")} for tags in network.bans]
    assert said == [{"restriction:hgv": "no_straight_on"}, {"restriction": "only_straight_on"}]
    assert np.bincount(network.ban_by).tolist() == [1, 3]


def test_several_relations_may_forbid_one_turn() -> None:
    town = crossing().relation("no_left_turn", "from:wx via:x to:nx")
    town.relation("only_straight_on", "from:wx via:x to:xe", **{"except": "bus"})
    assert Driver(town).forbidden_by("wxn") == {"1", "2"}


# --- ways that run past the node ----------------------------------------------------------------------------------


def test_no_u_turn_on_a_road_that_runs_on_holds_from_both_sides() -> None:
    town = Town(CROSSING, "wxe nxs").relation("no_u_turn", "from:wxe via:x to:wxe")
    assert Driver(town).forbidden(length=3) == ["exe", "wxw"]


def test_of_a_road_that_runs_on_the_side_is_meant_whose_angle_fits() -> None:
    town = Town(CROSSING, "wxe nx xs").relation("no_left_turn", "from:wxe via:x to:nx")
    assert Driver(town).forbidden(length=3) == ["wxn"]


def test_of_a_road_that_runs_on_the_side_is_meant_that_oneway_leaves_open() -> None:
    town = Town(CROSSING, "wxe nx xs", oneway="wxe").relation("no_right_turn", "from:wxe via:x to:nx")
    assert Driver(town).forbidden(length=3) == ["wxn"]


def test_a_turn_that_could_be_meant_from_either_side_is_listed() -> None:
    town = Town(CROSSING, "wxe nxs").relation("no_left_turn", "from:wxe via:x to:nxs")
    assert reasons(town) == ["1: its ways run on past 'via', so that it can be read in several ways"]


def test_no_entry_from_a_road_that_runs_on_is_meant_from_both_sides() -> None:
    town = Town(CROSSING, "wxe nx xs").relation("no_entry", "from:wxe via:x to:nx")
    assert Driver(town).forbidden(length=3) == ["exn", "wxn"]


def test_no_exit_along_a_road_that_runs_on_is_meant_both_ways_and_not_of_turning_back() -> None:
    town = Town(CROSSING, "wxe nx xs").relation("no_exit", "from:wxe via:x to:wxe")
    assert Driver(town).forbidden(length=3) == ["exw", "wxe"]


# --- over ways ----------------------------------------------------------------------------------------------------

LADDER = """
a---b---c---d
    |   |   |
e---f---g---h
"""


def ladder(ways: str = "ab bc cd ef fg gh bf cg", **changes: str) -> Town:
    return Town(LADDER, ways, **changes)


def test_a_ban_over_a_way_binds_who_came_along_all_of_it() -> None:
    driver = Driver(ladder().relation("no_u_turn", "from:ab via:bf to:ef"))
    assert driver.forbidden(length=4) == ["abfe"]
    assert driver.forbidden(length=3) == []
    assert driver.network.states == driver.network.arcs + 1


def test_a_ban_over_several_ways_is_found_whatever_their_order() -> None:
    for via in ("via:bc via:cg via:fg", "via:fg via:bc via:cg"):
        driver = Driver(ladder().relation("no_right_turn", f"from:ab {via} to:ef"))
        assert driver.forbidden(length=6) == ["abcgfe"]
        assert driver.network.states == driver.network.arcs + 3


def test_a_ban_over_a_way_split_by_a_side_street_follows_all_its_pieces() -> None:
    driver = Driver(ladder("ab bcd ef fg gh bf cg").relation("no_u_turn", "from:bf via:bcd to:cg"))
    assert driver.forbidden(length=4) == ["fbcg"]
    driver = Driver(Town(LADDER, "ab bcd bf cg dh fgh").relation("no_right_turn", "from:ab via:bcd to:dh"))
    assert driver.forbidden(length=5) == ["abcdh"]


def test_overlapping_bans_over_ways_are_all_remembered() -> None:
    town = ladder().relation("no_right_turn", "from:ab via:bc to:cg").relation("no_right_turn", "from:bc via:cg to:fg")
    town.relation("no_right_turn", "from:ab via:bc via:cg via:fg to:bf")
    driver = Driver(town)
    assert [driver.forbidden_by(drive) for drive in ("abcg", "bcgf", "abcgf", "abcgfb")] == [{"1"}, {"2"}, {"2"}, {"3"}]
    assert driver.forbidden_by("fbcg") == set()


def test_an_only_relation_over_a_way_leaves_the_turns_before_it_free() -> None:
    driver = Driver(ladder("ab bcd ef fgh bf cg dh").relation("only_right_turn", "from:ab via:bf to:ef"))
    assert driver.forbidden(length=4) == ["abfb", "abfg"]
    assert driver.forbidden(length=3) == []


# --- over barriers ------------------------------------------------------------------------------------------------


def test_a_restriction_over_a_gate_between_two_roads_is_applied_across_it() -> None:
    town = Town("a-g-b", "ag gb", gates="g").relation("no_straight_on", "from:ag via:g to:gb")
    driver = Driver(town)
    assert driver.forbidden_by("agb") == {"1"}
    assert driver.forbidden_by("bga") == set()


@pytest.mark.parametrize(
    ("kind", "to", "forbidden"),
    [
        ("no_left_turn", "nx", ["wxn"]),
        ("only_straight_on", "xe", ["wxn", "wxs"]),
    ],
)
def test_a_restriction_at_a_barred_crossing_is_applied_across_it(kind: str, to: str, forbidden: list[str]) -> None:
    driver = Driver(crossing(gates="x").relation(kind, f"from:wx via:x to:{to}"))
    over = [f"{start}x{end}" for start, end in product("ensw", repeat=2) if start != end]
    assert [drive for drive in over if driver.forbidden_by(drive)] == forbidden


def test_a_way_that_a_gate_cuts_is_followed_through_it() -> None:
    town = Town("a-b-g-c-d\n  |   |\n  e   f", "ab bgc cd eb cf", gates="g")
    driver = Driver(town.relation("no_right_turn", "from:eb via:bgc to:cf"))
    assert driver.forbidden_by("ebgcf") == {"1"}
    assert driver.forbidden_by("abgcf") == set()


# --- what cannot be applied -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "members", "reason"),
    [
        ("no_left_turn", "via:x to:nx", "has no member 'from'"),
        ("no_left_turn", "from:wx to:nx", "has no member 'via'"),
        ("no_left_turn", "from:wx via:x", "has no member 'to'"),
        ("no_left_turn", "", "has no member 'from'"),
        ("no_left_turn", "from:w via:x to:nx", "has a node as 'from'"),
        ("no_left_turn", "from:wx via:relation to:nx", "has a relation as 'via'"),
        ("no_left_turn", "from:wx via:x via:n to:nx", "has more than one node as 'via'"),
        ("no_left_turn", "from:wx via:x via:xe to:nx", "has both a node and ways as 'via'"),
        ("no_left_turn", "from:99 via:x to:nx", "way 99, 'from', is no road of this map"),
        ("no_left_turn", "from:wx via:x to:99", "way 99, 'to', is no road of this map"),
        ("no_left_turn", "from:wx via:99 to:nx", "way 99, 'via', is no road of this map"),
        ("no_left_turn", "from:wx via:n to:nx", f"way 1 does not lead to way 3 over node {ord('n')}"),
        ("no_left_turn", "from:wx via:z to:nx", f"way 1 does not lead to way 3 over node {ord('z')}"),
        ("no_left_turn", "from:wx via:nz to:xe", "way 1 does not lead to way 2 over way 5"),
        ("no_parking", "from:wx via:x to:nx", "says nothing that is known: restriction=no_parking"),
        ("give_way", "from:wx via:x to:nx", "says nothing that is known: restriction=give_way"),
        ("", "from:wx via:x to:nx", "says nothing that is known: no restriction"),
        ("only_left_turn", "from:wx via:x to:nx to:xe", "prescribes more than one way 'to'"),
        ("no_left_turn", f"from:wx {' '.join(f'via:{way}' for way in range(20, 29))} to:nx", "has more than 8 ways"),
    ],
)
def test_a_broken_relation_is_listed_with_the_reason_and_forbids_nothing(kind: str, members: str, reason: str) -> None:
    town = Town(CROSSING.replace("n", "n---z"), "wx xe nx xs nz").relation(kind, members)
    (said,) = reasons(town)
    assert said.startswith(f"1: {reason}")
    assert town.network().bans == ()
    assert len(town.network().ban_turn) == 0


def test_a_relation_with_members_beyond_counting_is_listed() -> None:
    members = " ".join(f"from:{way} to:{way}" for way in range(1, 10))
    assert reasons(crossing().relation("no_exit", f"{members} via:x")) == ["1: has too many members 'from' and 'to'"]


def test_a_relation_over_a_tangle_of_ways_is_listed_and_not_followed_for_ever() -> None:
    """Ten ways through the same forty places, each in an order of its own."""
    dice = random.Random(7)
    nodes = range(1, 41)
    places = {node: (120 + dice.random() / 100, 30 + dice.random() / 100) for node in nodes}
    ways = [Way(way, tuple(dice.sample(nodes, 40)), {"highway": "residential"}, {}) for way in range(1, 11)]
    via = [Member("way", way, "via") for way in range(2, 10)]
    tags = {"type": "restriction", "restriction": "no_u_turn"}
    relation = turn_relation(1, tags, [Member("way", 1, "from"), *via, Member("way", 10, "to")])
    network = build_network(split_ways(ways, places, {}), name="tangle", attribution="", restrictions=[relation])
    assert [reason["en"] for reason in network.unapplied] == ["its ways meet in too many places to follow them all"]


def test_of_a_relation_that_is_right_in_part_the_part_is_applied_and_the_rest_listed() -> None:
    town = crossing().relation("no_entry", "from:wx from:99 via:x to:xe")
    assert Driver(town).forbidden(length=3) == ["wxe"]
    assert reasons(town) == ["1: applied but for a part: way 99, 'from', is no road of this map"]


def test_only_relations_about_turns_are_restrictions() -> None:
    assert is_turn_restriction({"type": "restriction"})
    assert is_turn_restriction({"type": "restriction:hgv"})
    assert not is_turn_restriction({"type": "route", "restriction": "no_left_turn"})
    assert not is_turn_restriction({})


def test_a_network_remembers_its_restrictions_in_its_fingerprint() -> None:
    plain, bound = crossing(), crossing().relation("no_left_turn", "from:wx via:x to:nx")
    for_trucks = crossing().relation("", "from:wx via:x to:nx", **{"restriction:hgv": "no_left_turn"})
    prints = {town.network().fingerprint for town in (plain, bound, for_trucks)}
    assert len(prints) == 3
