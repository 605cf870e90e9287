"""A believable project for a first look: a telephone reception service, thirty days into using boltkeys.

All of it is made by the services that everybody else calls; only the clock is set back meanwhile (`clock.py`).
"""
