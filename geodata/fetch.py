"""Roads fetched from OpenStreetMap over the net. The only module that goes online."""

from __future__ import annotations

import re
import socket
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from geodata.errors import BadInput, NetworkUnavailable, Text
from geodata.junctions import Way, split_ways
from geodata.model import RoadMap, Segment, TurnRelation
from geodata.tags import KEPT_KEYS, NAME_KEYS, ROADS, barrier_tags, faces, is_road, road_names, road_tags
from geodata.turns import Member, turn_relation

if TYPE_CHECKING:
    import networkx as nx
    import requests

    Graph = nx.MultiDiGraph[int]

OVERPASS_URL = "https://overpass-api.de/api"
NOMINATIM_URL = "https://nominatim.openstreetmap.org/"
WIDEST_BOX_DEGREES = 2.0


@dataclass(frozen=True, slots=True)
class MapService:
    """Where roads and place names are asked for, and how long each answer may take."""

    overpass_url: str = OVERPASS_URL
    nominatim_url: str = NOMINATIM_URL
    timeout_s: int = 180


def fetch_place(place: str, *, service: MapService = MapService()) -> RoadMap:
    """The roads and turn restrictions inside the boundary of a named place ("中山区, 大连市").

    Raises ``BadInput`` for a place that is unknown, has no boundary or no road, ``NetworkUnavailable`` where a service
    did not answer.
    """
    import osmnx

    if not place.strip():
        raise BadInput.one("未给出地名", "no place was named")
    return _fetch(lambda: osmnx.graph_from_place(place, **_WHOLE), place, service)


def fetch_box(west: float, south: float, east: float, north: float, *, service: MapService = MapService()) -> RoadMap:
    """The roads and turn restrictions inside a box of WGS-84 degrees. Errors as for ``fetch_place``."""
    import osmnx

    where = f"{west},{south},{east},{north}"
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        zh, en = "范围必须是西、南、东、北的经纬度", "a box is west, south, east, north in degrees"
        raise BadInput.one(zh, en, pointer=where)
    if max(east - west, north - south) > WIDEST_BOX_DEGREES:
        zh = f"范围过大，每边最多 {WIDEST_BOX_DEGREES:g} 度"
        raise BadInput.one(zh, f"the box is wider than {WIDEST_BOX_DEGREES:g} degrees", pointer=where)
    return _fetch(lambda: osmnx.graph_from_bbox((west, south, east, north), **_WHOLE), where, service)


_WHOLE: dict[str, Any] = {
    "simplify": False,
    "retain_all": True,
    "truncate_by_edge": True,
    "custom_filter": f'["highway"~"^({"|".join(sorted(ROADS))})$"]["area"!="yes"]',
}
"""Every road with its own tags: simplification would merge those of several ways into lists."""


def _fetch(download: Callable[[], Graph], where: str, service: MapService) -> RoadMap:
    with _settings(service):
        graph = _downloaded(download, where)
        relations = _downloaded(lambda: _restrictions(graph, service), where)
    segments = _segments(graph)
    if not segments:
        raise BadInput.one("该范围内没有可用的道路", "holds no road", pointer=where)
    known = {segment.way for segment in segments}
    return RoadMap(segments, [relation for relation in relations if not known.isdisjoint(relation.ways)])


Download = TypeVar("Download")


def _downloaded(download: Callable[[], Download], where: str) -> Download:
    import requests
    from osmnx import _errors as osmnx_errors

    try:
        return download()
    except TypeError:  # osmnx: the place was found, but is a point
        zh, en = "找到了该地名，但没有行政边界；请改用范围", "was found but has no boundary; give a box instead"
        raise BadInput.one(zh, en, pointer=where) from None
    except (requests.RequestException, osmnx_errors.ResponseStatusCodeError, OSError) as error:
        raise NetworkUnavailable(
            Text(f"地图服务没有应答：{error}", f"the map service did not answer: {error}")
        ) from None
    except (ValueError, LookupError, AttributeError) as error:
        if str(error).startswith(_NOTHING_FOUND):
            raise BadInput.one("找不到该地名，或其中没有道路", "is unknown or holds no road", pointer=where) from None
        zh, en = "地图服务的应答不是路网", "the map service answered with something other than roads"
        raise NetworkUnavailable(Text(f"{zh}：{error}", f"{en}: {error}")) from None


_NOTHING_FOUND = ("Nominatim geocoder returned 0 results", "No data elements", "Found no graph nodes")
"""How osmnx says so; it has one exception for this and for answers that make no sense."""


@contextmanager
def _settings(service: MapService) -> Iterator[None]:
    """osmnx's global settings as we need them, and as they were afterwards.

    ``all_oneway`` gives each way once, in its own order and with its own ``oneway``. osmnx replaces the resolver of
    the whole process to stay with one server; that is undone too.
    """
    from osmnx import settings

    ours: dict[str, Any] = {
        "all_oneway": True,
        "doh_url_template": None,
        "nominatim_url": service.nominatim_url,
        "overpass_rate_limit": service.overpass_url == OVERPASS_URL,
        "overpass_url": service.overpass_url,
        "requests_kwargs": {"hooks": {"response": _require_whole_answer}},
        "requests_timeout": service.timeout_s,
        "use_cache": False,
        "useful_tags_node": [*sorted(KEPT_KEYS), "direction", "traffic_signals:direction"],
        "useful_tags_way": ["area", "route", *sorted(KEPT_KEYS), *_SUFFIXED, *NAME_KEYS],
    }
    before = {name: getattr(settings, name) for name in ours}
    resolver = socket.getaddrinfo
    try:
        for name, value in ours.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = resolver


