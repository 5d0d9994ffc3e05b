"""OSRM and Valhalla beside this project: their wheels fetched once, their programs run as they are.

The wheels of ``osrm-bindings`` and ``pyvalhalla`` hold the engines' programs and all the libraries these need, so that
no Python of the wheels' own version has to be there. They lie in ``cache/engines``, as does what the programs make.
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import runpy
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from benchmarks.machine import ROOT
from geodata.model import LonLat

CACHE = ROOT / "cache" / "engines"
WHEELS = {"osrm-bindings": "26.10.0", "pyvalhalla": "3.9.1"}
LARGEST_TABLE = 1_000
CLOSURES_AT_ONCE = 100_000
START_S = 60.0

MATRIX_ALGORITHM = "timedistancematrix"
"""One search per place. What Valhalla chooses by itself, "costmatrix", took 13 times as long on Dalian, twice on Porto."""

Result = TypeVar("Result")


class Spent(NamedTuple):
    """Seconds of processor time, and seconds that passed."""

    cpu_s: float
    wall_s: float

    def __add__(self, other: object) -> Spent:
        if not isinstance(other, Spent):
            return NotImplemented
        return Spent(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s)


def on_one_core() -> None:
    """Keep this process, and every program it starts from now on, to a single core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measured(work: Callable[[], Result]) -> tuple[Result, Spent]:
    """What work in this process takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, Spent(time.process_time() - cpu, time.perf_counter() - wall)


# --- the wheels ---------------------------------------------------------------------------------------------------


def fetch() -> None:
    """Download and unpack what is not there yet."""
    for name, version in WHEELS.items():
        target = CACHE / f"{name}-{version}"
        if not target.is_dir():
            _unpack(_download(name, version), target)


def _download(name: str, version: str) -> Path:
    folder = CACHE / "wheels"
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"], check=True)
    (wheel,) = folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")
    return wheel


def _unpack(wheel: Path, target: Path) -> None:
    partly = target.with_suffix(".partly")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(partly)
    for program in partly.glob("*/bin/*"):
        program.chmod(0o755)
    partly.rename(target)


def _package(name: str) -> Path:
    return CACHE / f"{name}-{WHEELS[name]}"


def run(program: Path, *arguments: object) -> Spent:
    """Run a program to its end. Ends this one, with its last words, if it fails."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [program, *map(str, arguments)], check=False, capture_output=True, text=True, env=_environment()
    )
    passed, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{program.name} failed: {(done.stdout + done.stderr)[-2000:]}")
    return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, passed)


def _environment() -> Mapping[str, str]:
    return dict(os.environ) | {"LD_LIBRARY_PATH": str(_package("pyvalhalla") / "pyvalhalla.libs")}


# --- servers ------------------------------------------------------------------------------------------------------


class Server(AbstractContextManager["Server"]):
    """A program that answers over HTTP on this machine. ``ready``: the time from starting it to its first answer."""

    def __init__(self, command: Sequence[object], port: int, probe: str) -> None:
        self.port = port
        wall = time.perf_counter()
        self._process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
        )
        self._wait_for(probe)
        self.ready = Spent(self._cpu_s(), time.perf_counter() - wall)

    def ask(self, path: str, body: object = None) -> tuple[Any, Spent]:
        """The answer as JSON, and what the server took for it; reading the JSON here is not counted."""
        cpu, wall = self._cpu_s(), time.perf_counter()
        status, text = self._send(path, body)
        spent = Spent(self._cpu_s() - cpu, time.perf_counter() - wall)
        if status != http.client.OK:
            raise RuntimeError(f"{path[:60]} answered {status}: {text[:300]!r}")
        return json.loads(text), spent

    def _send(self, path: str, body: object) -> tuple[int, bytes]:
        method, data = ("GET", None) if body is None else ("POST", json.dumps(body))
        for attempt in (1, 2):
            try:
                self._connection.request(method, path, data)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def _wait_for(self, probe: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port)
        deadline = time.perf_counter() + START_S
        while time.perf_counter() < deadline and self._process.poll() is None:
            try:
                self._send(probe, None)
            except OSError:
                self._connection.close()
                time.sleep(0.005)
            else:
                return
        self._process.kill()
        raise RuntimeError("the server does not answer")

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Route(NamedTuple):
    """``snap_m``: how far the two points were moved to a road."""

    seconds: float
    metres: float
    points: Sequence[tuple[float, float]]
    snap_m: tuple[float, float]


# --- OSRM ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Osrm:
    """A map prepared by OSRM's programs with its own car profile. ``algorithm``: "CH" or "MLD"."""

    base: Path
    algorithm: str

    @staticmethod
    def program(name: str) -> Path:
        return _package("osrm-bindings") / "osrm" / "bin" / f"osrm-{name}"

    @classmethod
    def prepare(cls, city: str, pbf: Path, algorithm: str) -> tuple[Self, Spent]:
        """Extract, then contract or partition and customise, on one thread."""
        folder = CACHE / f"osrm-{city}-{algorithm}"
        folder.mkdir(parents=True, exist_ok=True)
        engine = cls(folder / f"{city}.osrm", algorithm)
        profile = _package("osrm-bindings") / "osrm" / "share" / "profiles" / "car.lua"
        spent = run(cls.program("extract"), pbf, "-p", profile, "-t", 1, "-o", engine.base)
        if algorithm == "MLD":
            spent += run(cls.program("partition"), engine.base, "-t", 1)
        return engine, spent + engine.customise()

    def customise(self, speeds: Path | None = None) -> Spent:
        """What has to be run again when speeds change: all of the contraction, or the customisation of the cells."""
        name = "contract" if self.algorithm == "CH" else "customize"
        return run(self.program(name), self.base, "-t", 1, *(["--segment-speed-file", speeds] if speeds else []))

    def serve(self) -> Server:
        port = free_port()
        limits = ["--max-table-size", LARGEST_TABLE, "--threads", 1, "--algorithm", self.algorithm]
        command = [self.program("routed"), self.base, "--ip", "127.0.0.1", "--port", port, *limits]
        return Server(command, port, "/nearest/v1/driving/0,0")


