"""The wrong configs of tests/configs/wrong and what is said about each.

`python -m tests.config_golden` writes the expected texts anew; read the difference before you commit.
"""

from __future__ import annotations

import re
from pathlib import Path

from monitor import config
from monitor.errors import ConfigError, Mistake

FOLDER = Path(__file__).parent / "configs" / "wrong"
ENVIRON = {"TOKEN": "word-without-colon", "EMPTY": "\n"}


def cases() -> list[Path]:
    """Return the wrong configs, each named by what is wrong with it."""
    return sorted(FOLDER.glob("*.yaml"))


def said(path: Path) -> str:
    """Return what is said about a config: its errors, or its warnings where it is named so."""
    mistakes: tuple[Mistake, ...]
    try:
        mistakes = config.load(path, ENVIRON).warnings
    except ConfigError as error:
        mistakes = error.mistakes
    is_warning = path.name.startswith("warning-")
    texts = [str(m) for m in mistakes if m.warning == is_warning]
    ours = ("no feeds:", "no routes:")
    texts = [t for t in texts if not any(part in t for part in ours)]
    if path.name.startswith("a-query-"):
        # What is wrong with a query is said by match; where it stands in the file is ours.
        texts = [re.sub(r"(\.query: ).*(?=\n)", r"\1…", t) for t in texts]
    return "\n".join(texts).replace(f"{FOLDER}/", "") + "\n"


if __name__ == "__main__":
    for case in cases():
        case.with_suffix(".txt").write_text(said(case), encoding="utf-8")
