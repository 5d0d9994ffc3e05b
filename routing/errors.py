"""Every error of routing on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from routing.model import Violation


class RoutingError(Exception):
    """Base of what this package raises."""


class UnknownSolver(RoutingError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown solver {name!r}; known: {', '.join(sorted(known))}")


class PlanRejected(RoutingError):
    """A plan broke rules and must not be shown. Carries every violation."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{violation.rule}: {violation.message.en}" for violation in self.violations))
