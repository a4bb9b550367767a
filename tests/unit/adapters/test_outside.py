"""The way out of the house: who may use it when."""

import threading

from noroshi.adapters.outside import Outside
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.marking.label import Marking
from noroshi.flow.feed_ports import Login


def a_feed(name: str) -> Feed:
    return Feed(
        name=name, kind=FeedKind.MISP, url="https://misp.example", collection="c", partner="jp",
        ceiling=Marking.parse("TLP:GREEN"), added_at=0, added_by="Lt Sato",
    )  # fmt: skip


def test_a_feed_is_followed_by_one_at_a_time_and_others_meanwhile() -> None:
    outside = Outside()
    entered, order = threading.Event(), list[str]()

    def follow() -> None:
        entered.set()
        with outside(a_feed("one"), Login()):
            order.append("second")

    with outside(a_feed("one"), Login()):
        second = threading.Thread(target=follow)
        second.start()
        assert entered.wait(60)
        with outside(a_feed("other"), Login()):
            order.append("other")
        second.join(0.2)
        assert second.is_alive()
        order.append("first")
    second.join(60)
    assert order == ["other", "first", "second"]
