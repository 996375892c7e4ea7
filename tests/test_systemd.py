"""The systemd unit: understood by systemd, well shut in, and nothing we use is shut out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "systemd" / "monitor.service"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs Debian's package systemd (systemd-analyze)"
)


def settings(section: str = "Service") -> dict[str, list[str]]:
    """Return what the unit sets, a list for settings that may stand more than once."""
    found: dict[str, list[str]] = {}
    here = ""
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif "=" in line and not line.startswith("#") and here == section:
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a program that exists on this machine."""
    path = tmp_path / "monitor.service"
    text = UNIT.read_text(encoding="utf-8").replace("/opt/monitor/bin/monitor", sys.executable)
    path.write_text(text, encoding="utf-8")
    return path


@needs_systemd
def test_systemd_understands_every_line(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "monitor.service" in line]) == (
        0,
        [],
    )


@needs_systemd
def test_the_service_is_exposed_by_no_more_than_one_and_a_half_of_ten(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_files_for_users_and_folders_are_understood(tmp_path: Path) -> None:
    if shutil.which("systemd-sysusers") is None or shutil.which("systemd-tmpfiles") is None:
        pytest.skip("needs Debian's package systemd (systemd-sysusers, systemd-tmpfiles)")
    (tmp_path / "etc").mkdir()
    for program, file in (("systemd-sysusers", "monitor.sysusers"), ("systemd-tmpfiles", "monitor.tmpfiles")):
        command = [program, f"--root={tmp_path}", *(["--create"] if "tmpfiles" in program else [])]
        done = subprocess.run(
            [*command, str(ROOT / "systemd" / file)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr.lower().count("error")) == (0, 0), done.stderr
    assert (tmp_path / "etc/monitor/credentials").stat().st_mode & 0o777 == 0o700
    assert "monitor" in (tmp_path / "etc/passwd").read_text(encoding="utf-8")


def test_the_unit_keeps_what_the_daemon_promises() -> None:
    service = settings()
    assert service["Type"] == ["notify"]  # systemd 252 ignores notify-reload
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert service["DynamicUser"] == ["yes"]
    assert service["StateDirectory"] == ["monitor"]
    assert service["LoadCredential"] == ["monitor:/etc/monitor/credentials"]
    assert int(service["WatchdogSec"][0]) == 60
    assert "78" in service["RestartPreventExitStatus"][0].split()


_UNDER_THE_UNITS_LIMITS = """
import ctypes, os, resource, sys
# prctl(2): PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN (Linux 6.3) is what MemoryDenyWriteExecute asks for.
if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0):
    sys.exit(99)
import mmap
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    mdwe = False
except PermissionError:
    mdwe = True
import feedparser, lxml.etree, httptools, re2, daachorse, nh3, regex, rapidfuzz, jinja2, sqlalchemy, apscheduler
import httpx, aiosmtplib, pydantic, lark, alembic, babel, brotli, zstandard, ssl
ssl.create_default_context()
assert re2.search("পুতিন", "ভ্লাদিমির পুতিন")
from datetime import UTC, datetime
from monitor.model import Feed, Fetched, FetchResult
from monitor.parse import Parser
body = b'<rss version="2.0"><channel><title>a & b</title><item><title>one</title></item></channel></rss>'
feed = Feed(url="https://a.test/", source="a")
parser = Parser()
document = parser.parse(FetchResult(feed=feed, fetched_at=datetime(2025, 10, 16, tzinfo=UTC), outcome=Fetched(body=body)))
parser.close()
print(len(document.items), document.path, mdwe)
"""


def test_nothing_we_use_needs_memory_that_is_writable_and_executable() -> None:
    """Libraries load and the parser's worker process reads a broken feed under PR_SET_MDWE."""
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_THE_UNITS_LIMITS], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    if done.returncode == 99:
        pytest.skip("this kernel has no PR_SET_MDWE (Linux 6.3)")
    assert (done.returncode, done.stdout.split()) == (0, ["1", "feedparser", "True"]), done.stderr


@needs_systemd
def test_the_parsers_worker_may_lower_its_own_limits() -> None:
    """It sets them by prlimit64 (glibc), which must be in the allow list though setrlimit is not."""
    assert settings()["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", "@default", "@resources"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    default, _, resources = done.stdout.partition("@resources")
    assert "prlimit64" in default.split()
    assert "prlimit64" not in resources.split()
