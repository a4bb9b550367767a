"""Noroshi: a hotline between partners.

Follow one report: :mod:`noroshi.flow.send`, :mod:`noroshi.flow.deliver`,
:mod:`noroshi.flow.receive`, :mod:`noroshi.flow.acknowledge`.
"""
