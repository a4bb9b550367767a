"""The examples in the core's docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import noroshi.core
from tests.unit.core import nodes

MODULES = [module.name for module in pkgutil.walk_packages(noroshi.core.__path__, "noroshi.core.")]


@pytest.mark.parametrize("name", [*MODULES, nodes.__name__])
def test_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_there_are_examples() -> None:
    attempted = sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES)
    assert attempted >= 10
