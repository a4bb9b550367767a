"""What Noroshi computes: no I/O, no clock, no randomness, no logging, no async."""
