"""The habits of this code base, kept by a machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for path in (ROOT / "monitor").rglob("*.py") if "_migrations" not in path.parts)
PLAIN = {
    "alive", "cadence", "cluster", "compose", "dedupe", "errors", "facts", "follow", "formats", "languages", "match",
    "metrics", "model", "parse", "registry", "render", "slots", "stores", "text", "clock",
}  # fmt: skip
"""Units without a socket: no function there is async."""

DOORS = {
    "aiosmtpd": {"commands"},
    "aiosmtplib": {"channels"},
    "alembic": {"stores"},
    "apprise": {"channels"},
    "apscheduler": {"scheduler"},
    "babel": {"render"},
    "brotli": {"fetch"},
    "click": {"__main__", "commands"},
    "daachorse": {"match"},
    "dkim": {"channels"},
    "feedparser": {"formats"},
    "httptools": {"fetch", "commands"},
    "httpx": {"fetch", "channels", "service", "commands", "testing"},
    "jinja2": {"render"},
    "lark": {"match"},
    "lxml": {"formats"},
    "nh3": {"render", "text", "formats"},
    "prometheus_client": {"web"},
    "psycopg": {"stores"},
    "pydantic": {"config"},
    "re2": {"match"},
    "regex": {"text", "match", "languages", "render", "facts"},
    "rich": {"commands"},
    "ruamel": {"config"},
    "protego": {"fetch"},
    "sqlalchemy": {"stores"},
    "sqlite3": {"stores"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "trafilatura": {"formats"},
    "zstandard": {"fetch"},
}
"""Each dependency has one door: who may import it. (httpx is typed in service and replay, made in fetch.)"""


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES]


def unit(path: Path) -> str:
    part = path.relative_to(ROOT / "monitor").parts[0]
    return part.removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_fits_in_the_head(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(source)), "no docstring"
    assert len(source.splitlines()) <= 500


def test_functions_are_shorter_than_sixty_lines() -> None:
    long = [
        f"{path.name}:{node.lineno} {node.name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno >= 60
    ]

    assert long == []


def test_no_function_is_async_where_no_socket_is() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path, tree in trees()
        if unit(path) in PLAIN
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
    ]

    assert found == []


def test_imports_stand_at_the_top() -> None:
    lazy = [
        f"{path.name}:{node.lineno}"
        for path, tree in trees()
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]

    assert lazy == []


def test_each_dependency_has_one_door() -> None:
    strays = []
    for path, tree in trees():
        for node in ast.walk(tree):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                top = name.partition(".")[0]
                if top in DOORS and unit(path) not in DOORS[top]:
                    strays.append(f"{path.relative_to(ROOT)}: {top}")

    assert strays == []


def passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler tidies up and raises again: it catches nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_the_daemon_loads_nothing_that_is_for_terminals() -> None:
    code = (
        "import sys, monitor.service, monitor.stores.sqlite, monitor.stores._migrations._alembic\n"
        "print(*sorted({'rich', 'pygments'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == []


def test_nothing_catches_everything() -> None:
    broad = [
        f"{path.name}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and not passes_on(node)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]

    assert broad == []


def test_no_path_of_one_machine_is_in_the_tree() -> None:
    suspicious = []
    for folder in ("monitor", "config", "templates", "systemd", "docs", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".md", ".yaml", ".j2", ".service", ".json", ".toml"} and path != Path(
                __file__
            ):
                text = path.read_text(encoding="utf-8", errors="replace")
                suspicious += [
                    str(path) for needle in ("/home/", "/root/", "/work/", ".pyenv") if needle in text
                ]

    assert suspicious == []