def osrm_table(server: Server, places: Sequence[LonLat]) -> tuple[list[list[float | None]], Spent]:
    answer, spent = server.ask(f"/table/v1/driving/{_coordinates(places)}?annotations=duration")
    return answer["durations"], spent


def osrm_route(server: Server, origin: LonLat, destination: LonLat) -> tuple[Route | None, Spent]:
    options = "overview=full&geometries=geojson&steps=false"
    answer, spent = server.ask(f"/route/v1/driving/{_coordinates([origin, destination])}?{options}")
    if answer["code"] != "Ok":
        return None, spent
    route, ends = answer["routes"][0], answer["waypoints"]
    points = [(lon, lat) for lon, lat in route["geometry"]["coordinates"]]
    return Route(route["duration"], route["distance"], points, (ends[0]["distance"], ends[1]["distance"])), spent


def _coordinates(places: Sequence[LonLat]) -> str:
    return ";".join(f"{place.lon:.7f},{place.lat:.7f}" for place in places)


# --- Valhalla -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Valhalla:
    """A map prepared by Valhalla's programs with its own ``auto`` costing."""

    config: Path
    port: int

    @staticmethod
    def program(name: str) -> Path:
        return _package("pyvalhalla") / "valhalla" / "bin" / f"valhalla_{name}"

    @classmethod
    def prepare(cls, city: str, pbf: Path) -> tuple[Self, Spent]:
        """Build the tiles on one thread."""
        folder = CACHE / f"valhalla-{city}"
        folder.mkdir(parents=True, exist_ok=True)
        engine = cls(folder / "valhalla.json", free_port())
        engine.config.write_text(json.dumps(_valhalla_config(folder, engine.port)), encoding="utf-8")
        return engine, run(cls.program("build_tiles"), "-c", engine.config, "-j", 1, pbf)

    def serve(self) -> Server:
        return Server([self.program("service"), self.config, 1], self.port, "/status")


def valhalla_table(
    server: Server, places: Sequence[LonLat], excluded: Sequence[LonLat] = ()
) -> tuple[list[list[float | None]], Spent]:
    ends = [_location(place) for place in places]
    body = {"sources": ends, "targets": ends, "costing": "auto", "verbose": False} | _excluding(excluded)
    answer, spent = server.ask("/sources_to_targets", body)
    return answer["sources_to_targets"]["durations"], spent


def valhalla_route(server: Server, origin: LonLat, destination: LonLat) -> tuple[float, Spent]:
    """Seconds; without narrative."""
    body = {"locations": [_location(origin), _location(destination)], "costing": "auto", "directions_type": "none"}
    answer, spent = server.ask("/route", body)
    return float(answer["trip"]["summary"]["time"]), spent


def _location(place: LonLat) -> dict[str, float]:
    return {"lon": round(place.lon, 7), "lat": round(place.lat, 7)}


def _excluding(places: Sequence[LonLat]) -> dict[str, object]:
    return {"exclude_locations": [_location(place) for place in places]} if places else {}


def _valhalla_config(folder: Path, port: int) -> dict[str, Any]:
    """The package's own defaults, with the limits raised to a table of the largest size."""
    script = _package("pyvalhalla") / "valhalla" / "valhalla_build_config.py"
    config = _without_placeholders(runpy.run_path(str(script))["config"])
    config["logging"] = {"type": ""}
    config["mjolnir"] |= {"tile_dir": str(folder / "tiles"), "concurrency": 1}
    for absent in ("tile_extract", "traffic_extract", "admin", "landmarks", "timezone", "transit_dir"):
        config["mjolnir"].pop(absent)
    for stage in ("loki", "thor", "odin", "meili"):
        config[stage]["service"] = {"proxy": f"ipc://{folder}/{stage}"}
    ends = {name: f"ipc://{folder}/{name}" for name in ("loopback", "interrupt")}
    config["httpd"]["service"] |= ends | {"listen": f"tcp://127.0.0.1:{port}"}
    config["thor"]["source_to_target_algorithm"] = MATRIX_ALGORITHM
    config["service_limits"]["max_exclude_locations"] = CLOSURES_AT_ONCE
    config["service_limits"]["auto"]["max_matrix_location_pairs"] = LARGEST_TABLE**2
    return config


def _without_placeholders(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without those that the defaults only describe."""
    plain = {key: _without_placeholders(value) if isinstance(value, dict) else value for key, value in settings.items()}
    return {key: value for key, value in plain.items() if isinstance(value, dict | list | str | int | float)}
