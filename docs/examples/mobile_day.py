"""The API calls of a mobile user. Needs only Python.

    python docs/examples/mobile_day.py [http://127.0.0.1:8000]

Signs up, scrolls, watches, likes, comments and follows, checks that the feed changed,
uploads and plays a video, exports the user's data, and deletes the account.
Shows what every app should do: send events in batches with their own ids, send an
idempotency key to create something and the ETag to change it, and wait after a 429.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

READY_WITHIN = 180  # seconds to process an upload


class Problem(Exception):
    """An error response (RFC 9457)."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body.get('detail')} {body.get('errors', '')}")
        self.status = status
        self.body = body


class Api:
    """The API at `address`, for the user of `token`."""

    def __init__(self, address: str) -> None:
        self.root = f"{address.rstrip('/')}/api/v1/"
        self.token = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of the response; `headers` use `_` for `-`."""
        return self.ask(method, path, body, **headers)[0]

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[Any, dict[str, str]]:
        """Return JSON and headers of the response. Raises `Problem`."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Accept": "application/json"}
        return self.send(method, path, data, sent | _dashed(headers))

    def upload(self, fields: dict[str, str], name: str, content: bytes) -> Any:
        """POST a form with one file to `videos/`; a retry creates nothing new."""
        boundary = uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="'
        parts = [
            f'{head}{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in fields.items()
        ]
        parts.append(f'{head}{name}"; filename="clip"\r\n\r\n'.encode() + content)
        parts.append(f"\r\n--{boundary}--\r\n".encode())
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Idempotency-Key": str(uuid4()),
        }
        return self.send("POST", "videos/", b"".join(parts), headers)[0]

    def send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[Any, dict[str, str]]:
        if self.token:
            headers = headers | {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.root + path, data, headers, method=method)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    content = response.read()
                    return json.loads(content or b"null"), dict(response.headers)
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise Problem(error.code, json.loads(error.read())) from None
                time.sleep(int(error.headers["Retry-After"]))


