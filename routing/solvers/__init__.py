"""The engines, by name. Each is imported only when asked for."""

from __future__ import annotations

from routing.errors import UnknownSolver
from routing.solvers.base import Solver


def known_solver(name: str) -> Solver:
    """Raises UnknownSolver."""
    if name == "pyvrp":
        from routing.solvers.pyvrp_backend import PyVRPSolver

        return PyVRPSolver()
    raise UnknownSolver(name, ["pyvrp"])
