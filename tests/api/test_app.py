from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Never

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import create_app
from api.schemas import PlanDocument, ScenarioDocument
from api.settings import Settings
from api.views.planning import WorkLimit
from geodata.errors import BadInput, Text
from geodata.network import Network
from routing.errors import PlanRejected
from routing.model import Violation

Plan = Callable[[ScenarioDocument, WorkLimit, tuple[Text, ...]], Any]
PROBLEM = "application/problem+json"


@pytest.fixture
def asked() -> list[WorkLimit]:
    """The limits the planner was given."""
    return []


@pytest.fixture
def app_with(small_scenario_document: ScenarioDocument) -> Callable[..., Flask]:
    def make(plan: Plan, **settings: Any) -> Flask:
        return create_app(Settings(**settings), planner=plan, example=lambda: small_scenario_document)

    return make


@pytest.fixture
def client(
    app_with: Callable[..., Flask], small_plan: PlanDocument, square: Network, asked: list[WorkLimit]
) -> FlaskClient:
    def plan(scenario: ScenarioDocument, limit: WorkLimit, warnings: tuple[Text, ...], before: Any) -> Any:
        asked.append(limit)
        return SimpleNamespace(document=small_plan, network=square)

    return app_with(plan).test_client()


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.mimetype == PROBLEM
    body: dict[str, Any] = json.loads(response.data)
    assert body["status"] == status
    assert {"type", "title", "detail"} <= set(body)
    return body


def test_health_is_told(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.get_json()["status"] == "ok"


def test_a_scenario_is_answered_with_its_plan(
    client: FlaskClient, small_scenario: dict[str, Any], small_plan: PlanDocument
) -> None:
    response = client.post("/api/v1/plans", json=small_scenario)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert PlanDocument.model_validate_json(response.data) == small_plan


def test_seed_iterations_and_seconds_reach_the_planner(
    client: FlaskClient, small_scenario: dict[str, Any], asked: list[WorkLimit]
) -> None:
    client.post("/api/v1/plans?seed=7&iterations=50&seconds=2.5", json=small_scenario)
    client.post("/api/v1/plans", json=small_scenario)
    assert asked == [WorkLimit(7, 50, 2.5), WorkLimit(0, None, Settings().max_seconds)]


def test_every_bad_parameter_is_named(client: FlaskClient, small_scenario: dict[str, Any]) -> None:
    response = client.post("/api/v1/plans?seed=-1&iterations=1e3&seconds=999&sed=1", json=small_scenario)
    errors = problem(response, 422)["errors"]
    assert [error["parameter"] for error in errors] == ["sed", "seed", "iterations", "seconds"]


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "", " 1", "１"])
def test_seconds_must_be_a_plain_number(client: FlaskClient, small_scenario: dict[str, Any], seconds: str) -> None:
    problem(client.post("/api/v1/plans", query_string={"seconds": seconds}, json=small_scenario), 422)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b"1" * 5000,
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 200_000,
    ],
)
def test_what_is_not_strict_json_is_a_bad_request(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/v1/plans", data=body, content_type="application/json")
    assert problem(response, 400)["type"] == "urn:baogong:problem:invalid-json"


def test_a_document_nested_64_deep_is_still_read(client: FlaskClient) -> None:
    body = b"[" * 64 + b"]" * 64
    problem(client.post("/api/v1/plans", data=body, content_type="application/json"), 422)


def test_every_complaint_about_a_scenario_is_told_with_its_pointer(
    client: FlaskClient, small_scenario: dict[str, Any]
) -> None:
    small_scenario["network"] = "../etc/passwd"
    small_scenario["sites"][3]["lon"] = 999
    small_scenario["vehicles"][0]["depot"] = "nowhere"
    body = problem(client.post("/api/v1/plans", json=small_scenario), 422)
    assert body["type"] == "urn:baogong:problem:invalid-scenario"
    pointers = {error["pointer"] for error in body["errors"]}
    assert {"#/network", "#/sites/3/lon", "#/vehicles/0/depot"} <= pointers


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "a.bgn", "sample:../x", "C:\\x", "file:x", "路网"])
def test_a_network_is_a_name_and_never_a_path(client: FlaskClient, small_scenario: dict[str, Any], name: str) -> None:
    errors = problem(client.post("/api/v1/plans", json=small_scenario | {"network": name}), 422)["errors"]
    assert [error["pointer"] for error in errors] == ["#/network"]


def test_what_the_planner_finds_wrong_is_told_without_the_servers_paths(
    app_with: Callable[..., Flask], small_scenario: dict[str, Any]
) -> None:
    def plan(*_: Any) -> Any:
        raise BadInput.one("路网文件已损坏", "the network file is damaged", file="/srv/secret/networks/x.bgn")

    body = problem(app_with(plan).test_client().post("/api/v1/plans", json=small_scenario), 422)
    assert body["errors"] == [{"detail": "路网文件已损坏"}]