class Day:
    """The steps of the user; prints a line for each."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.name = f"visitor_{uuid4().hex[:8]}"
        self.password = uuid4().hex

    def run(self) -> None:
        self.sign_up()
        first = self.scroll(pages=3)
        creator = self.watch(first)
        self.check_feed(first, creator)
        self.edit_profile()
        self.upload(first)
        self.delete_account()

    def sign_up(self) -> None:
        subjects = [each["slug"] for each in self.api("GET", "categories/")]
        account = {
            "username": self.name,
            "email": f"{self.name}@example.com",
            "password": self.password,
            "interests": subjects[:2],
        }
        self.api.token = self.api("POST", "auth/signup/", account)["token"]
        say(f"signed up as {self.name}, who likes {', '.join(subjects[:2])}")

    def scroll(self, *, pages: int) -> list[dict[str, Any]]:
        """Return the items of the first pages of Home; report impressions."""
        items: list[dict[str, Any]] = []
        path = "feeds/home/?limit=10"
        for _ in range(pages):
            page = self.api("GET", path)
            shown = [item | {"feed_id": page["feed_id"]} for item in page["results"]]
            self.report(_seen(item, "impression") for item in shown)
            items += shown
            if page["next_cursor"] is None:
                break
            path = f"feeds/home/?limit=10&cursor={page['next_cursor']}"
        keys = [item["video"]["video_id"] for item in items]
        check(keys, "Home is empty")
        check(len(keys) == len(set(keys)), "Home repeated a video")
        say(f"scrolled past {len(keys)} different videos")
        return items

    def watch(self, items: list[dict[str, Any]]) -> str:
        """Watch some, like and comment on one, follow its creator; return the name."""
        for item in items[:4]:
            video, session = item["video"], str(uuid4())
            self.report([_seen(item, "click")])
            playback = self.api("GET", f"videos/{video['video_id']}/playback/")
            for fraction in (0.3, 0.6, 0.95):
                seconds = fraction * playback["duration"]
                progress = {
                    "session_id": session,
                    "fraction": fraction,
                    "seconds": seconds,
                    "position": seconds,
                }
                self.report([_seen(item, "watch") | progress])
        video = items[0]["video"]
        self.api("PUT", f"videos/{video['video_id']}/like/")
        comment = {"text": "Well played."}
        path = f"videos/{video['video_id']}/comments/"
        once = {"Idempotency_Key": str(uuid4())}
        first, again = (self.api("POST", path, comment, **once) for _ in range(2))
        check(first == again, "a retry created a second comment")
        creator: str = video["creator"]["username"]
        self.api("PUT", f"users/{creator}/follow/")
        say(f"watched 4, liked “{video['title']}” and followed {creator}")
        return creator

    def check_feed(self, before: list[dict[str, Any]], creator: str) -> None:
        watched = {item["video"]["video_id"] for item in before[:4]}
        history = self.api("GET", "me/history/")["results"]
        check({row["video"]["video_id"] for row in history} == watched, "wrong history")
        after = self.api("GET", "feeds/home/?limit=30")["results"]
        shown = [item["video"]["video_id"] for item in after]
        check(not watched & set(shown), "Home shows watched videos")
        old = [item["video"]["video_id"] for item in before]
        left = [key for key in old if key not in watched]
        check(shown[: len(left)] != left, "Home did not change")
        following = self.api("GET", "feeds/following/")["results"]
        creators = {item["video"]["creator"]["username"] for item in following}
        check(creators == {creator}, "Following shows other creators")
        why = [item["reason"] for item in after[:3]]
        say(f"Home changed: {'; '.join(why)}")

    def edit_profile(self) -> None:
        _, headers = self.api.ask("GET", "me/")
        tag = headers["ETag"]
        self.api("PATCH", "me/", {"bio": "On the phone."}, If_Match=tag)
        try:
            self.api("PATCH", "me/", {"bio": "From elsewhere."}, If_Match=tag)
        except Problem as problem:
            check(problem.status == 412, str(problem))
            say("edited the profile; a conflicting change was refused")
            return
        raise SystemExit("a change was overwritten")

    def upload(self, items: Iterable[dict[str, Any]]) -> None:
        """Upload a watched video as a private one, and play it."""
        clip = self._some_file(items)
        fields = {"title": "My day", "visibility": "private"}
        video_id = self.api.upload(fields, "file", clip)["video_id"]
        until = time.monotonic() + READY_WITHIN
        while (video := self.api("GET", f"videos/{video_id}/"))["state"] != "ready":
            check(video["state"] != "failed", video["failure"])
            check(time.monotonic() < until, "the upload was not processed in time")
            time.sleep(1)
        playback = self.api("GET", f"videos/{video_id}/playback/")
        check(len(_first_bytes(playback["url"])) == 1000, "the upload does not play")
        say(f"uploaded {len(clip)} bytes; it plays for {playback['duration']:.0f} s")

    def _some_file(self, items: Iterable[dict[str, Any]]) -> bytes:
        for item in items:
            path = f"videos/{item['video']['video_id']}/playback/"
            url = self.api("GET", path)["url"]
            if url.startswith(self.api.root.removesuffix("api/v1/")):
                with urllib.request.urlopen(url, timeout=60) as response:
                    content: bytes = response.read()
                    return content
        raise SystemExit("no video on Home is a file of this platform")

    def delete_account(self) -> None:
        stored = self.api("GET", "me/export/")
        check(len(stored["watches"]) == 4, "the export lacks watches")
        self.api("POST", "me/deletion/", {"password": self.password})
        try:
            self.api("GET", "me/")
        except Problem as problem:
            check(problem.status == 401, str(problem))
            say("exported the data and deleted the account")
            return
        raise SystemExit("the account still exists")

    def report(self, events: Iterable[dict[str, Any]]) -> None:
        answer = self.api("POST", "events/", {"events": list(events)})
        refused = [row for row in answer["results"] if row["status"] == "rejected"]
        check(not refused, f"events were refused: {refused}")


def _seen(item: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return an event about an item of a feed."""
    event = {
        "id": str(uuid4()),
        "type": kind,
        "video_id": item["video"]["video_id"],
        "at": datetime.now(UTC).isoformat(),
        "feed_id": item["feed_id"],
        "feed_position": item["position"],
    }
    return event if kind == "watch" else event | {"source": item["source"]}


def _first_bytes(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"Range": "bytes=0-999"})
    with urllib.request.urlopen(request, timeout=60) as response:
        content: bytes = response.read()
        return content


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)


def check(holds: object, otherwise: str) -> None:
    if not holds:
        raise SystemExit(otherwise)


if __name__ == "__main__":
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    Day(Api(address)).run()
