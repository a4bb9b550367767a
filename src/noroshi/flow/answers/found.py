"""Answers about what is looked for."""

from noroshi.core.errors import InputError
from noroshi.core.search import read_query
from noroshi.flow import finding
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, Search


def search(house: House, request: Search) -> Answer:
    """Find reports by words in them."""
    if not 0 < request.limit <= finding.MOST:
        raise InputError("bad-input", f"a search returns 1 to {finding.MOST} reports")
    rows, is_more = finding.find(house, read_query(request.words), request.desks, request.limit)
    return {"found": rows, "more": is_more}
