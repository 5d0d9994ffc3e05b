"""What every suite shares: where the data lies, and a closing list of what was skipped and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from geodata.network import Network, load_network
from geodata.samples import FOLDER

ROOT = Path(__file__).parent.parent


def _required() -> set[str]:
    return {name for name in os.environ.get("BAOGONG_REQUIRE", "").split(",") if name}


def skip_for(reason: str, detail: str) -> None:
    """Skip because ``data`` or ``chromium`` is missing; with BAOGONG_REQUIRE naming it, fail instead."""
    message = f"{reason}: {detail}"
    if reason in _required():
        pytest.fail(f"BAOGONG_REQUIRE names {reason}, but {detail}")
    pytest.skip(message)


SOAK = int(os.environ.get("BAOGONG_SOAK", "1"))
"""``make soak`` multiplies the examples of randomised tests by this."""

settings.register_profile("baogong", deadline=None, derandomize=SOAK == 1, max_examples=100 * SOAK)
settings.load_profile("baogong")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real networks and instances; BAOGONG_DATA names it, ../shared/data by default."""
    folder = Path(os.environ.get("BAOGONG_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "dalian").is_dir():
        skip_for("data", f"no data at {folder} (set BAOGONG_DATA)")
    return folder


@pytest.fixture(scope="session")
def sample_network() -> Network:
    """Coquimbo–La Serena, as embedded."""
    return load_network(FOLDER / "coquimbo.bgn")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.write_sep("-", f"skipped: {len(skipped)}")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"{report.nodeid}: {reason}")
