"""Which of the two languages to answer in. Chinese unless English is asked for."""

from __future__ import annotations

from flask import Request

LANGUAGES = ("zh", "en")


def language_of_api(request: Request) -> str:
    """By Accept-Language."""
    return request.accept_languages.best_match(LANGUAGES, default="zh") or "zh"


def language_of_page(request: Request) -> str:
    """By ``?lang=``; the page links to its other language."""
    return "en" if request.args.get("lang") == "en" else "zh"
