"""Roads from the online services, which are played by a server on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import osmnx
import pytest

from geodata.errors import BadInput, NetworkUnavailable
from geodata.fetch import MapService, fetch_box, fetch_place
from geodata.model import Segment

BOX = (121.59, 38.89, 121.63, 38.92)

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[121.59, 38.89], [121.63, 38.89], [121.63, 38.92], [121.59, 38.92], [121.59, 38.89]]],
}


def node(number: int, **tags: str) -> dict[str, Any]:
    """Node n lies n thousandths of a degree east of 121.6 E, on 38.9 N."""
    return {"type": "node", "id": number, "lat": 38.9, "lon": 121.6 + number / 1000, "tags": tags}


def way(number: int, nodes: list[int], **tags: str) -> dict[str, Any]:
    return {"type": "way", "id": number, "nodes": nodes, "tags": {"highway": "residential"} | tags}


@dataclass
class Answers:
    """What the two services say, and what they were asked."""

    elements: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    remark: str = ""
    asked: list[str] = field(default_factory=list)

    def to(self, path: str) -> bytes:
        if self.body is not None:
            return self.body
        if "search" in path:
            return json.dumps(self.places).encode()
        remark = {"remark": self.remark} if self.remark else {}
        return json.dumps({"version": 0.6, "elements": self.elements} | remark).encode()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # osmnx is polite to public services
    return Answers()


@pytest.fixture
def service(answers: Answers) -> Iterator[MapService]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(body.decode())

        def do_GET(self) -> None:
            self.answer(self.path)

        def answer(self, asked: str) -> None:
            answers.asked.append(asked)
            content = answers.to(self.path)
            self.send_response(answers.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield MapService(overpass_url=f"{url}/api", nominatim_url=url, timeout_s=5)
        server.shutdown()


def ends(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    return sorted((segment.tail, segment.head) for segment in segments)


def test_ways_are_split_where_they_meet_and_keep_their_tags(answers: Answers, service: MapService) -> None:
    answers.elements = [
        *[node(number) for number in range(1, 7)],
        way(7, [1, 2, 3, 4], name="人民路", maxspeed="50", oneway="yes", access="destination"),
        way(8, [5, 3, 6], surface="asphalt"),
    ]
    segments = fetch_box(*BOX, service=service).segments
    assert ends(segments) == [(1, 3), (3, 4), (3, 6), (5, 3)]
    first = next(segment for segment in segments if segment.tail == 1)
    assert first.tags == {"highway": "residential", "maxspeed": "50", "oneway": "yes", "access": "destination"}
    assert first.names == {"name": "人民路"}
    assert first.points[:, 0] == pytest.approx([121.601, 121.602, 121.603])
    assert (first.way, first.forward, first.backward) == (7, True, True)


@pytest.mark.parametrize("oneway", ["yes", "-1", "no", "reverse"])
def test_a_way_keeps_its_own_direction(answers: Answers, service: MapService, oneway: str) -> None:
    answers.elements = [node(1), node(2), node(3), way(7, [3, 2, 1], oneway=oneway)]
    (segment,) = fetch_box(*BOX, service=service).segments
    assert (segment.tail, segment.head, segment.tags["oneway"]) == (3, 1, oneway)


def test_rings_and_lollipops_are_put_together(answers: Answers, service: MapService) -> None:
    answers.elements = [
        *[node(number) for number in range(1, 10)],
        way(7, [1, 2, 3, 1]),
        way(8, [5, 6, 7, 8, 6]),
    ]
    assert ends(fetch_box(*BOX, service=service).segments) == [(1, 1), (5, 6), (6, 6)]


def test_a_barrier_is_set_apart(answers: Answers, service: MapService) -> None:
    answers.elements = [node(1), node(2, barrier="gate", access="private"), node(3), way(7, [1, 2, 3])]
    segments = fetch_box(*BOX, service=service).segments
    assert len(segments) == 3
    assert segments[2].tags == {"barrier": "gate", "access": "private"}


def test_signals_face_the_traffic_they_say(answers: Answers, service: MapService) -> None:
    signal = {"highway": "traffic_signals", "traffic_signals:direction": "forward"}
    answers.elements = [node(1), node(2, **signal), node(3), way(7, [1, 2, 3])]
    before, after = fetch_box(*BOX, service=service).segments
    assert (before.signal_forward, after.signal_backward) == (True, False)


def relation(number: int, *members: tuple[str, int, str]) -> dict[str, Any]:
    inside = [{"type": kind, "ref": ref, "role": role} for kind, ref, role in members]
    tags = {"type": "restriction", "restriction": "no_left_turn"}
    return {"type": "relation", "id": number, "members": inside, "tags": tags}


def test_the_turn_restrictions_of_the_roads_are_fetched_with_them(answers: Answers, service: MapService) -> None:
    answers.elements = [
        *[node(number) for number in range(1, 4)],
        way(7, [1, 2]),
        way(8, [2, 3]),
        relation(5, ("way", 7, "from"), ("node", 2, "via"), ("way", 8, "to")),
        relation(6, ("way", 70, "from"), ("node", 90, "via"), ("way", 80, "to")),
    ]
    (found,) = fetch_box(*BOX, service=service).relations
    assert (found.id, found.from_ways, found.via_node, found.to_ways) == (5, (7,), 2, (8,))
    assert found.tags == {"type": "restriction", "restriction": "no_left_turn"}
    assert "38.9,121.601,38.9,121.603" in unquote(answers.asked[1])


@pytest.mark.parametrize(
    "broken", [{"type": "relation", "id": 5}, {"type": "relation", "id": 5, "tags": {}, "members": [{"ref": 1}]}]
)
def test_restrictions_that_make_no_sense_are_no_road_network(
    answers: Answers, service: MapService, broken: dict[str, Any]
) -> None:
    answers.elements = [node(1), node(2), way(7, [1, 2]), broken]
    with pytest.raises(NetworkUnavailable, match="other than roads"):
        fetch_box(*BOX, service=service)


def test_a_place_is_looked_up_and_its_roads_fetched(answers: Answers, service: MapService) -> None:
    answers.places = [
        {
            "place_id": 1,
            "osm_type": "relation",
            "osm_id": 2,
            "lat": "38.9",
            "lon": "121.6",
            "class": "boundary",
            "type": "administrative",
            "importance": 0.5,
            "display_name": "中山区",
            "boundingbox": ["38.89", "38.92", "121.59", "121.63"],
            "geojson": SQUARE,
        }
    ]
    answers.elements = [node(1), node(2), way(7, [1, 2])]
    assert ends(fetch_place("中山区, 大连市", service=service).segments) == [(1, 2)]
    assert "%E4%B8%AD%E5%B1%B1%E5%8C%BA" in answers.asked[0]


def test_the_service_is_asked_for_every_kind_of_road(answers: Answers, service: MapService) -> None:
    answers.elements = [node(1), node(2), way(7, [1, 2])]
    fetch_box(*BOX, service=service)
    assert "residential" in answers.asked[0]
    assert "footway" in answers.asked[0]
    assert "construction" not in answers.asked[0]


def test_the_settings_of_osmnx_and_the_resolver_are_left_as_they_were(answers: Answers, service: MapService) -> None:
    def state() -> dict[str, Any]:
        return {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("__")}

    before, resolver = dict(state()), socket.getaddrinfo
    answers.elements = [node(1), node(2), way(7, [1, 2])]
    fetch_box(*BOX, service=service)
    answers.status = 504
    with pytest.raises(NetworkUnavailable):
        fetch_box(*BOX, service=service)
    assert state() == before
    assert socket.getaddrinfo is resolver


# --- failures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_said_to_be_busy_and_not_waited_for(
    answers: Answers, service: MapService, status: int
) -> None:
    answers.status = status
    with pytest.raises(NetworkUnavailable, match="busy") as caught:
        fetch_box(*BOX, service=service)
    assert "繁忙" in caught.value.message.zh
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>proxy login</html>"),
        (500, b"oops"),
        (400, b"{}"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"elements": [{"type": "way", "id": 1}]}'),
        (200, b'{"elements": [{"type": "node", "id": 1}]}'),
    ],
)
def test_an_answer_that_is_no_road_network_is_said_so(
    answers: Answers, service: MapService, status: int, body: bytes
) -> None:
    answers.status, answers.body = status, body
    with pytest.raises(NetworkUnavailable):
        fetch_box(*BOX, service=service)


def test_an_answer_aborted_half_way_is_not_taken_for_a_whole_one(answers: Answers, service: MapService) -> None:
    answers.elements = [node(1), node(2), way(7, [1, 2])]
    answers.remark = 'runtime error: Query timed out in "query" at line 1 after 25 seconds.'
    with pytest.raises(NetworkUnavailable, match="gave up"):
        fetch_box(*BOX, service=service)


def test_no_service_at_all_is_said_so(answers: Answers) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(NetworkUnavailable, match="did not answer"):
        fetch_box(*BOX, service=MapService(overpass_url=url, nominatim_url=url, timeout_s=2))
    with pytest.raises(NetworkUnavailable, match="did not answer"):
        fetch_place("中山区", service=MapService(overpass_url=url, nominatim_url=url, timeout_s=2))


def test_a_box_without_roads_is_bad_input(answers: Answers, service: MapService) -> None:
    with pytest.raises(BadInput, match="holds no road"):
        fetch_box(*BOX, service=service)


def test_a_place_nobody_knows_is_bad_input(answers: Answers, service: MapService) -> None:
    with pytest.raises(BadInput, match="unknown"):
        fetch_place("nowhere", service=service)
    with pytest.raises(BadInput, match="no place"):
        fetch_place("  ", service=service)


def test_a_place_without_a_boundary_is_bad_input(answers: Answers, service: MapService) -> None:
    answers.places = [
        {
            "place_id": 1,
            "lat": "38.9",
            "lon": "121.6",
            "class": "highway",
            "type": "bus_stop",
            "importance": 0.1,
            "display_name": "a bus stop",
            "boundingbox": ["38.9", "38.9", "121.6", "121.6"],
            "geojson": {"type": "Point", "coordinates": [121.6, 38.9]},
        }
    ]
    with pytest.raises(BadInput, match="no boundary"):
        fetch_place("a bus stop", service=service)


@pytest.mark.parametrize(
    "box", [(121.6, 38.9, 121.5, 39.0), (121.5, 39.0, 121.6, 38.9), (-200, 0, 1, 1), (0, 0, 1, 91), (0, 0, 3, 1)]
)
def test_a_box_that_is_none_or_too_wide_is_bad_input(
    answers: Answers, service: MapService, box: tuple[float, float, float, float]
) -> None:
    with pytest.raises(BadInput):
        fetch_box(*box, service=service)
    assert answers.asked == []
