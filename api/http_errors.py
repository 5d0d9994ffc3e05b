"""Errors over HTTP: RFC 9457 problem documents, with every complaint at once; a plain page where a person looks.

Nothing of the inside leaves: no path, no traceback, no message of an unexpected error.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, json, render_template, request
from werkzeug.exceptions import HTTPException

from api.language import language_of_api, language_of_page
from geodata.errors import BadInput, Complaint, Text
from routing.errors import PlanRejected

MEDIA_TYPE = "application/problem+json"
_BLANK = "about:blank"
_OWN = "urn:baogong:problem:"

INVALID_JSON = Text("请求内容不是有效的 JSON", "The body is not valid JSON")
INVALID_SCENARIO = Text("场景数据有误", "The scenario cannot be planned")
INVALID_PARAMETERS = Text("查询参数有误", "The query parameters cannot be used")
BUSY = Text("正在计算其他方案，请稍后再试", "Another plan is being computed; please try again shortly")

_log = logging.getLogger("baogong.http")


@dataclass(eq=False)
class Problem(Exception):
    """Something to answer with instead of a result. ``kind`` names one of our own types; none: the status says all."""

    status: HTTPStatus
    title: Text
    detail: Text
    kind: str = ""
    errors: tuple[Mapping[str, Text | str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, language: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": _OWN + self.kind if self.kind else _BLANK,
            "title": self.title.in_language(language),
            "status": self.status.value,
            "detail": self.detail.in_language(language),
        }
        return body | ({"errors": [_spoken(error, language) for error in self.errors]} if self.errors else {})


def _spoken(error: Mapping[str, Text | str], language: str) -> dict[str, str]:
    return {key: value.in_language(language) if isinstance(value, Text) else value for key, value in error.items()}


def invalid_json(detail: Text) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, INVALID_JSON, detail, kind="invalid-json")


def invalid_parameters(errors: Iterable[tuple[str, Text]]) -> Problem:
    """``errors``: name of the query parameter and what is wrong with it."""
    listed = tuple(_parameter_error(name, message) for name, message in errors)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        INVALID_PARAMETERS,
        _count(len(listed)),
        kind="invalid-parameters",
        errors=listed,
    )


def _parameter_error(name: str, message: Text) -> Mapping[str, Text | str]:
    return {"parameter": name, "detail": message}


def invalid_scenario(complaints: Iterable[Complaint]) -> Problem:
    """Complaints keep their JSON pointer, as a URI fragment; names of files on the server stay there."""
    listed = tuple(_error(complaint) for complaint in complaints)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, INVALID_SCENARIO, _count(len(listed)), kind="invalid-scenario", errors=listed
    )


def _error(complaint: Complaint) -> Mapping[str, Text | str]:
    pointer = {"pointer": "#" + quote(complaint.pointer, safe="/~!$&'()*+,;=:@")} if complaint.pointer else {}
    return {**pointer, "detail": complaint.message}


def plan_rejected(error: PlanRejected) -> Problem:
    """A plan that failed its own check is never sent; what it broke is."""
    title = Text("方案未通过校验", "The plan failed its check")
    detail = Text(
        "算出的方案违反规则，未予采用；请报告此情况", "the plan found breaks rules and was not used; please report this"
    )
    errors: list[Mapping[str, Text | str]] = []
    errors += [{"rule": found.rule, "detail": found.message} for found in error.violations]
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, title, detail, kind="plan-rejected", errors=tuple(errors))


def _count(number: int) -> Text:
    return Text(f"共 {number} 处问题", f"{number} complaint{'' if number == 1 else 's'}")


def busy(retry_after_s: int) -> Problem:
    title = _STATUS_TITLES[HTTPStatus.SERVICE_UNAVAILABLE]
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, title, BUSY, headers={"Retry-After": str(retry_after_s)})


_STATUS_TITLES: Mapping[HTTPStatus, Text] = {
    HTTPStatus.BAD_REQUEST: Text("请求有误", "Bad Request"),
    HTTPStatus.NOT_FOUND: Text("找不到", "Not Found"),
    HTTPStatus.METHOD_NOT_ALLOWED: Text("不支持该方法", "Method Not Allowed"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Text("请求内容过大", "Content Too Large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Text("不支持的内容类型", "Unsupported Media Type"),
    HTTPStatus.INTERNAL_SERVER_ERROR: Text("服务器内部错误", "Internal Server Error"),
    HTTPStatus.SERVICE_UNAVAILABLE: Text("服务暂时不可用", "Service Unavailable"),
}
_STATUS_DETAILS: Mapping[HTTPStatus, Text] = {
    HTTPStatus.NOT_FOUND: Text("这里没有内容", "There is nothing here"),
    HTTPStatus.METHOD_NOT_ALLOWED: Text("请看 Allow 标头", "See the Allow header"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Text("请求内容超过上限", "The body is larger than this server takes"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Text("请以 application/json 发送", "Send application/json"),
    HTTPStatus.INTERNAL_SERVER_ERROR: Text(
        "出现意外错误，已记录；请联系管理员", "Something unexpected happened and was logged"
    ),
}


def add_error_handlers(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(BadInput, lambda error: answer(invalid_scenario(error.complaints)))
    app.register_error_handler(PlanRejected, lambda error: answer(plan_rejected(error)))
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def answer(problem: Problem) -> Response:
    """A page for a browser outside the API, else problem+json in the language asked for."""
    if not request.path.startswith("/api/") and _wants_page():
        return _page(problem)
    language = language_of_api(request)
    response = Response(json.dumps(problem.body(language)), problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    response.headers["Content-Language"] = language
    response.vary.add("Accept-Language")
    return response


def _wants_page() -> bool:
    return request.accept_mimetypes.best_match([MEDIA_TYPE, "text/html"], default=MEDIA_TYPE) == "text/html"


def _page(problem: Problem) -> Response:
    language = language_of_page(request)
    page = render_template("error.html", lang=language, problem=problem.body(language))
    return Response(page, problem.status, headers=dict(problem.headers), mimetype="text/html")


def _answer_http(error: HTTPException) -> Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return Response(response=error.get_body(), status=error.code, headers=error.get_headers())
    status = HTTPStatus(error.code)
    title = _STATUS_TITLES.get(status, Text(status.phrase, status.phrase))
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return answer(Problem(status, title, _STATUS_DETAILS.get(status, title), headers=kept))


def _answer_unexpected(error: Exception) -> Response:
    """Logs where it happened, not what it said: a message may quote the input, which may hold contacts."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    _log.error("%s in %s %s: %s", type(error).__name__, request.method, request.url_rule, where)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return answer(Problem(status, _STATUS_TITLES[status], _STATUS_DETAILS[status]))
