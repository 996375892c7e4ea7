"""Match: which entries are about a topic, and why."""
