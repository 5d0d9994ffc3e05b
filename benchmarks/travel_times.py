"""Travel-time tables on the whole of Nanjing, by the hierarchy, by scipy and by networkx.

    python -m benchmarks.travel_times    # some three minutes; results to benchmarks/results/travel_times.{json,md}

The network is that of ``data/nanjing`` (146,839 nodes). Its files have metres and seconds for each pair of nodes but no
classes, so every street is written as ``unclassified`` with the ``maxspeed`` that makes a van take the seconds given
there, by the length of a straight line between the nodes. The three methods then share one set of milliseconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import networkx as nx
import numpy as np
from scipy.sparse.csgraph import dijkstra

from benchmarks.machine import RESULTS, ROOT, data_folder, machine
from geodata.model import Floats, Ints, LonLat, RoadPosition, Segment
from geodata.network import Network, build_network, load_network, save_network
from geodata.profile import VAN
from geodata.roads import Roads, open_roads
from geodata.travel_times import NO_WAY_S, DijkstraTimes, HierarchyTimes

STORED = ROOT / "build" / "bench" / "nanjing.bgn"
SIZES = (200, 1_000, 3_000)
SEED = 20221107
SCIPY_SOURCES = 100
NETWORKX_SOURCES = 30
COMPARED_ROWS = 25
LEGS = 1_000
USUAL_LIMIT = "30"
"""For the few streets without length, whose speed is not known."""


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Build:
    nodes: int
    arcs: int
    build_s: float
    save_s: float
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Load:
    """In a fresh process: seconds to import the libraries, to load, and to be ready for the first table."""

    import_s: float
    load_s: float
    ready_s: float
    peak_loaded_mb: float
    peak_ready_mb: float


@dataclass(frozen=True, slots=True)
class Table:
    """CPU seconds of n × n times. scipy's and networkx's are extrapolated from a sample of the n sources."""

    n: int
    hierarchy_cpu_s: float
    hierarchy_wall_s: float
    scipy_cpu_s: float
    scipy_sources: int
    networkx_cpu_s: float
    networkx_sources: int
    no_way: int

    @property
    def times_scipy(self) -> float:
        return self.scipy_cpu_s / self.hierarchy_cpu_s

    @property
    def times_networkx(self) -> float:
        return self.networkx_cpu_s / self.hierarchy_cpu_s


def main() -> None:
    build = build_nanjing(data_folder() / "nanjing")
    load = load_in_fresh_process()
    roads = open_roads(load_network(STORED))
    tables = list(measure_tables(roads))
    compare_rows(roads)
    leg_us = measure_legs(roads)
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "build": asdict(build),
        "load": asdict(load),
        "leg_us": leg_us,
        "tables": [
            asdict(table) | {"vs_scipy": table.times_scipy, "vs_networkx": table.times_networkx} for table in tables
        ],
    }
    (RESULTS / "travel_times.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report = as_markdown(build, load, tables, leg_us)
    (RESULTS / "travel_times.md").write_text(report, encoding="utf-8")
    print(report)


# --- the network --------------------------------------------------------------------------------------------------


def build_nanjing(folder: Path) -> Build:
    print("building the network of Nanjing")
    places, metres, seconds = (read_rows(folder, kind) for kind in ("co", "road-d", "road-t"))
    roads = list(segments(places[:, ::-1], metres, seconds))
    network, build_s = timed(lambda: build_network(roads, name="Nanjing", attribution="© OpenStreetMap contributors"))
    _, save_s = timed(lambda: save_network(network, STORED))
    return Build(network.nodes, network.arcs, build_s, save_s, STORED.stat().st_size)


def read_rows(folder: Path, kind: str) -> Floats:
    """The rows of one file of figures in its archive, without the notes of a Macintosh, remarks and the node count."""
    with tarfile.open(folder / f"Nanjing.{kind}.tar.gz") as archive:
        (member,) = (found for found in archive.getmembers() if not Path(found.name).name.startswith("._"))
        stream = archive.extractfile(member)
        lines = stream.read().decode().splitlines() if stream else []
    rows = [line.split() for line in lines if not line.startswith("#")]
    return np.array([row for row in rows if len(row) > 1], dtype=np.float64)


def segments(places: Floats, metres: Floats, seconds: Floats) -> Iterator[Segment]:
    """One two-way segment per pair of directed edges; every edge of the files has its opposite of equal length."""
    for (tail, head, length_m), (_, _, travel_s) in zip(metres.tolist(), seconds.tolist(), strict=True):
        if tail < head:
            limit = f"{length_m / travel_s * 3.6 / VAN.maxspeed_factor:.0f}" if travel_s else USUAL_LIMIT
            tags = {"highway": "unclassified", "maxspeed": limit}
            yield Segment(int(tail), int(head), places[[int(tail), int(head)]], way=0, tags=tags, names={})


# --- loading ------------------------------------------------------------------------------------------------------


def load_in_fresh_process() -> Load:
    print("loading it in a fresh process")
    command = [sys.executable, "-c", _FRESH, str(STORED)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return Load(**json.loads(done.stdout))


_FRESH = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from geodata.network import load_network
from geodata.model import LonLat, RoadPosition
from geodata.roads import open_roads
from geodata.travel_times import HierarchyTimes
imported = time.perf_counter()
def peak_mb():  # getrusage tells the peak of the process that started this one, where that was higher
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
network = load_network(Path(sys.argv[1]))
loaded, peak_loaded = time.perf_counter(), peak_mb()
place = RoadPosition(0, 0.5, LonLat(0.0, 0.0))
HierarchyTimes(open_roads(network)).table([place], [place])
ready = time.perf_counter()
print(json.dumps({"import_s": imported - start, "load_s": loaded - imported, "ready_s": ready - imported,
                  "peak_loaded_mb": peak_loaded, "peak_ready_mb": peak_mb()}))
"""


