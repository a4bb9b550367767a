"""A browser at a console, and a client without scripts."""

import http.client
import urllib.parse
from collections.abc import Mapping

from playwright.sync_api import Browser, Page

from tests.program.conftest import Desk


class Door:
    """A client without scripts, cookies of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        body = None if form is None else urllib.parse.urlencode(form).encode()
        status, raw, given = self.fetch(method, path, body, **headers)
        return status, raw.decode(), given

    def fetch(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Ask with bytes, and for bytes."""
        door = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=10)
        given = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        raw = answer.read()
        connection.close()
        return answer.status, raw, dict(answer.headers)

    def begin(self, path: str) -> str:
        """Return the page of a new form, whose address is told with the id of its report."""
        status, page, headers = self.ask("GET", path)
        assert status == 303, page
        return self.ask("GET", headers["location"])[1]

    def send(self, path: str, body: bytes, kind: str) -> tuple[int, str, Mapping[str, str]]:
        """Send a form that is no urlencoded one."""
        given = {"Origin": self.url, "Content-Type": kind}
        status, raw, headers = self.fetch("POST", path, body, **given)
        return status, raw.decode(), headers

    def post(self, path: str, **form: str) -> tuple[int, str, Mapping[str, str]]:
        return self.ask("POST", path, form, Origin=self.url)


def link_of(desk: Desk, by: str = "Lt Jansen") -> str:
    return str(desk.ask("console", "--by", by)["url"])


def come_in(desk: Desk, url: str) -> Door:
    door = Door(url)
    secret = link_of(desk).rpartition("/")[2]
    assert door.post("/enter", secret=secret)[0] == 303
    return door


def enter(browser: Browser, desk: Desk) -> tuple[Page, list[str]]:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(link_of(desk))
    page.click("main button")
    page.wait_for_selector("#actual", state="attached")
    return page, said
