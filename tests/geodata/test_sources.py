"""Roads come from whatever a map comes as; what cannot be one is refused in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from geodata import fetch, graphml, osm
from geodata.errors import BadInput
from geodata.files import write_whole
from geodata.model import RoadMap
from geodata.sources import read_roads


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What was asked of the readers and of the online service, none of which is really called."""
    seen: list[tuple[object, ...]] = []

    def reader(name: str, answer: object) -> Callable[..., object]:
        def read(*given: object) -> object:
            seen.append((name, *given))
            return answer

        return read

    for module, name in ((fetch, "fetch_box"), (fetch, "fetch_place"), (osm, "read_osm")):
        monkeypatch.setattr(module, name, reader(name, RoadMap([])))
    monkeypatch.setattr(graphml, "read_graphml", reader("read_graphml", []))
    return seen


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("map.osm.pbf", ("read_osm", Path("map.osm.pbf"))),
        ("some folder/map.osm", ("read_osm", Path("some folder/map.osm"))),
        ("map.osm.bz2", ("read_osm", Path("map.osm.bz2"))),
        ("graph.graphml", ("read_graphml", Path("graph.graphml"))),
        ("GRAPH.GraphML", ("read_graphml", Path("GRAPH.GraphML"))),
        ("box:121.5,38.8,121.7,39", ("fetch_box", 121.5, 38.8, 121.7, 39.0)),
        ("box: 121.5, 38.8, 121.7, 39", ("fetch_box", 121.5, 38.8, 121.7, 39.0)),
        ("box:-71.4,-30.1,-71.2,-29.9", ("fetch_box", -71.4, -30.1, -71.2, -29.9)),
        ("place:中山区, 大连市", ("fetch_place", "中山区, 大连市")),
        ("place: Coquimbo ", ("fetch_place", "Coquimbo")),
    ],
)
def test_each_kind_of_source_has_its_reader(
    calls: list[tuple[object, ...]], source: str, asked: tuple[object, ...]
) -> None:
    assert read_roads(source) == RoadMap([])
    assert calls == [asked]


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param("", id="nothing"),
        pytest.param("121.5,38.8,121.7", id="three figures"),
        pytest.param("121.5,38.8,121.7,39,40", id="five figures"),
        pytest.param("a,b,c,d", id="no figures"),
        pytest.param("121.7,38.8,121.5,39.0", id="east before west"),
        pytest.param("121.5,39.0,121.7,38.8", id="north before south"),
        pytest.param("38.8,121.5,39.0,121.7", id="latitude first"),
        pytest.param("121.5,38.8,121.5,39.0", id="no width"),
        pytest.param("179,38.8,181,39.0", id="off the map"),
        pytest.param("nan,38.8,121.7,39.0", id="not a number"),
        pytest.param("121.5,38.8,inf,39.0", id="infinite"),
    ],
)
def test_a_box_that_is_none_is_refused_with_how_to_write_one(calls: list[tuple[object, ...]], corners: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_roads(f"box:{corners}")
    (complaint,) = caught.value.complaints
    assert complaint.file == f"box:{corners}"
    for text in complaint.message:
        assert "box:121.5,38.8,121.7,39.0" in text
    assert complaint.message.zh != complaint.message.en
    assert calls == []


@pytest.mark.parametrize("source", ["no_such_map.osm.pbf", "no_such_graph.graphml", "", "."])
def test_a_file_that_is_not_there_is_bad_input(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as caught:
        read_roads(source)
    assert all(complaint.in_language(language) for complaint in caught.value.complaints for language in ("zh", "en"))


def test_a_place_without_a_name_is_bad_input() -> None:
    with pytest.raises(BadInput):
        read_roads("place: ")


def test_a_real_map_is_read_by_its_ending(data_dir: Path) -> None:
    segments = read_roads(str(data_dir / "dalian" / "dalian_core.osm.pbf")).segments
    assert len(segments) > 5_000
    assert all(len(segment.points) >= 2 for segment in segments)


# --- files that appear only when complete --------------------------------------------------------------------------


def test_a_file_written_whole_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "network.bgn"
    for content in (b"old", b"new"):
        with write_whole(path) as stream:
            stream.write(content)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_fails_half_way_leaves_the_old_one_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "network.bgn"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        _fail_half_way(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def _fail_half_way(path: Path) -> None:
    with write_whole(path) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt


def test_nothing_appears_before_a_file_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "network.bgn"
    with write_whole(path) as stream:
        stream.write(b"half")
        stream.flush()
        assert not path.exists()
    assert path.exists()
