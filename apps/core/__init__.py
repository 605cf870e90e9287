"""The rules of boltkeys: standard library only, no I/O, no clock and no randomness of their own."""
