from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.http_errors import busy
from api.schemas import PlanDocument, ScenarioDocument
from api.settings import Settings
from api.views.page_words import WORDS
from geodata.network import Network

CHINESE = re.compile("[\u3400-\u9fff]")


@pytest.fixture
def made() -> list[int]:
    """Seeds of the plans that were computed."""
    return []


@pytest.fixture
def client(
    small_scenario_document: ScenarioDocument, small_plan: PlanDocument, square: Network, made: list[int]
) -> FlaskClient:
    def plan(scenario: ScenarioDocument, limit: Any, warnings: Any, before: Any) -> Any:
        made.append(limit.seed)
        return SimpleNamespace(document=small_plan, network=square)

    return create_app(Settings(), planner=plan, example=lambda: small_scenario_document).test_client()


@pytest.fixture
def client_of(small_scenario_document: ScenarioDocument) -> Callable[[Any], FlaskClient]:
    def make(plan: Any) -> FlaskClient:
        return create_app(Settings(), planner=plan, example=lambda: small_scenario_document).test_client()

    return make


class Outline(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_start_page_shows_the_example_and_computes_nothing(client: FlaskClient, made: list[int]) -> None:
    page = client.get("/").text
    for part in ("小方块", "2022-11-20 21:00", "2 小时", "一号库", "S5号投放点", "基础包 × 20", "计算配送方案"):
        assert part in page
    assert made == []


def test_the_start_page_is_chinese_and_english_on_request(client: FlaskClient) -> None:
    assert '<html lang="zh-CN">' in client.get("/", headers={"Accept-Language": "en"}).text
    english = client.get("/?lang=en").text
    assert '<html lang="en">' in english
    assert "Plan the deliveries" in english


def test_the_button_plans_and_leads_to_the_result(client: FlaskClient, made: list[int]) -> None:
    answer = client.post("/example?lang=en")
    assert (answer.status_code, answer.location) == (303, "/example?lang=en")
    page = client.get(answer.location).text
    for part in (
        "served in time",
        "辽B·12345",
        "23:10",
        "11-21 00:01",
        "61 min late",
        "three hours at best",
        "TOO_FAR",
    ):
        assert part in page
    assert len(made) == 1


def test_the_result_lists_late_and_unserved_with_reasons(client: FlaskClient) -> None:
    page = client.get("/example").text
    for part in ("迟到 61 分钟", "最快也要三小时", "未送达", "车辆装不下", "NO_CAPACITY_LEFT", "一处提醒", "BAY"):
        assert part in page


def test_no_chinese_of_ours_is_left_on_the_english_page(client: FlaskClient) -> None:
    """What the scenario itself calls things stays as it is."""
    page = client.get("/example?lang=en").text
    for own in ("小方块", "一号库", "号投放点", "基础包", "辽B·12345", "厢货", "中文"):
        page = page.replace(own, "")
    assert CHINESE.findall(page) == []


def test_every_word_exists_in_both_languages() -> None:
    for name, text in WORDS.items():
        assert text.en, name
        assert name == "other_language" or not CHINESE.search(text.en), name
        assert name == "other_language" or CHINESE.search(text.zh), name
        assert set(re.findall(r"{\w+}", text.zh)) == set(re.findall(r"{\w+}", text.en)), name


def test_the_plan_is_computed_once_and_shown_often(client: FlaskClient, made: list[int]) -> None:
    for path in ("/example", "/example/plan.json", "/example/map.png", "/example?lang=en"):
        assert client.get(path).status_code == 200
    assert made == [1]


def test_the_files_can_be_fetched(client: FlaskClient, small_plan: PlanDocument) -> None:
    assert PlanDocument.model_validate_json(client.get("/example/plan.json").data) == small_plan
    book = openpyxl.load_workbook(io.BytesIO(client.get("/example/plan.xlsx?lang=en").data))
    assert book.sheetnames[0] == "Summary"
    lines = client.get("/example/routes.geojson")
    assert lines.mimetype == "application/geo+json"
    assert lines.get_json(force=True)["type"] == "FeatureCollection"
    assert 'filename="routes.geojson"' in lines.headers["Content-Disposition"]
    assert ScenarioDocument.model_validate_json(client.get("/example/scenario.json").data).name == "小方块"


@pytest.mark.parametrize("query", ["", "?lang=en", "?shape=tall", "?shape=nonsense&lang=xx"])
def test_the_map_is_a_picture(client: FlaskClient, query: str) -> None:
    picture = client.get(f"/example/map.png{query}")
    assert picture.mimetype == "image/png"
    assert picture.data.startswith(b"\x89PNG")


def test_the_map_is_described_for_who_cannot_see_it(client: FlaskClient) -> None:
    (image,) = Outline(client.get("/example?lang=en").text).all("img")
    assert image["alt"] == "Map of the plan. Routes: 1; stops: 4; late: 1; unserved: 1. Tables below list them."


@pytest.mark.parametrize("path", ["/", "/example"])
def test_the_page_is_built_for_everybody(client: FlaskClient, path: str) -> None:
    outline = Outline(client.get(path).text)
    assert len(outline.all("h1")) == 1
    assert all(heading.get("scope") in {"col", "row"} for heading in outline.all("th"))
    assert all("style" not in attributes for _, attributes in outline.tags)
    assert all("src" in script for script in outline.all("script"))
    assert outline.all("style") == []


@pytest.mark.parametrize("path", ["/", "/example"])
def test_the_page_needs_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    outline = Outline(client.get(path).text)
    links = [tag.get(name) for _, tag in outline.tags for name in ("href", "src", "action", "srcset") if tag.get(name)]
    assert links
    assert all(link is not None and link[0] in "/#" and not link.startswith("//") for link in links)
    for link in {str(tag["href"]) for tag in outline.all("link")}:
        with client.get(link) as response:
            assert response.status_code == 200


def test_names_are_shown_and_never_run(
    client_of: Callable[[Any], FlaskClient], renamed: Callable[[str], PlanDocument], square: Network
) -> None:
    plan = SimpleNamespace(document=renamed("<script>alert(1)</script>"), network=square)
    page = client_of(lambda *_: plan).get("/example").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_browser_gets_an_error_as_a_page(client_of: Callable[[Any], FlaskClient]) -> None:
    def plan(*_: Any) -> Any:
        raise busy(20)

    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = client_of(plan).post("/example?lang=en", headers=html)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"] == "20"
    assert "please try again" in answer.text
    assert client_of(plan).get("/nowhere", headers=html).mimetype == "text/html"
