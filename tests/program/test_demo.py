"""The demo, as somebody who has just cloned it meets it."""

import re
import signal
import subprocess
from pathlib import Path

from tests.program.conftest import command
from tests.program.console import Door


def test_every_desk_of_the_demo_opens_in_a_browser(tmp_path: Path) -> None:
    demo = [*command("demo", "--partners", "jp,nato,kr", "--dir", tmp_path)]
    with subprocess.Popen(demo, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        try:
            while "another link" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            links = dict(re.findall(r"(\w+) +(http://localhost:\d+/enter/[0-9a-f]{64})", said))
            assert links.keys() == {"jp", "nato", "kr"}
            url, _, secret = links["nato"].partition("/enter/")
            door = Door(url)
            assert door.post("/enter", secret=secret)[0] == 303
            board = door.ask("GET", "/")[1]
            (flash,) = re.findall(r'class="is-hot" data-report="([0-9a-f-]{36})"', board)
            assert "VG-400" in door.ask("GET", f"/report/{flash}")[1]
        finally:
            process.send_signal(signal.SIGTERM)  # SIGINT is ignored in the background
            process.wait(20)
