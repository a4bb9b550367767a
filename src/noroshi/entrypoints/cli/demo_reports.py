"""What lies on the desks of the demo: invented reports of several kinds, in several languages."""

from collections.abc import Iterable, Mapping
from typing import Final

from noroshi.core.instant import HOUR, MINUTE, Instant, to_text

_SAID: Final[tuple[tuple[str, Mapping[str, object]], ...]] = (
    (
        "nz",
        {
            "kind": "maritime-notice",
            "subject": "Live firing north of the strait",
            "precedence": "routine",
            "activity": "Live firing by two patrol vessels",
            "hazards": ["live_fire"],
            "language": "en",
        },
    ),
    (
        "kr",
        {
            "kind": "request-for-information",
            "subject": "같은 인증서를 쓰는 관문 장비 문의",
            "precedence": "priority",
            "question": "일련번호가 4c로 시작하는 인증서를 쓰는 관문 장비를 보셨습니까?",
            "language": "ko",
        },
    ),
    (
        "nato",
        {
            "kind": "disinformation-campaign",
            "subject": "Fabricated evacuation notices, three ports",
            "precedence": "immediate",
            "narrative": "Notices that look official tell the people of three ports to leave.",
            "why_false": "No office has issued them; the letterhead is of 2019.",
            "posture": "monitor",
            "language": "en",
        },
    ),
    (
        "au",
        {
            "kind": "situation-report",
            "subject": "Inject 14: loss of time signal, harbour control",
            "precedence": "immediate",
            "status": "exercise",
            "information": "Harbour control has lost its time signal; ships wait at anchor.",
            "language": "en",
        },
    ),
    (
        "jp",
        {
            "kind": "cyber-incident",
            "subject": "コンテナターミナルのリモート接続装置への侵入",
            "precedence": "flash",
            "stage": "early-warning",
            "summary": "VG-400の設定が外部から変更された。荷役は手作業で継続している。",
            "incident_types": ["compromised-system"],
            "malicious": "yes",
            "language": "ja",
        },
    ),
)
_TIMES: Final = {"cyber-incident": ("aware_at", HOUR // 4), "situation-report": ("as_of", MINUTE)}


def demo_reports(
    partners: Iterable[str], now: Instant
) -> tuple[tuple[str, dict[str, object]], ...]:
    """Return who of the partners writes what, the FLASH last."""
    present = set(partners)
    return tuple((who, _whole(said, now)) for who, said in _SAID if who in present)


def _whole(said: Mapping[str, object], now: Instant) -> dict[str, object]:
    name, ago = _TIMES.get(str(said["kind"]), ("", 0))
    at = {name: to_text(now - ago)[:19] + "Z"} if name else {}
    return {"noroshi": 1, "marking": "TLP:AMBER", **said, **at}
