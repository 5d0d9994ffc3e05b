"""Where the HTTP layer meets the planning service: one seam, and a bound on how many plans are computed at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from api.http_errors import busy
from api.schemas import Before, PlanDocument, ScenarioDocument
from api.settings import Settings
from geodata.errors import Text
from geodata.network import Network


@dataclass(frozen=True, slots=True)
class WorkLimit:
    """How long to search. The time budget guards the server; only iterations keep a plan reproducible.

    Without ``iterations`` the usual work limit holds.
    """

    seed: int
    iterations: int | None
    seconds: float


class Planned(Protocol):
    @property
    def document(self) -> PlanDocument: ...

    @property
    def network(self) -> Network: ...


class Planner(Protocol):
    def __call__(
        self,
        scenario: ScenarioDocument,
        limit: WorkLimit,
        warnings: tuple[Text, ...],
        before: Before,
    ) -> Planned:
        """A checked plan that carries the warnings and changes little of the one before.

        Raises ``BadInput`` where the scenario and the stored network do not fit.
        """
        ...


def service_planner(settings: Settings) -> Planner:
    """The planning service itself; imported here so that the page and its errors need no solver."""
    from api.service import Effort, Networks, plan_scenario
    from routing.solvers.base import DEFAULT_ITERATIONS, Stop

    networks = Networks(settings.network_folder)

    def plan(scenario: ScenarioDocument, limit: WorkLimit, warnings: tuple[Text, ...], before: Before) -> Planned:
        effort = Effort(
            stop=Stop(iterations=limit.iterations or DEFAULT_ITERATIONS, seconds=limit.seconds), seed=limit.seed
        )
        return plan_scenario(
            scenario,
            networks=networks,
            effort=effort,
            previous=before.previous,
            state=before.state,
            warnings=warnings,
        )

    return plan


FROM_NOTHING = Before()
"""No earlier plan: the whole day is ahead."""


@dataclass(frozen=True)
class PlanningDesk:
    """Plans so many scenarios at a time and sends the others away."""

    planner: Planner
    places: threading.BoundedSemaphore
    retry_after_s: int

    @classmethod
    def of(cls, planner: Planner, settings: Settings) -> PlanningDesk:
        return cls(planner, threading.BoundedSemaphore(settings.plans_at_once), math.ceil(settings.max_seconds))

    def plan(
        self,
        scenario: ScenarioDocument,
        limit: WorkLimit,
        *,
        warnings: tuple[Text, ...] = (),
        before: Before = FROM_NOTHING,
    ) -> Planned:
        """Raises ``Problem`` (503) when every place is taken."""
        with self._place():
            return self.planner(scenario, limit, warnings, before)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self.places.acquire(blocking=False):
            raise busy(self.retry_after_s)
        try:
            yield
        finally:
            self.places.release()
