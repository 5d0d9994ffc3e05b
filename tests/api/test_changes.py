"""A plan document as the one to start from, and how its changes are told in documents, over HTTP and in workbooks."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.files.workbook import write_workbook
from api.plan_documents import earlier_of, stated_earlier
from api.schemas import Before, ChangeEntry, PlanDocument, ScenarioDocument
from api.settings import Settings
from api.terminal import show_plan
from geodata.errors import BadInput
from geodata.network import Network
from routing.model import EarlierLoop, EarlierStop


def changed(plan: PlanDocument, *, visits: int = 1) -> PlanDocument:
    """As if so many visits had gone from V9 to V1, and one had been dropped."""
    at = plan.orders[0].order_at
    moved = [
        ChangeEntry(
            visit=f"S{number}#1",
            site=f"S{number}",
            from_vehicle="V9",
            to_vehicle="V1",
            from_start_s=60,
            from_start_at=at + timedelta(seconds=60),
            to_start_s=800,
            to_start_at=at + timedelta(seconds=800),
        )
        for number in range(1, visits + 1)
    ]
    dropped = ChangeEntry(
        visit="S5#1",
        site="S5",
        from_vehicle="V9",
        to_vehicle=None,
        from_start_s=900,
        from_start_at=at + timedelta(seconds=900),
        to_start_s=None,
        to_start_at=None,
    )
    summary = plan.summary.model_copy(update={"changed_stops": visits + 1})
    return plan.model_copy(update={"summary": summary, "changes": (*moved, dropped)})


def test_an_earlier_plan_tells_who_served_what_by_todays_clock(small_plan: PlanDocument) -> None:
    """Today's first order is given ten minutes later."""
    earlier = earlier_of(small_plan, small_plan.orders[0].order_at + timedelta(minutes=10))
    stops = small_plan.routes[0].loops[0].stops
    assert earlier.stops[stops[0].visit] == EarlierStop("V1", stops[0].start_s - 600)
    assert earlier.routes is not None
    assert earlier.routes["V1"][0] == EarlierLoop("D1", tuple(stop.visit for stop in stops))
    assert len(earlier.stops) == 4


def test_what_a_plan_says_of_the_earlier_one_follows_from_its_changes(small_plan: PlanDocument) -> None:
    epoch = small_plan.orders[0].order_at
    assert stated_earlier(small_plan, epoch) is None
    first = small_plan.routes[0].loops[0].stops[0]
    plan = changed(small_plan)
    plan = plan.model_copy(
        update={"changes": (plan.changes[0].model_copy(update={"visit": first.visit}), plan.changes[1])}
    )
    earlier = stated_earlier(plan, epoch)
    assert earlier is not None
    assert earlier.stops[first.visit] == EarlierStop("V9", 60)
    assert earlier.stops["S5#1"] == EarlierStop("V9", 900)
    assert earlier.routes is None


def test_plans_of_before_still_validate(small_plan: PlanDocument) -> None:
    raw = json.loads(small_plan.model_dump_json())
    del raw["changes"]
    del raw["summary"]["changed_stops"]
    assert PlanDocument.model_validate(raw) == small_plan


