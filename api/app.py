"""The web service: a factory that puts the parts together."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

from api.http_errors import add_error_handlers
from api.schemas import ScenarioDocument
from api.settings import Settings
from api.views.page import page_blueprint
from api.views.planning import Planner, PlanningDesk, service_planner
from api.views.plans import plans_blueprint

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class FiniteJson(DefaultJSONProvider):
    """JSON with Chinese as it is, and an error where somebody would send NaN."""

    ensure_ascii = False
    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, **{"allow_nan": False, **kwargs})


def create_app(
    settings: Settings,
    *,
    planner: Planner | None = None,
    example: Callable[[], ScenarioDocument] | None = None,
) -> Flask:
    """The application. Without ``planner`` and ``example``: the planning service and the embedded example."""
    app = Flask("api", template_folder="templates", static_folder="static")
    app.json = FiniteJson(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    desk = PlanningDesk.of(planner or service_planner(settings), settings)
    app.register_blueprint(plans_blueprint(desk, settings))
    app.register_blueprint(page_blueprint(desk, settings, (example or _embedded_example)()))
    app.add_url_rule("/healthz", "healthz", _healthz)
    add_error_handlers(app)
    app.after_request(_with_security_headers)
    return app


def _embedded_example() -> ScenarioDocument:
    from api.example import example_scenario

    return example_scenario()


def _healthz() -> dict[str, str]:
    return {"status": "ok", "version": version("baogong")}


def _with_security_headers(response: Response) -> Response:
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
