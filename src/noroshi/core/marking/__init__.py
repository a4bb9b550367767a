"""Markings: how a report may be handled, and what the words of a marking mean.

    label         what is written: policy, level, caveats, REL TO, TLP, PAP
    policy        what the levels and caveats of a policy are, and who its owners are
    equivalence   which level of one policy answers to which of another, and who says so
    rules         policies and equivalences together
    combine       the marking of several things together

Policies and equivalences are data (`policies/*.json`), read and checked by the adapters. A
TLP label is no classification and is never mapped to one.
"""
