"""Facts: what an entry says beyond its words, read with the words of its own language.

`read` finds the values that a text gives (how long, how many, when, where) and who says, confirms or
denies what; `conflicts` compares the values of two texts; `hedge` says why a sentence asserts nothing.
All of it is pure, linear in the text's length, and tuned for precision: what the text does not make
clear is not reported. The words themselves are in `languages/`, one file a language.
"""

from monitor.facts.compare import conflicts
from monitor.facts.read import read
from monitor.facts.speech import hedge

__all__ = ["conflicts", "hedge", "read"]
