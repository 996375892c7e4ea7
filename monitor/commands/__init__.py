"""Commands: what `monitor NAME` does.

To add one: write `commands/NAME.py` with a click command (or group) called `command`. It is at once
in `monitor --help`, in docs/reference and under `tests/contracts/test_commands.py`. Only the module
of the command that was asked for is imported.
"""
