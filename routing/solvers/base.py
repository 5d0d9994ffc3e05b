"""What every solver offers and obeys."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from routing.evaluate import Solution
from routing.model import Problem

DEFAULT_ITERATIONS = 4_000
"""Work limit when neither one nor a time budget is given: some ten seconds for two hundred visits."""

OnImprovement = Callable[[Solution], None]


def in_silence(done: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Stop:
    """When to stop searching: a work limit, a time budget, or somebody's word. The best so far is always kept.

    Only the work limit keeps a plan reproducible. ``seconds`` counts from the creation of this object. ``on_work`` is
    told from time to time which part of the work limit is done.
    """

    iterations: int | None = None
    seconds: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    on_work: Callable[[float], None] = in_silence
    began: float = field(default_factory=time.monotonic)

    def now(self, *, share: float = 1.0) -> bool:
        """Whether time, or this share of it, is up, or somebody asked to stop."""
        if self.cancelled.is_set():
            return True
        return self.seconds is not None and time.monotonic() - self.began >= self.seconds * share


class Solver(Protocol):
    name: str
    version: str

    def solve(self, problem: Problem, *, stop: Stop, seed: int, on_improvement: OnImprovement) -> Solution:
        """The best solution found. Same problem, seed and iterations: same solution, if nothing else stopped it."""
        ...
