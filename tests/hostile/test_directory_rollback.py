"""Attacks on directories with what was once true: rollback and freeze, role by role."""

import msgspec

from noroshi.adapters.directories.metadata import Snapshot, Timestamp
from noroshi.core.instant import DAY
from tests.hostile.repository import PATIENCE, Repository, meta, refused
from tests.unit.core.nodes import NATO, NOW


def test_rollback_of_the_timestamp_alone() -> None:
    """The older timestamp names the very snapshot that is known."""
    repository = Repository(NATO)
    old = repository.timestamp
    newer = Timestamp(2, expires=repository.ends(2 * DAY))
    newer.snapshot_meta = meta(1, repository.snapshot)
    repository.timestamp = repository.sign(newer)
    kept = repository.read()
    refused(lambda: repository.read(kept, timestamp=old), "directory-older")


def test_rollback_of_the_snapshot_alone() -> None:
    """The older snapshot names the very targets that are known."""
    repository = Repository(NATO)
    old, ends = repository.snapshot, repository.ends(400 * DAY)
    newer = Snapshot(2, expires=ends, meta={"targets.json": meta(1, repository.targets)})
    repository.snapshot = repository.sign(newer)
    timestamps = [Timestamp(version, expires=repository.ends(2 * DAY)) for version in (2, 3)]
    for timestamp, named in zip(timestamps, ((2, repository.snapshot), (1, old)), strict=True):
        timestamp.snapshot_meta = meta(*named)
    second, third = map(repository.sign, timestamps)
    kept = repository.read(timestamp=second)
    refused(lambda: repository.read(kept, timestamp=third, snapshot=old), "directory-older")


def test_rollback_of_the_timestamp() -> None:
    repository = Repository(NATO)
    old = repository.bundle()
    repository.next()
    kept = repository.read()
    again = msgspec.structs.asdict(old)
    refused(lambda: repository.read(kept, **again), "directory-older")


def test_rollback_of_the_snapshot_under_a_new_timestamp() -> None:
    repository = Repository(NATO)
    old = repository.snapshot
    repository.next()
    kept = repository.read()

    def back(timestamp: Timestamp) -> None:
        timestamp.snapshot_meta = meta(1, old)

    repository.next(change_timestamp=back)
    refused(lambda: repository.read(kept, snapshot=old), "directory-older")


def test_rollback_of_the_targets_under_a_new_snapshot() -> None:
    repository = Repository(NATO)
    old = repository.targets
    repository.next()
    kept = repository.read()

    def back(snapshot: Snapshot) -> None:
        snapshot.meta["targets.json"] = meta(1, old)

    repository.next(change_snapshot=back)
    refused(lambda: repository.read(kept, targets=old), "directory-older")


def test_two_timestamps_of_one_version() -> None:
    repository = Repository(NATO)
    kept = repository.read()
    repository.life += DAY
    repository.publish()
    refused(lambda: repository.read(kept), "directory-older")


def test_freeze_until_nothing_newer_is_heard() -> None:
    repository = Repository(NATO)
    end = NOW + repository.life
    assert repository.read(now=end + PATIENCE - 1).directory.expires_at == end // 10**6 * 10**6
    refused(lambda: repository.read(now=end + PATIENCE), "directory-stale")


def test_freeze_of_the_snapshot_beneath_fresh_timestamps() -> None:
    repository = Repository(NATO)
    repository.life = 900 * DAY
    repository.publish()
    refused(lambda: repository.read(now=NOW + 401 * DAY), "directory-stale")


def test_a_root_that_has_ended() -> None:
    repository = Repository(NATO)
    repository.at = NOW + 3651 * DAY
    repository.next()
    refused(lambda: repository.read(now=repository.at), "bad-directory", "root has ended")
