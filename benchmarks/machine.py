"""Where the data lies, where results go, and on what machine they were measured."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
LIBRARIES = ("numpy", "scipy", "networkx", "routingkit-cch", "pyvrp")


def data_folder() -> Path:
    """The folder of real networks and lists. Ends the program where it is missing."""
    folder = Path(os.environ.get("BAOGONG_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "dalian").is_dir():
        sys.exit(f"no data at {folder}; set BAOGONG_DATA")
    return folder


def machine() -> str:
    """Processor, cores, Python and library versions in one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
