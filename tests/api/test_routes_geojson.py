from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from api.files.routes_geojson import routes_geojson
from api.maps.driven import driven_legs, leg_line
from api.schemas import LegEntry, PlanDocument
from geodata.errors import BadInput
from geodata.model import LonLat, Segment
from geodata.network import Network, build_network, line_length_m


def features(plan: PlanDocument, network: Network, kind: str) -> list[dict[str, Any]]:
    found = routes_geojson(plan, network)["features"]
    return [feature for feature in found if feature["properties"]["feature"] == kind]


def test_a_leg_follows_its_arcs_and_is_cut_where_the_vehicle_starts_and_stops(
    square: Network, small_plan: PlanDocument
) -> None:
    first_loop = features(small_plan, square, "loop")[0]
    assert first_loop["geometry"]["type"] == "MultiLineString"
    assert first_loop["geometry"]["coordinates"] == [
        [[121.6, 38.905], [121.6, 38.9], [121.605, 38.902], [121.61, 38.9], [121.61, 38.9025]],
        [[121.61, 38.9025], [121.61, 38.9075]],
        [[121.61, 38.9075], [121.61, 38.91], [121.6, 38.91], [121.6, 38.905]],
    ]


def test_an_arc_against_its_edge_is_drawn_in_driving_order(square: Network, small_plan: PlanDocument) -> None:
    second_loop = features(small_plan, square, "loop")[1]
    out, back = second_loop["geometry"]["coordinates"]
    assert back == out[::-1]


def test_every_line_is_as_long_as_its_leg(square: Network, small_plan: PlanDocument) -> None:
    legs = [leg for loop in small_plan.routes[0].loops for leg in driven_legs(small_plan, square, loop)]
    lengths = [line_length_m(leg.points) if len(leg.points) else 0.0 for leg in legs]
    assert lengths == pytest.approx([leg.leg.length_m for leg in legs], rel=0.005)
    assert sum(lengths) > 7_000


def test_a_drive_round_the_block_to_an_earlier_point_of_the_same_arc_goes_all_the_way_round(square: Network) -> None:
    whole_m = float(square.edge_length_m.sum())
    half_m = line_length_m(np.array([[121.61, 38.9025], [121.61, 38.9075]]))
    leg = LegEntry(travel_s=1, length_m=whole_m - half_m, arcs=(2, 4, 6, 0, 2))
    line = leg_line(square, leg, LonLat(121.61, 38.9075), LonLat(121.61, 38.9025))
    assert line_length_m(line) == pytest.approx(whole_m - half_m, rel=1e-5)
    assert line[0].tolist() == pytest.approx([121.61, 38.9075])
    assert line[-1].tolist() == pytest.approx([121.61, 38.9025])


def test_where_an_arc_meets_itself_the_length_of_the_leg_decides() -> None:
    ring = np.array([[121.6, 38.9], [121.61, 38.9], [121.61, 38.91], [121.6, 38.9]])
    network = build_network([Segment(1, 1, ring, 1, {}, {})], name="ring", attribution="")
    junction = LonLat(121.6, 38.9)
    whole = LegEntry(travel_s=1, length_m=line_length_m(ring), arcs=(0,))
    assert leg_line(network, whole, junction, junction) == pytest.approx(ring)
    assert len(leg_line(network, whole.model_copy(update={"length_m": 0.0}), junction, junction)) == 0


def test_a_stop_at_the_same_access_point_adds_no_line(square: Network, small_plan: PlanDocument) -> None:
    lines = [leg.points for leg in driven_legs(small_plan, square, small_plan.routes[0].loops[0])]
    assert [len(line) for line in lines] == [5, 2, 0, 4]


def test_stops_say_when_and_whether_late(square: Network, small_plan: PlanDocument) -> None:
    late = features(small_plan, square, "stop")[-1]
    assert late["geometry"] == {"type": "Point", "coordinates": [121.61, 38.9025]}
    assert (
        late["properties"]
        | {
            "vehicle": "V1",
            "loop": 2,
            "number": 1,
            "site": "S4",
            "late": True,
            "late_s": 3660,
            "reason": "TOO_FAR",
            "start_at": "2022-11-21T00:01:00+08:00",
        }
        == late["properties"]
    )


def test_loops_carry_their_totals(square: Network, small_plan: PlanDocument) -> None:
    first = features(small_plan, square, "loop")[0]["properties"]
    legs = [*(stop.leg for stop in small_plan.routes[0].loops[0].stops), small_plan.routes[0].loops[0].back.leg]
    assert first["travel_s"] == 200 + 60 + 0 + 150
    assert first["length_m"] == pytest.approx(sum(leg.length_m for leg in legs), abs=0.05)
    assert (first["vehicle"], first["loop"], first["depot"], first["stops"]) == ("V1", 1, "D1", 3)


def test_depots_and_unserved_sites_are_points(square: Network, small_plan: PlanDocument) -> None:
    (depot,) = features(small_plan, square, "depot")
    (unserved,) = features(small_plan, square, "unserved")
    assert depot["geometry"]["coordinates"] == [121.6, 38.905]
    assert unserved["geometry"]["coordinates"] == [121.606, 38.906]
    assert unserved["properties"]["reason"] == "NO_CAPACITY_LEFT"
    assert unserved["properties"]["units"] == {"base": 20}


def test_it_is_plain_json_with_at_most_seven_decimals(square: Network, small_plan: PlanDocument) -> None:
    moved = small_plan.unserved[0].model_copy(update={"lon": 121.123456789})
    text = json.dumps(routes_geojson(small_plan.model_copy(update={"unserved": (moved,)}), square), allow_nan=False)
    assert "121.1234568" in text
    assert "121.12345678" not in text


def test_another_network_is_refused(small_plan: PlanDocument) -> None:
    road = Segment(1, 2, np.array([[121.6, 38.9], [121.61, 38.9]]), 1, {}, {})
    with pytest.raises(BadInput, match="another road network"):
        routes_geojson(small_plan, build_network([road], name="other", attribution=""))
