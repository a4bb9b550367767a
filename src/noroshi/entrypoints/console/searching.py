"""Reports found by words in them."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from noroshi.core.errors import NoroshiError
from noroshi.entrypoints.console import board
from noroshi.entrypoints.console.desk import Console, Json, Visit
from noroshi.entrypoints.console.problem import problem_of
from noroshi.flow import requests

MOST = 50


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show what is found; without words, where to type them."""
    words = http.query_params.get("q", "").strip()
    problem, found, is_more = None, [], False
    if words:
        try:
            asked = requests.Search(words=words, limit=MOST)
            told = cast("Json", await console.ask(visit, asked))
            found = cast("list[Json]", told["found"])
            is_more = bool(told["more"])
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    values = {
        "words": words,
        "found": [(each, board.what({**each, "destroyed": None}, visit.reader)) for each in found],
        "is_more": is_more,
        "problem": problem,
        "marking": board.highest(found),
    }
    return console.page("search.html", visit, values, 400 if problem else 200)
