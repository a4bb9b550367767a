"""Hostile input for the compact form of a report's content (:mod:`endure.decoders`)."""

import random
from collections.abc import Callable

from endure.forgery import CANARY
from endure.mutate import mutate, with_one_changed
from noroshi.adapters.words import example_of
from noroshi.core import gate
from noroshi.core.compact.content import MAX_COMPACT, compact, open_content
from noroshi.core.compact.dictionary import newest
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import recognise
from noroshi.core.report import Content


def content() -> tuple[Callable[[random.Random], bytes], Callable[[bytes], str]]:
    """Contents of every kind, changed anywhere, or in one of their values."""
    whole = [raw for kind in all_kinds().values() if (raw := compact(_example(kind), newest()))]
    fields = [gate.convert(gate.decode(raw, limit=MAX_COMPACT), dict[int, object]) for raw in whole]

    def make(draw: random.Random) -> bytes:
        if draw.random() < 0.4:
            return mutate(draw.choice(whole), draw)
        told = dict(draw.choice(fields))
        form = gate.convert(told[11], list[object])
        if draw.random() < 0.7:
            told[11] = with_one_changed(form, draw)
        else:
            told[draw.randrange(14)] = draw.choice((form, draw.getrandbits(20), CANARY, [], b""))
        return gate.encode(told)

    return make, lambda raw: open_content(raw).kind


def _example(kind: Kind) -> Content:
    found = recognise(example_of(kind))
    desks = (DeskAddress("cyber", "nato"),)
    return Content(
        kind.name, f"{found.subject} {CANARY}", "cyber", None, None, desks, (), (),
        found.media_type, example_of(kind), (),
    )  # fmt: skip
