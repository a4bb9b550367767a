"""A federation in one process with virtual time: the shipped acts, tables, lines and watch.

Only what touches the world is replaced: the event loop's clock, the disk (SQLite in memory,
which forgets at a power cut what was not committed), the net, the officers, and cryptography (a
stand-in that hides nothing and only notices damage). Everything is drawn from one seed, so a
seed is a history: the same seed gives the same trace.

    world      builds nodes, lets time pass, heals, and asks the checker at the end
    weather    decides what goes wrong and when
    checker    the invariants, checked at every commit and at the end
"""