_MODES = ("access", "vehicle", "motor_vehicle", "motorcar", "goods", "hgv", "maxspeed", "maxweight", "maxheight")
_SUFFIXED = [
    *(f"{mode}:{suffix}" for mode in _MODES for suffix in ("forward", "backward", "conditional")),
    *(f"oneway:{mode}" for mode in (*_MODES[1:6], "bicycle", "bus", "psv", "conditional")),
]
"""Keys with a suffix have to be asked for one by one, osmnx knows no prefixes."""

_BUSY = {429, 502, 503, 504}
_FAILED = re.compile(rb'"remark"\s*:\s*"([^"]{0,300}(?:error|timed out)[^"]{0,300})"')


def _require_whole_answer(response: requests.Response, *_args: Any, **_options: Any) -> None:
    """Refuse what osmnx would wait for without end (busy), or take for a whole answer (aborted half-way)."""
    failed = _FAILED.search(response.content[-4096:])
    if failed or response.status_code in _BUSY:
        response.close()
    if response.status_code in _BUSY:
        zh = f"地图服务繁忙（HTTP {response.status_code}），请过几分钟再试"
        en = f"the map service is busy (HTTP {response.status_code}); try again in some minutes"
        raise NetworkUnavailable(Text(zh, en))
    if failed:
        remark = failed[1].decode(errors="replace")
        raise NetworkUnavailable(Text(f"地图服务中途放弃：{remark}", f"the map service gave up: {remark}"))


def _restrictions(graph: Graph, service: MapService) -> list[TurnRelation]:
    """The turn restrictions of the box around the roads; osmnx does not ask for relations."""
    import requests
    from osmnx import settings

    lons, lats = ([float(at[axis]) for _, at in graph.nodes(data=True)] for axis in "xy")
    box = f"{min(lats)},{min(lons)},{max(lats)},{max(lons)}"
    query = f'[out:json][timeout:{service.timeout_s}];relation["type"~"^restriction"]({box});out;'
    answer = requests.post(
        f"{service.overpass_url}/interpreter",
        data={"data": query},
        timeout=service.timeout_s,
        headers={"User-Agent": settings.http_user_agent},
        hooks={"response": _require_whole_answer},
    )
    answer.raise_for_status()
    return [_relation(element) for element in answer.json()["elements"] if element["type"] == "relation"]


def _relation(element: Mapping[str, Any]) -> TurnRelation:
    members = [Member(member["type"], member["ref"], member["role"]) for member in element.get("members", ())]
    return turn_relation(element["id"], {key: str(value) for key, value in element["tags"].items()}, members)


def _segments(graph: Graph) -> list[Segment]:
    """Put the steps of each way together again and split as a file's ways are split."""
    places = {node: (float(at["x"]), float(at["y"])) for node, at in graph.nodes(data=True)}
    barriers = {
        node: barrier_tags({key: str(value) for key, value in at.items()})
        for node, at in graph.nodes(data=True)
        if "barrier" in at
    }
    signals = {
        node: facing
        for node, at in graph.nodes(data=True)
        if (facing := faces({key: str(value) for key, value in at.items()}))
    }
    return split_ways(list(_ways(graph)), places, barriers, signals)


def _ways(graph: Graph) -> Iterator[Way]:
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    tags: dict[int, dict[str, str]] = {}
    for tail, head, edge in graph.edges(data=True):
        said = tags.setdefault(edge["osmid"], {key: str(value) for key, value in edge.items()})
        # osmnx turns such ways round but leaves the tag, which speaks of the way as it was.
        steps[edge["osmid"]].append((head, tail) if said.get("oneway") in _TURNED_BY_OSMNX else (tail, head))
    for way in sorted(steps):
        if is_road(tags[way]):
            for nodes in _chains(steps[way]):
                yield Way(id=way, nodes=nodes, tags=road_tags(tags[way]), names=road_names(tags[way]))


_TURNED_BY_OSMNX = {"-1", "reverse", "T"}


def _chains(steps: Sequence[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """Lines made of all steps, each once, broken where the way meets itself. A ring starts at its lowest node."""
    leaving: dict[int, list[int]] = defaultdict(list)
    entering = Counter(head for _, head in steps)
    for tail, head in sorted(steps):
        leaving[tail].append(head)
    inside = {node for node, heads in leaving.items() if len(heads) == 1 and entering[node] == 1}
    for start in [*sorted(leaving.keys() - inside), *sorted(inside)]:
        while leaving[start]:
            chain = [start, leaving[start].pop(0)]
            while chain[-1] in inside and leaving[chain[-1]]:
                chain.append(leaving[chain[-1]].pop())
            yield tuple(chain)
