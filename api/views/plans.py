"""``POST /api/v1/plans``: a scenario document in, with an earlier plan or without one; a plan document out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from api.complaints import pointer_to
from api.files.plan import examine_plan, examine_state
from api.http_errors import invalid_parameters, invalid_scenario
from api.schemas import Before
from api.settings import Settings
from api.validation import Verdict, examine_scenario
from api.views.planning import FROM_NOTHING, PlanningDesk, WorkLimit
from api.views.strict_json import read_json
from geodata.errors import BadInput, Complaint, Text

_NETWORK_NAME = re.compile(r"(sample:)?[A-Za-z0-9_-]+")
_LARGEST_SEED = 2**31 - 1


def plans_blueprint(desk: PlanningDesk, settings: Settings) -> Blueprint:
    plans = Blueprint("plans", __name__, url_prefix="/api/v1")

    @plans.post("/plans")
    def create_plan() -> Response:
        if request.mimetype != "application/json":
            raise UnsupportedMediaType
        limit = read_limit(request.args, settings)
        order = read_order(read_json(request.get_data(cache=False)))
        warnings = tuple(map(_text, order.verdict.warnings))
        with _pointed_into(order.within):
            planned = desk.plan(order.verdict.document, limit, warnings=warnings, before=order.before)
        plan = planned.document
        return Response(plan.model_dump_json(), mimetype="application/json", headers={"Cache-Control": "no-store"})

    return plans


def _text(complaint: Complaint) -> Text:
    return Text(complaint.in_language("zh"), complaint.in_language("en"))


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """What is to be planned, and what to start from. ``within``: pointer to the scenario in the body."""

    verdict: Verdict
    before: Before = FROM_NOTHING
    within: str = ""


def read_order(raw: Any) -> PlanOrder:
    """A scenario, or an object of it, an earlier plan and a state. Raises ``Problem`` (422) with every complaint."""
    if not isinstance(raw, dict) or "scenario" not in raw:
        with _pointed_into(""):
            return PlanOrder(read_scenario(raw))
    complaints = [Complaint(UNKNOWN_MEMBER, pointer=pointer_to(name)) for name in raw if name not in _MEMBERS]
    previous, state, verdict = None, None, None
    try:
        verdict = read_scenario(raw["scenario"])
    except BadInput as refusal:
        complaints += _moved(refusal, "/scenario")
    try:
        previous = examine_plan(raw["previous"]) if raw.get("previous") is not None else None
    except BadInput as refusal:
        complaints += _moved(refusal, "/previous")
    try:
        state = examine_state(raw["state"]) if raw.get("state") is not None else None
    except BadInput as refusal:
        complaints += _moved(refusal, "/state")
    if complaints or verdict is None:
        raise invalid_scenario(complaints)
    return PlanOrder(verdict, Before(previous=previous, state=state), "/scenario")


_MEMBERS = ("scenario", "previous", "state")
UNKNOWN_MEMBER = Text("不认识此项", "is not a known member")


@contextmanager
def _pointed_into(within: str) -> Iterator[None]:
    """Complaints about the scenario, with their place in the body."""
    try:
        yield
    except BadInput as refusal:
        raise invalid_scenario(_moved(refusal, within)) from None


def _moved(refusal: BadInput, within: str) -> list[Complaint]:
    """A complaint about the state names its own place in the body already."""
    return [
        complaint
        if complaint.pointer.startswith(("/state/", "/previous")) and within == "/scenario"
        else replace(complaint, pointer=within + complaint.pointer)
        for complaint in refusal.complaints
    ]


def read_scenario(raw: Any) -> Verdict:
    """The checked document and its warnings. Raises BadInput with every complaint, the network's name among them."""
    complaints = _network_complaints(raw)
    try:
        verdict = examine_scenario(raw)
    except BadInput as error:
        known = {complaint.pointer for complaint in complaints}
        others = (complaint for complaint in error.complaints if complaint.pointer not in known)
        raise BadInput([*complaints, *others]) from None
    if complaints:
        raise BadInput(complaints)
    return verdict


def _network_complaints(raw: Any) -> list[Complaint]:
    """Over HTTP a network is a name, never a path: nobody looks into the server's folders."""
    name = raw.get("network") if isinstance(raw, dict) else None
    if not isinstance(name, str) or _NETWORK_NAME.fullmatch(name.strip()):
        return []
    zh = "路网须为服务器上的名称（字母、数字、-、_），不能是路径"
    en = "must be the name of a network on the server (letters, digits, - and _), not a path"
    return [Complaint(Text(zh, en), pointer="/network")]


def read_limit(given: Mapping[str, str], settings: Settings) -> WorkLimit:
    """``seed``, ``iterations`` and ``seconds`` from the query. Raises ``Problem`` (422) with every complaint."""
    errors = [(name, Text("未知参数", "unknown parameter")) for name in given if name not in _PARAMETERS]
    values: dict[str, float | None] = {}
    highest = {"seed": _LARGEST_SEED, "iterations": settings.max_iterations, "seconds": settings.max_seconds}
    for name, (kind, lowest) in _PARAMETERS.items():
        text = given.get(name)
        values[name] = None if text is None else _number(text, kind, lowest, highest[name])
        if text is not None and values[name] is None:
            errors.append((name, _wanted(kind, lowest, highest[name])))
    if errors:
        raise invalid_parameters(errors)
    return _limit(values, settings)


_PARAMETERS: Mapping[str, tuple[type[int | float], float]] = {
    "seed": (int, 0),
    "iterations": (int, 1),
    "seconds": (float, 0.1),
}


def _number(text: str, kind: type[int | float], lowest: float, highest: float) -> float | None:
    pattern = r"[0-9]{1,12}" if kind is int else r"[0-9]{1,12}(\.[0-9]{1,6})?"
    if not re.fullmatch(pattern, text, re.ASCII):
        return None
    value = kind(text)
    return value if lowest <= value <= highest else None


def _wanted(kind: type[int | float], lowest: float, highest: float) -> Text:
    zh, en = ("整数", "a whole number") if kind is int else ("数", "a number")
    return Text(f"应为 {lowest:g} 到 {highest:.12g} 的{zh}", f"must be {en} from {lowest:g} to {highest:.12g}")


def _limit(values: Mapping[str, float | None], settings: Settings) -> WorkLimit:
    iterations = values["iterations"]
    return WorkLimit(
        seed=int(values["seed"] or 0),
        iterations=None if iterations is None else int(iterations),
        seconds=values["seconds"] or settings.max_seconds,
    )
