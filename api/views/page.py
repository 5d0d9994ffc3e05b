"""The page: what this is, the embedded example, and its plan with map, tables and files. Nothing is stored."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, Response, json, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.files.routes_geojson import routes_geojson
from api.files.workbook import write_workbook
from api.language import language_of_page
from api.maps.plan_map import LANDSCAPE, TALL, draw_plan_map
from api.schemas import ScenarioDocument
from api.settings import Settings
from api.views.page_content import plan_content, scenario_content
from api.views.page_words import words_in
from api.views.planning import Planned, PlanningDesk, WorkLimit

EXAMPLE_SEED = 1
EXAMPLE_ITERATIONS = 1_500
"""Some five seconds, so that the plan is the same wherever it is made."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GEOJSON = "application/geo+json"
_SHAPES = {"wide": LANDSCAPE, "tall": TALL}


@dataclass(frozen=True)
class Example:
    """The embedded scenario and, once somebody asked for it, its plan: same scenario, seed and limit, same plan.

    Holds one plan and its pictures (two languages, two shapes) for the life of the process.
    """

    scenario: ScenarioDocument
    desk: PlanningDesk
    settings: Settings
    made: dict[Any, Any] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def plan(self) -> Planned:
        limit = WorkLimit(EXAMPLE_SEED, iterations=EXAMPLE_ITERATIONS, seconds=self.settings.max_seconds)
        planned: Planned = self._once("plan", lambda: self.desk.plan(self.scenario, limit))
        return planned

    def picture(self, language: str, shape: str) -> bytes:
        planned = self.plan()
        draw = partial(draw_plan_map, lang=language, size=_SHAPES[shape], fonts=self.settings.fonts)
        picture: bytes = self._once((language, shape), lambda: draw(planned.document, planned.network))
        return picture

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Whoever comes while it is being made waits for it, rather than making it again."""
        if key not in self.made:
            with self.lock:
                if key not in self.made:
                    self.made[key] = make()
        return self.made[key]


def page_blueprint(desk: PlanningDesk, settings: Settings, scenario: ScenarioDocument) -> Blueprint:
    page = Blueprint("page", __name__)
    example = Example(scenario, desk, settings)
    page.add_url_rule("/", "start", partial(_start, example))
    page.add_url_rule("/example", "plan_example", partial(_plan_example, example), methods=["POST"])
    page.add_url_rule("/example", "example", partial(_result, example))
    page.add_url_rule("/example/scenario.json", "scenario_json", partial(_scenario_json, example))
    page.add_url_rule("/example/plan.json", "plan_json", partial(_plan_json, example))
    page.add_url_rule("/example/plan.xlsx", "plan_xlsx", partial(_plan_xlsx, example))
    page.add_url_rule("/example/routes.geojson", "geojson", partial(_geojson, example))
    page.add_url_rule("/example/map.png", "picture", partial(_picture, example))
    return page


def _start(example: Example) -> str:
    return _page(example, None)


def _plan_example(example: Example) -> AnyResponse:
    """Plans, then sends the browser to the result, so that reloading does not plan again."""
    example.plan()
    language = language_of_page(request)
    return redirect(url_for("page.example", lang=language), code=303)


def _result(example: Example) -> str:
    return _page(example, example.plan())


def _page(example: Example, planned: Planned | None) -> str:
    language = language_of_page(request)
    return render_template(
        "page.html",
        lang=language,
        words=words_in(language),
        scenario=scenario_content(example.scenario, language),
        plan=plan_content(planned.document, example.scenario, language) if planned else None,
        seconds=round(example.settings.max_seconds),
    )


def _scenario_json(example: Example) -> Response:
    return _file(example.scenario.model_dump_json(indent=2).encode(), "application/json", "scenario.json")


def _plan_json(example: Example) -> Response:
    return _file(example.plan().document.model_dump_json(indent=2).encode(), "application/json", "plan.json")


def _plan_xlsx(example: Example) -> Response:
    stream = io.BytesIO()
    write_workbook(example.plan().document, stream, lang=language_of_page(request))
    return _file(stream.getvalue(), _XLSX, "plan.xlsx")


def _geojson(example: Example) -> Response:
    planned = example.plan()
    return _file(json.dumps(routes_geojson(planned.document, planned.network)).encode(), _GEOJSON, "routes.geojson")


def _picture(example: Example) -> Response:
    shape = "tall" if request.args.get("shape") == "tall" else "wide"
    picture = example.picture(language_of_page(request), shape)
    return Response(picture, mimetype="image/png", headers={"Cache-Control": "no-cache"})


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, mimetype=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