# --- tables and legs ----------------------------------------------------------------------------------------------


def measure_tables(roads: Roads) -> Iterator[Table]:
    graph = as_networkx(roads)
    somewhere = random_positions(roads.network, 1)
    HierarchyTimes(roads).table(somewhere, somewhere)  # makes the topology, once for the network
    for n in SIZES:
        print(f"{n} x {n} times", flush=True)
        yield measure_table(roads, graph, random_positions(roads.network, n))


def measure_table(roads: Roads, graph: nx.DiGraph[int], positions: Sequence[RoadPosition]) -> Table:
    """The hierarchy's time has everything in it, its customising too; the others only search, once from each source."""
    n = len(positions)
    cpu, wall = time.process_time(), time.perf_counter()
    table = HierarchyTimes(roads).table(positions, positions)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    starts = [roads.open_arcs_of(position.edge)[0] for position in positions]
    some, few = starts[:SCIPY_SOURCES], starts[:NETWORKX_SOURCES]
    scipy_s = cpu_seconds(lambda: [dijkstra(roads.way_graph.graph, indices=[arc]) for arc in some])
    networkx_s = cpu_seconds(lambda: [nx.single_source_dijkstra_path_length(graph, arc, weight="ms") for arc in few])
    return Table(
        n=n,
        hierarchy_cpu_s=cpu,
        hierarchy_wall_s=wall,
        scipy_cpu_s=scipy_s * n / len(some),
        scipy_sources=len(some),
        networkx_cpu_s=networkx_s * n / len(few),
        networkx_sources=len(few),
        no_way=int((table == NO_WAY_S).sum()),
    )


def compare_rows(roads: Roads) -> None:
    """The two engines agree to the second on a sample of the middle table."""
    positions = random_positions(roads.network, SIZES[1])
    rows = positions[:COMPARED_ROWS]
    tables: list[Ints] = [engine(roads).table(rows, positions) for engine in (HierarchyTimes, DijkstraTimes)]
    if not np.array_equal(tables[0], tables[1]):
        sys.exit("the hierarchy's times are not scipy's")


def measure_legs(roads: Roads) -> float:
    """Microseconds of CPU per leg, with its arcs and metres."""
    print(f"{LEGS} legs", flush=True)
    positions = random_positions(roads.network, LEGS + 1)
    times = HierarchyTimes(roads)
    times.leg(positions[0], positions[1])
    spent = cpu_seconds(lambda: [times.leg(*pair) for pair in pairwise(positions)])
    return spent / LEGS * 1e6


def random_positions(network: Network, n: int) -> list[RoadPosition]:
    chance = np.random.default_rng(SEED)
    edges, fractions = chance.integers(network.edges, size=n).tolist(), chance.random(n).tolist()
    return [RoadPosition(edge, fraction, LonLat(0.0, 0.0)) for edge, fraction in zip(edges, fractions, strict=True)]


def as_networkx(roads: Roads) -> nx.DiGraph[int]:
    arcs = roads.way_graph.graph.tocoo()
    graph: nx.DiGraph[int] = nx.DiGraph()
    ends = zip(arcs.row.tolist(), arcs.col.tolist(), arcs.data.astype(np.int64).tolist(), strict=True)
    graph.add_weighted_edges_from(ends, weight="ms")
    return graph


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


# --- the report ---------------------------------------------------------------------------------------------------


def as_markdown(build: Build, load: Load, tables: Sequence[Table], leg_us: float) -> str:
    measured = f"{machine()}. {datetime.now(UTC):%Y-%m-%d}. {build.nodes:,} nodes, {build.arcs:,} arcs."
    parts = (TITLE, measured, "\n".join([*HEADING, *map(_row, tables)]), METHOD, _sizes(build, load, leg_us))
    return "\n\n".join(parts) + "\n"


TITLE = "# Travel times: the whole of Nanjing"

HEADING = (
    "| times | hierarchy, CPU s | wall s | scipy, CPU s | networkx, CPU s | × faster than scipy | than networkx |",
    "|---|---|---|---|---|---|---|",
)

METHOD = f"""\
The hierarchy's time is all it takes from customising it to whole seconds in a table; its topology is made once for a
network (below, in the first time answered). scipy's Dijkstra is measured on
{SCIPY_SOURCES} and networkx's `single_source_dijkstra_path_length` on {NETWORKX_SOURCES} of the sources and
extrapolated; both search the graph of turns once, from one arc, for each position and do nothing else. The network's files hold metres
and seconds but no classes: every street is `unclassified` with the `maxspeed` that gives a van those seconds."""


def _row(table: Table) -> str:
    cpu = f"{table.hierarchy_cpu_s:.2f} | {table.hierarchy_wall_s:.2f} | {table.scipy_cpu_s:,.1f}"
    ratios = f"{table.times_scipy:.0f} | {table.times_networkx:.0f}"
    return f"| {table.n:,} × {table.n:,} | {cpu} | {table.networkx_cpu_s:,.0f} | {ratios} |"


def _sizes(build: Build, load: Load, leg_us: float) -> str:
    return f"""\
A leg with its streets: {leg_us:.0f} µs. Building the network {build.build_s:.1f} s, writing it {build.save_s:.1f} s, its
file {build.file_bytes / 1e6:.1f} MB. In a fresh process: imports {load.import_s:.2f} s, loading {load.load_s:.2f} s (peak
memory {load.peak_loaded_mb:.0f} MB), first time answered {load.ready_s:.2f} s after the imports (peak {load.peak_ready_mb:.0f} MB)."""


if __name__ == "__main__":
    main()
