"""What crashes.py holds against the daemon: how the keys were, and what the receiver was told.
Knows nothing of how the daemon decides."""
import dataclasses
import datetime
import json
import time

# How a key may be, and the alert that is due then.
CONTENTS = {"fine": None, "drift": "AtlasKeyDrift", "deleted": "AtlasKeyNotFound"}
ACCESS = ("AtlasKeyForbidden", "AtlasKeyStale")
FOREVER = float("inf")


def seconds(text):
    """A time that the daemon wrote, in seconds since the epoch."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@dataclasses.dataclass
class Span:
    """How a key was, from before the request that made it so to after the one that ended it."""
    content: str
    denied: bool
    begin: float
    end: float = FOREVER

    def has(self, alert):
        return self.denied if alert in ACCESS else CONTENTS[self.content] == alert

    def disproves(self, alert):
        return not self.denied and not self.has(alert)

    def overlaps(self, begin, end):
        return self.begin <= end and self.end >= begin


class History:
    """Of one key."""

    def __init__(self, key):
        self.key = key
        self.spans = [Span("fine", False, time.time())]

    @property
    def now(self):
        return self.spans[-1]

    def become(self, content, denied, change):
        """Notes what `change()` does. While that is under way, the old and the new may be."""
        old = self.now
        new = Span(content, denied, time.time())
        change()
        old.end = time.time()
        self.spans.append(new)

    def glimpse(self, begin, end):
        """For a moment the key may have been readable."""
        self.spans.insert(-1, Span(self.now.content, False, begin, end))

    def could_prove(self, alert, begin, end):
        """Whether a poll between the two could have shown that the alert is over."""
        return any(span.disproves(alert) and span.overlaps(begin, end) for span in self.spans)

    def could_cause(self, alert, begin, end):
        return any(span.has(alert) and span.overlaps(begin, end) for span in self.spans)

    def is_told(self, told):
        """Whether the receiver knows what there is to know of the key as it is."""
        now = self.now
        if now.denied:
            return told.fires("AtlasKeyForbidden", self.key)
        return all(told.fires(alert, self.key) == now.has(alert)
                   for alert in (*filter(None, CONTENTS.values()), *ACCESS))


class Told:
    """What a receiver was told. An incident is (labels, start)."""

    def __init__(self):
        self.begun, self.ended = {}, {}  # by incident: how often; the ends
        self.firing = {}                 # by labels, the start: what it must believe by now

    def take(self, body):
        document = json.loads(body)
        for alert in document["alerts"]:
            labels = tuple(sorted(alert["labels"].items()))
            start = alert["startsAt"]
            if document["status"] == "firing":
                self.begun[labels, start] = self.begun.get((labels, start), 0) + 1
                self.firing[labels] = start
            else:
                self.ended.setdefault((labels, start), set()).add(alert["endsAt"])
                self.firing.pop(labels, None)

    def fires(self, alert, key):
        return any(dict(labels)["alertname"] == alert and dict(labels).get("key_id") == key
                   for labels in self.firing)
