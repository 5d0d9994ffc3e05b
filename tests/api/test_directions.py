"""The turn lists of a plan, on the square one can reckon by hand."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.directions import locations_of, plan_directions, shares
from api.files.workbook import write_workbook
from api.scenarios import scenario_of
from api.schemas import DirectionsDocument, PlanDocument, ScenarioDocument
from geodata.errors import BadInput
from geodata.model import LonLat, Segment
from geodata.network import Network, build_network
from geodata.roads import open_roads
from tests.api.conftest import DEPOT, FIRST


@pytest.fixture
def given_directions(square: Network, small_plan: PlanDocument) -> DirectionsDocument:
    east_of_the_road = LonLat(FIRST[0] + 0.001, FIRST[1])
    return plan_directions(
        small_plan, square, lambda *_: open_roads(square), {"S1": east_of_the_road, "S4": east_of_the_road}
    )


def test_there_is_a_list_for_every_leg_in_the_order_of_the_plan(given_directions: DirectionsDocument) -> None:
    legs = [(leg.vehicle, leg.loop, leg.number, leg.origin, leg.destination) for leg in given_directions.legs]
    assert legs == [
        ("V1", 1, 1, "D1", "S1"),
        ("V1", 1, 2, "S1", "S2"),
        ("V1", 1, 3, "S2", "S3"),
        ("V1", 1, 4, "S3", "D1"),
        ("V1", 2, 1, "D1", "S4"),
        ("V1", 2, 2, "S4", "D1"),
    ]
    assert [leg.visit for leg in given_directions.legs] == ["S1#1", "S2#1", "S3#1", None, "S4#1", None]


def test_a_leg_without_a_junction_sets_out_and_arrives(given_directions: DirectionsDocument) -> None:
    depart, arrive = given_directions.legs[0].steps
    assert depart.text.zh == "向南出发，沿人民路行驶 1.8 公里"
    assert arrive.text.en == "Arrive; the destination is on the right"
    assert (arrive.lon, arrive.lat, arrive.travel_s, arrive.length_m) == (*FIRST, 0, 0.0)


def test_no_side_is_told_of_a_place_that_is_only_known_on_the_road(given_directions: DirectionsDocument) -> None:
    assert given_directions.legs[3].steps[-1].text.zh == "到达目的地"


def test_a_leg_that_does_not_move_has_no_steps(given_directions: DirectionsDocument) -> None:
    assert given_directions.legs[2].steps == ()


def test_the_steps_of_a_leg_add_up_to_what_the_plan_says_of_it(given_directions: DirectionsDocument) -> None:
    for leg in given_directions.legs:
        assert sum(step.travel_s for step in leg.steps) == leg.travel_s
        assert sum(step.length_m for step in leg.steps) == pytest.approx(round(leg.length_m, 1))


@given(total=st.integers(0, 100_000), parts=st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30))
def test_shares_are_whole_add_up_and_are_less_than_one_from_the_proportion(total: int, parts: list[float]) -> None:
    found = shares(total, parts)
    assert sum(found) == total
    assert min(found) >= 0
    if sum(parts) > 0:
        exact = [total * part / sum(parts) for part in parts]
        assert all(abs(share - wanted) <= 1.0 + 1e-6 for share, wanted in zip(found, exact, strict=True))


def test_what_takes_no_time_is_shared_equally() -> None:
    assert shares(4, [0.0, 0.0]) == [2, 2]


def test_another_network_is_refused(square: Network, small_plan: PlanDocument) -> None:
    road = Segment(1, 2, square.geometry(0), 1, {"highway": "residential"}, {})
    other = build_network([road], name="other", attribution="")
    with pytest.raises(BadInput, match="another road network"):
        plan_directions(small_plan, other, lambda *_: open_roads(other), {})


def test_a_place_lies_where_its_access_point_is(small_scenario: dict[str, Any]) -> None:
    small_scenario["access_points"] = [{"id": "gate", "name": "北门", "lon": 121.6101, "lat": 38.9011}]
    small_scenario["sites"][0]["access_point"] = "gate"
    found = locations_of(scenario_of(ScenarioDocument.model_validate(small_scenario)))
    assert found["S1"] == LonLat(121.6101, 38.9011)
    assert found["S2"] == pytest.approx((121.61, 38.902))
    assert found["D1"] == DEPOT


@pytest.mark.parametrize(
    ("lang", "name", "column"), [("zh", "行车指引", "行车指引"), ("en", "Directions", "Direction")]
)
def test_the_workbook_has_a_row_per_step(
    small_plan: PlanDocument, given_directions: DirectionsDocument, lang: str, name: str, column: str
) -> None:
    stream = io.BytesIO()
    write_workbook(small_plan, stream, directions=given_directions, lang=lang)
    heading, *rows = openpyxl.load_workbook(stream)[name].iter_rows(values_only=True)
    told = [row[heading.index(column)] for row in rows]
    assert told == [getattr(step.text, lang) for leg in given_directions.legs for step in leg.steps]
    assert len(told) == 10
