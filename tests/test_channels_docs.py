"""The examples of docs/howto/channels.md: each is a config that loads."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor import config, registry

PAGE = Path(__file__).parent.parent / "docs" / "howto" / "channels.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SECRETS = {
    "apprise-url": "json://localhost/canary",
    "discord-webhook": "https://discord.com/api/webhooks/1/canary",
    "mattermost-webhook": "https://chat.example.org/hooks/canary",
    "ntfy-token": "tk_canary",
    "ntfy-topic": "desk-canary",
    "robot-key": "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnk=",
    "slack-token": "xoxb-canary",
    "slack-webhook": "https://hooks.slack.com/services/T/B/canary",
    "smtp-password": "canary",
    "teams-workflow": "https://prod.example.org/workflows/1?sig=canary",
    "telegram-token": "12345:canary-canary-canary-1",
}
FRAME = """\
feeds: [{url: "https://news.test/rss"}]
topics: {trump-putin-summit: {query: word}}
"""


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs Debian's package openssl")
    folder = tmp_path_factory.mktemp("credentials")
    key = subprocess.run([openssl, "genrsa", "2048"], capture_output=True, check=True, text=True).stdout
    for name, value in {**SECRETS, "dkim-key": key}.items():
        (folder / name).write_text(value, encoding="utf-8")
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: " ".join(re.findall(r"type: (\w+)", text)))
def test_an_example_loads(example: str, credentials: Path, tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_text(FRAME + example, encoding="utf-8")
    environ = {
        "CREDENTIALS_DIRECTORY": str(credentials),
        "ROBOT_AUTH": "Bearer canary",
        "UNSUBSCRIBE_KEY": "canary",
    }
    loaded = config.load(path, environ)
    assert loaded.channels
    known = [w for w in loaded.warnings if "is an example" not in w.problem and "no route" not in w.problem]
    assert [str(w) for w in known if w.key.startswith("channels.")] == []


def test_there_is_an_example_for_every_channel() -> None:
    shown = {kind for example in EXAMPLES for kind in re.findall(r"type: (\w+)", example)}
    assert shown == set(registry.names("channels"))
