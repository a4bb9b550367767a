"""The kinds of report: each a folder with its form, its words and an example.

To add a kind, add a folder whose `__init__.py` has a `KIND`.
"""
