"""The configuration: YAML a newsroom can edit, checked whole before anything runs.

`find` says which file, `load` reads it and all it includes, `changes` tells two configs apart for a
reload, `schema` is what editors check with. The only place that knows pydantic and ruamel.yaml.
"""

from monitor.config._changes import changes
from monitor.config._folders import find, shipped_folder, templates_folder
from monitor.config._forms import feed_settings
from monitor.config._load import load
from monitor.config._value import ChannelConfig, Config, SafeUrl

__all__ = [
    "ChannelConfig",
    "Config",
    "SafeUrl",
    "changes",
    "feed_settings",
    "find",
    "load",
    "shipped_folder",
    "templates_folder",
]
