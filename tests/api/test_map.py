from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.maps.fonts import default_fonts_folder, find_typeface
from api.maps.plan_map import LANDSCAPE, TALL, draw_plan_map, route_letter, spread
from api.schemas import PlanDocument
from geodata.errors import BadInput
from geodata.network import Network, build_network

needs_chinese = pytest.mark.skipif(not find_typeface().chinese, reason="no Chinese font: run 'npm ci'")


def pixels(picture: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("size", [LANDSCAPE, TALL])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_a_picture_of_the_size_asked_for(
    small_plan: PlanDocument, square: Network, lang: str, size: tuple[int, int]
) -> None:
    assert pixels(draw_plan_map(small_plan, square, lang=lang, size=size)).shape == (size[1], size[0], 3)


def test_the_route_is_drawn_in_its_colour(small_plan: PlanDocument, square: Network) -> None:
    picture = pixels(draw_plan_map(small_plan, square))
    blue = (picture == (0x00, 0x72, 0xB2)).all(axis=2)
    assert blue.sum() > 5_000
    nobody = small_plan.model_copy(update={"routes": ()})
    assert (pixels(draw_plan_map(nobody, square)) == (0x00, 0x72, 0xB2)).all(axis=2).sum() < 1_000


def test_a_kilometre_is_as_long_eastward_as_northward(small_plan: PlanDocument, square: Network) -> None:
    """The square is 865.4 m by 1112.0 m: at 38.905 N a degree of longitude is 0.7782 of one of latitude."""
    picture = pixels(draw_plan_map(small_plan, square))
    rows, columns = np.nonzero((picture[:, :1200] == (0x00, 0x72, 0xB2)).all(axis=2))
    stops_off_the_road = 30
    height, width = np.ptp(rows), np.ptp(columns)
    assert width / height == pytest.approx(0.7782, abs=stops_off_the_road / height)


def test_the_same_plan_is_drawn_the_same(small_plan: PlanDocument, square: Network) -> None:
    assert draw_plan_map(small_plan, square) == draw_plan_map(small_plan, square)


@needs_chinese
def test_chinese_and_english_differ(small_plan: PlanDocument, square: Network) -> None:
    assert draw_plan_map(small_plan, square, lang="zh") != draw_plan_map(small_plan, square, lang="en")


def test_without_a_chinese_font_the_words_are_english_and_nothing_warns(
    small_plan: PlanDocument, square: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.maps.fonts._INSTALLED", ())
    typeface = find_typeface(tmp_path)
    assert not typeface.chinese
    assert typeface.writable("V1 车") == "V1 ?"
    chinese = draw_plan_map(small_plan, square, lang="zh", fonts=tmp_path)
    assert chinese == draw_plan_map(small_plan, square, lang="en", fonts=tmp_path)


def test_fonts_are_looked_for_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not default_fonts_folder().is_dir():
        pytest.skip("fonts: run 'npm ci'")
    monkeypatch.setenv("BAOGONG_FONTS", str(default_fonts_folder() / "400Regular"))
    typeface = find_typeface.__wrapped__()
    assert "400Regular" in str(typeface.regular.get_file())
    assert typeface.bold.get_file() == typeface.regular.get_file()


@pytest.mark.parametrize("name", ["a $b$ $", "表情 🚚", "\\frac{1}", "行\n行", "", "长" * 300])
def test_any_name_can_be_drawn(renamed: Callable[[str], PlanDocument], square: Network, name: str) -> None:
    assert draw_plan_map(renamed(name), square, size=(900, 650))


def test_a_plan_that_serves_nothing_is_drawn_too(small_plan: PlanDocument, square: Network) -> None:
    nothing = small_plan.model_copy(update={"routes": (), "unserved": ()})
    assert draw_plan_map(nothing, square)


def test_another_network_is_refused(small_plan: PlanDocument, square: Network) -> None:
    reversed_road = square.points[::-1][:2]
    from geodata.model import Segment

    other = build_network([Segment(1, 2, reversed_road, 1, {}, {})], name="other", attribution="")
    with pytest.raises(BadInput, match="another road network"):
        draw_plan_map(small_plan, other)


def test_routes_are_lettered_like_the_columns_of_a_sheet() -> None:
    assert [route_letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_marks_in_one_place_are_drawn_apart() -> None:
    moved = spread(np.zeros((4, 2)), gap=10.0, reach=40.0, fixed=np.zeros((1, 2)))
    between = np.hypot(*(moved[:, None] - moved[None]).transpose(2, 0, 1))[np.triu_indices(4, 1)]
    assert between.min() > 8.0
    assert np.hypot(*moved.T).min() > 8.0


def test_marks_with_room_stay_where_they_are() -> None:
    points = np.array([[0.0, 0.0], [100.0, 0.0]])
    moved = spread(points, gap=10.0, reach=40.0, fixed=np.empty((0, 2)))
    assert moved == pytest.approx(points, abs=0.01)
