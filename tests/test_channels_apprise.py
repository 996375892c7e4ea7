"""Apprise: an extra; what it says of a failure is understood as far as it says something."""

from __future__ import annotations

import importlib
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from monitor.channels import Tools
from monitor.channels.apprise import AppriseOptions, Channel
from monitor.clock import VirtualClock
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Secret
from tests.receivers import NOW, Receiver, a_delivery, a_message, tools, web_server

BARE = Tools(http=cast("httpx.AsyncClient", None), clock=VirtualClock(NOW), folder=Path())


async def sent(receiver: Receiver, folder: Path, **options: Any) -> str:
    async with web_server(receiver), tools(folder) as given_tools:
        url = Secret(f"json://desk:canary-77@127.0.0.1:{receiver.port}/")
        channel = Channel("other", AppriseOptions(url=url, **options), given_tools)
        return await channel.send(a_delivery(a_message("apprise", Channel.parts)))


async def test_a_message_goes_out_as_subject_and_text(tmp_path: Path) -> None:
    receiver = Receiver()
    assert await sent(receiver, tmp_path) == "taken by JSON"
    (request,) = receiver.requests
    body = json.loads(request.body)
    message = a_message("apprise", Channel.parts)
    assert body["title"] == message.subject
    assert body["message"].strip() == message.parts["txt"].strip()


@pytest.mark.parametrize(
    ("status", "reason", "retryable"),
    [
        (301, DeliveryReason.REJECTED, False),
        (400, DeliveryReason.REJECTED, False),
        (401, DeliveryReason.AUTH, False),
        (410, DeliveryReason.GONE, False),
        (429, DeliveryReason.RATE_LIMITED, True),
        (500, DeliveryReason.SERVER, True),
    ],
)
async def test_a_status_that_apprise_names_is_understood(
    status: int, reason: DeliveryReason, retryable: bool, tmp_path: Path
) -> None:
    receiver = Receiver(status=status, headers={"Location": "/elsewhere"})
    with pytest.raises(DeliveryError) as caught:
        await sent(receiver, tmp_path)
    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)
    assert len(receiver.requests) == 1
    assert "canary" not in str(caught.value)


async def test_no_answer_in_time_means_it_may_have_arrived(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        await sent(Receiver(drip=0.01), tmp_path, timeout=timedelta(milliseconds=100))
    assert (caught.value.reason, caught.value.retryable) == (DeliveryReason.UNKNOWN, True)


def test_an_address_it_does_not_know_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigError) as caught:
        Channel("other", AppriseOptions(url=Secret("nosuch://canary-77@host/")), BARE)
    assert "canary" not in str(caught.value)


def test_where_it_is_not_installed_the_config_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    module = importlib.reload(importlib.import_module("monitor.channels.apprise"))
    try:
        with pytest.raises(ConfigError, match=r"pip install 'monitor-daemon\[apprise\]'"):
            module.Channel("other", module.AppriseOptions(url=Secret("json://localhost")), BARE)
    finally:
        monkeypatch.undo()
        importlib.reload(module)


def test_it_is_called_by_the_services_name_for_the_rest_is_the_key() -> None:
    channel = Channel("other", AppriseOptions(url=Secret("json://user:canary-77@host.example/path")), BARE)
    assert [one.address for one in channel.recipients()] == ["JSON"]