@pytest.mark.parametrize(
    ("language", "name", "heading"), [("zh", "变动", "原车辆"), ("en", "Changes", "Vehicle before")]
)
def test_the_workbook_has_a_sheet_of_changes_when_there_are_any(
    language: str, name: str, heading: str, small_plan: PlanDocument
) -> None:
    def sheets(plan: PlanDocument) -> Any:
        stream = io.BytesIO()
        write_workbook(plan, stream, lang=language)
        return openpyxl.load_workbook(stream)

    assert name not in sheets(small_plan).sheetnames
    rows = list(sheets(changed(small_plan))[name].values)
    assert heading in rows[0]
    assert rows[1][:4] == ("S1#1", "S1", "V9", "V1")
    assert rows[2][:4] == ("S5#1", "S5", "V9", None)


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("变动 31 项", "另有 11 项")), ("en", ("31 stops changed", "11 more"))]
)
def test_the_terminal_tells_how_many_and_the_first_of_them(
    language: str, words: tuple[str, ...], small_plan: PlanDocument, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    show_plan(changed(small_plan, visits=30), tmp_path, language)
    said = capsys.readouterr().out
    assert all(word in said for word in (*words, "S1#1", "V9"))


# --- HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked() -> list[PlanDocument | None]:
    """The earlier plans that reached the planner."""
    return []


@pytest.fixture
def client_of(
    small_scenario_document: ScenarioDocument,
    small_plan: PlanDocument,
    square: Network,
    asked: list[PlanDocument | None],
) -> Callable[..., FlaskClient]:
    def make(refusal: BadInput | None = None) -> FlaskClient:
        def plan(scenario: Any, limit: Any, warnings: Any, before: Before) -> Any:
            asked.append(before.previous)
            if refusal is not None:
                raise refusal
            return SimpleNamespace(document=small_plan, network=square)

        return create_app(Settings(), planner=plan, example=lambda: small_scenario_document).test_client()

    return make


def test_the_plain_body_is_a_scenario_without_an_earlier_plan(
    client_of: Callable[..., FlaskClient], small_scenario: dict[str, Any], asked: list[Any]
) -> None:
    assert client_of().post("/api/v1/plans", json=small_scenario).status_code == 200
    assert client_of().post("/api/v1/plans", json={"scenario": small_scenario}).status_code == 200
    assert asked == [None, None]


def test_an_earlier_plan_in_the_body_reaches_the_planner(
    client_of: Callable[..., FlaskClient], small_scenario: dict[str, Any], small_plan: PlanDocument, asked: list[Any]
) -> None:
    body = {"scenario": small_scenario, "previous": json.loads(small_plan.model_dump_json())}
    assert client_of().post("/api/v1/plans", json=body).status_code == 200
    assert asked == [small_plan]


def pointers(client: FlaskClient, body: dict[str, Any]) -> list[str]:
    response = client.post("/api/v1/plans", json=body)
    assert response.status_code == 422
    return [error["pointer"] for error in json.loads(response.data)["errors"]]


def test_complaints_about_scenario_and_earlier_plan_come_together_with_their_place_in_the_body(
    client_of: Callable[..., FlaskClient], small_scenario: dict[str, Any], small_plan: PlanDocument
) -> None:
    previous = json.loads(small_plan.model_dump_json()) | {"schema_version": "2"}
    del previous["routes"]
    body = {"scenario": small_scenario | {"depots": [], "network": "../x"}, "previous": previous, "more": 1}
    told = pointers(client_of(), body)
    assert {
        "#/scenario/depots",
        "#/scenario/network",
        "#/previous/schema_version",
        "#/previous/routes",
        "#/more",
    } <= set(told)


@pytest.mark.parametrize("previous", [[], "plan", 1, {}])
def test_what_is_no_plan_is_refused(
    previous: Any, client_of: Callable[..., FlaskClient], small_scenario: dict[str, Any]
) -> None:
    told = pointers(client_of(), {"scenario": small_scenario, "previous": previous})
    assert all(pointer.startswith("#/previous") for pointer in told)


def test_a_scenario_of_another_shape_is_refused_in_the_wrapped_form_too(client_of: Callable[..., FlaskClient]) -> None:
    assert client_of().post("/api/v1/plans", json={"scenario": []}).status_code == 422
    assert client_of().post("/api/v1/plans", json={"previous": {}}).status_code == 422


def test_what_planning_finds_is_told_at_its_place_in_the_body(
    client_of: Callable[..., FlaskClient], small_scenario: dict[str, Any]
) -> None:
    client = client_of(BadInput.one("无法成立", "cannot hold", pointer="/locks/0"))
    assert pointers(client, small_scenario) == ["#/locks/0"]
    assert pointers(client, {"scenario": small_scenario}) == ["#/scenario/locks/0"]
