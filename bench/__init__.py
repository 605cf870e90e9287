"""`make bench`: boltkeys beside what it would be chosen instead of, in one run. See docs/performance.md.

`run` and what it imports need the standard library only. `inproc`, `lookup`, `memory`, `site` and `peers` run in a
virtual environment of the bench, which has the peers.
"""
