"""The collector looks again for whatever it is told to look for."""

import asyncio

from noroshi.adapters.collector import INDEXED, Collector
from noroshi.flow.records import Announcement, Committed


def test_the_index_is_looked_at_again_when_something_comes_goes_or_is_destroyed() -> None:
    async def run() -> None:
        stop, looked = asyncio.Event(), asyncio.Event()
        collector = Collector(lambda: False, looked.set, INDEXED)
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            tasks.create_task(collector.run(stop))
            await looked.wait()
            for event in ("received", "sent", "destroyed"):
                looked.clear()
                collector.on_commit(Committed({}, {}, (Announcement(event, "jp"),)))
                await looked.wait()
            stop.set()

    asyncio.run(run())
