"""The compact form: what a report says, in few bytes for thin lines, and back byte for byte.

``docs/formats/compact.md`` is the specification; :mod:`dictionary` holds the numbers that both
sides know, :mod:`form` writes a report JSON with them, :mod:`content` the whole content.
"""