def test_problems_are_told_in_english_to_who_asks_for_it(client: FlaskClient) -> None:
    chinese = client.get("/nowhere")
    english = client.get("/nowhere", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"})
    assert problem(chinese, 404)["title"] == "找不到"
    assert problem(english, 404)["title"] == "Not Found"
    assert english.headers["Content-Language"] == "en"
    assert "Accept-Language" in english.headers["Vary"]


def test_an_unknown_path_is_not_found(client: FlaskClient) -> None:
    assert problem(client.get("/api/v1/nothing"), 404)["type"] == "about:blank"


def test_another_method_is_not_allowed(client: FlaskClient) -> None:
    response = client.get("/api/v1/plans")
    problem(response, 405)
    assert "POST" in response.headers["Allow"]


def test_a_body_over_the_limit_is_refused(app_with: Callable[..., Flask]) -> None:
    client = app_with(lambda *_: None, max_body_bytes=1_000).test_client()
    problem(client.post("/api/v1/plans", data=b" " * 1_001, content_type="application/json"), 413)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_another_content_type_is_refused(client: FlaskClient, content_type: str) -> None:
    problem(client.post("/api/v1/plans", data=b"{}", content_type=content_type), 415)


def test_an_unexpected_error_tells_nothing_of_the_inside(
    app_with: Callable[..., Flask], small_scenario: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def plan(*_: Any) -> Any:
        raise KeyError("telephone 13800000000")

    with caplog.at_level(logging.ERROR, logger="baogong.http"):
        response = app_with(plan).test_client().post("/api/v1/plans", json=small_scenario)
    assert problem(response, 500)["type"] == "about:blank"
    assert "13800000000" not in response.text + caplog.text
    assert "KeyError in POST /api/v1/plans" in caplog.text


def test_while_one_plan_is_computed_another_is_sent_away(
    app_with: Callable[..., Flask], small_scenario: dict[str, Any], small_plan: PlanDocument, square: Network
) -> None:
    begun, finish = threading.Event(), threading.Event()

    def plan(*_: Any) -> Any:
        begun.set()
        assert finish.wait(10)
        return SimpleNamespace(document=small_plan, network=square)

    app = app_with(plan, max_seconds=12.0)
    first: list[TestResponse] = []
    thread = threading.Thread(target=lambda: first.append(app.test_client().post("/api/v1/plans", json=small_scenario)))
    thread.start()
    assert begun.wait(10)
    second = app.test_client().post("/api/v1/plans", json=small_scenario)
    finish.set()
    thread.join()
    problem(second, 503)
    assert second.headers["Retry-After"] == "12"
    assert first[0].status_code == 200
    assert app.test_client().post("/api/v1/plans", json=small_scenario).status_code == 200


def test_a_failed_plan_leaves_its_place_to_the_next(
    app_with: Callable[..., Flask], small_scenario: dict[str, Any]
) -> None:
    def plan(*_: Any) -> Any:
        raise ZeroDivisionError

    client = app_with(plan).test_client()
    statuses = [client.post("/api/v1/plans", json=small_scenario).status_code for _ in range(3)]
    assert statuses == [500, 500, 500]


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere", "/static/page.css"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"


def test_not_a_number_is_never_sent(app_with: Callable[..., Flask]) -> None:
    app = app_with(lambda *_: None)
    with pytest.raises(ValueError, match="not JSON compliant"):
        app.json.dumps({"x": float("nan")})
    assert app.json.dumps({"名": "保供"}) == '{"名": "保供"}'


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    given = {"BAOGONG_NETWORK_FOLDER": str(tmp_path), "BAOGONG_MAX_SECONDS": "12.5", "BAOGONG_PLANS_AT_ONCE": ""}
    assert Settings.from_environment(given) == Settings(network_folder=tmp_path, max_seconds=12.5)


def test_every_bad_setting_is_named() -> None:
    given = {"BAOGONG_MAX_SECONDS": "nan", "BAOGONG_MAX_BODY_BYTES": "ten", "BAOGONG_FONTS": "/no/such/folder"}
    with pytest.raises(BadInput) as caught:
        Settings.from_environment(given)
    assert {complaint.file for complaint in caught.value.complaints} == set(given)


def test_a_plan_that_fails_its_check_is_told_by_rule_and_never_sent(
    app_with: Callable[..., Flask], small_scenario: dict[str, Any]
) -> None:
    def rejecting(*_: object) -> Never:
        raise PlanRejected([Violation("CAPACITY", Text("超载", "overloaded"), vehicle="V1")])

    client = app_with(rejecting).test_client()
    body = problem(client.post("/api/v1/plans", json=small_scenario), 500)
    assert body["type"] == "urn:baogong:problem:plan-rejected"
    assert body["errors"] == [{"rule": "CAPACITY", "detail": "超载"}]
