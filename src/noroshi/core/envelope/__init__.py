"""The sealed form of a report: COSE, deterministic CBOR, post-quantum hybrid.

``docs/formats/envelope.md`` is the specification; :mod:`seal` and :mod:`open` follow it
step by step, :mod:`cose` holds what is signed, :mod:`suite` every identifier.
"""
