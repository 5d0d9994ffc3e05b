"""Closures, checkpoints and zones: what bars roads tonight, whom, and when.

In the order of reading: ``model`` says what there is, ``shapes`` what of it was drawn wrongly; ``parts`` finds the stretches
of road that a shape covers, ``named_roads`` those of a road between two points, ``guarded_points`` where a checkpoint sits;
``resolve`` does so for all of them, once per network, and makes ``Roads`` for a wave and its passes; ``gates`` finds where
to hand over to a zone, ``cut_off`` what shuts a place off.
"""

from geodata.restrictions.cut_off import CutOff, Loss, explain_cut_off, losses, served_m
from geodata.restrictions.gates import Gate, HandOver, hand_overs
from geodata.restrictions.model import (
    Area,
    Checkpoint,
    Closure,
    InForce,
    Line,
    NamedRoad,
    Pass,
    Restriction,
    Restrictions,
    Zone,
    passes_held,
)
from geodata.restrictions.plane import Plane
from geodata.restrictions.resolve import Placed, Resolved, resolve
from geodata.restrictions.served import Served, served_from
from geodata.restrictions.shapes import DEPTHS, geometry_in, shape_faults, shape_of

__all__ = [
    "DEPTHS",
    "Area",
    "Checkpoint",
    "Closure",
    "CutOff",
    "Gate",
    "HandOver",
    "InForce",
    "Line",
    "Loss",
    "NamedRoad",
    "Pass",
    "Placed",
    "Plane",
    "Resolved",
    "Restriction",
    "Restrictions",
    "Served",
    "Zone",
    "explain_cut_off",
    "geometry_in",
    "hand_overs",
    "losses",
    "passes_held",
    "resolve",
    "served_from",
    "served_m",
    "shape_faults",
    "shape_of",
]
