"""Words: every label of the line in its five languages, by the code that travels.

`words/*.json` holds what all kinds of report share; what one kind alone says lies in its folder
(:mod:`noroshi.core.kinds`).
"""
