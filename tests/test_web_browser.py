"""Web: the pages in a real browser: at 360 px nothing scrolls sideways, nothing runs, axe finds nothing."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from tests.test_web_pages import every_path, pages

_LOOK = """
addEventListener("load", async () => {
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, one = {name: frame.title, frame: frame.clientWidth};
    one.wide = page.documentElement.scrollWidth;
    one.title = page.title;
    one.dark = frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches;
    const axe = frame.contentWindow.axe;
    if (axe) {
      const result = await axe.run(page, {resultTypes: ["violations"]});
      one.violations = result.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).slice(0, 3).join(" | "));
      one.passes = result.passes.length;
    }
    found.push(one);
  }
  document.getElementById("found").textContent = JSON.stringify(found);
})
"""
WIDTHS = (360, 1280)


@pytest.fixture(scope="module")
def chromium() -> str:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Debian's package chromium")
    return program


@pytest.fixture(scope="module")
def axe() -> Path:
    """The script of axe-core."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs the npm package axe-core")
    root = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=True).stdout
    script = Path(root.strip()) / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("needs the npm package axe-core")
    return script


async def saved(folder: Path, language: str) -> dict[str, str]:
    """Return every page with its style in it, so that it can stand in a frame."""
    async with pages(folder, language, trouble=True) as (world, client):
        style = (await client.get("/style.css")).text
        found = {name: (await client.get(path)).text for name, path in every_path(world).items()}
    sheet = re.compile(r'<link rel="stylesheet"[^>]*>')
    assert all(sheet.search(text) for text in found.values())
    return {name: sheet.sub(lambda _: f"<style>{style}</style>", text) for name, text in found.items()}


async def looked_at(
    chromium: str, folder: Path, found: Mapping[str, str], *, axe: Path | None = None, dark: bool = False
) -> list[dict[str, Any]]:
    """Return what a browser has to say of each page in each width."""
    script = f'<script src="{axe.as_uri()}"></script>' if axe else ""
    frames = "".join(
        f'<iframe title="{name}" style="width:{width}px;height:900px;border:0"'
        f' srcdoc="{escape(text.replace("</body>", f"{script}</body>"))}"></iframe>'
        for name, text in found.items()
        for width in WIDTHS
    )
    outer = folder / "outer.html"
    outer.write_text(
        f"<!doctype html><meta charset=utf-8><pre id=found></pre>{frames}<script>{_LOOK}</script>",
        encoding="utf-8",
    )
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    flags += [
        "--disable-background-networking",
        "--disable-component-update",
        "--allow-file-access-from-files",
    ]
    flags += ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    seen = await asyncio.to_thread(
        subprocess.run,
        [chromium, *flags, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=600000",
         "--dump-dom", outer.as_uri()],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    told = re.search(r'<pre id="found">(.*?)</pre>', seen.stdout, re.DOTALL)
    assert told
    assert told[1], seen.stderr[-2000:]
    read: list[dict[str, Any]] = json.loads(unescape(told[1]))
    assert len(read) == len(found) * len(WIDTHS)
    return read


@pytest.mark.chromium
@pytest.mark.parametrize("language", ["bn", "en"])
async def test_no_page_scrolls_sideways_and_nothing_of_a_feed_runs(
    chromium: str, tmp_path: Path, language: str
) -> None:
    looked = await looked_at(chromium, tmp_path, await saved(tmp_path, language))

    assert [one for one in looked if one["wide"] > one["frame"]] == []
    assert [one["name"] for one in looked if one["title"] == "pwned"] == []


@pytest.mark.chromium
@pytest.mark.parametrize(("language", "dark"), [("bn", False), ("en", True)])
async def test_axe_finds_nothing(chromium: str, axe: Path, tmp_path: Path, language: str, dark: bool) -> None:
    looked = await looked_at(chromium, tmp_path, await saved(tmp_path, language), axe=axe, dark=dark)

    assert {one["dark"] for one in looked} == {dark}
    assert min(one["passes"] for one in looked) > 10
    assert [(one["name"], one["frame"], one["violations"]) for one in looked if one["violations"]] == []
