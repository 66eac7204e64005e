"""amtool's judgement of the routing example, and who gets which alert."""

import unittest

from shipped import ROUTES, tool

# Labels of an alert, and its receivers in order.
WHO_GETS = [
    ("alertname=AtlasAuditorAlive severity=none", "dead-mans-switch"),
    ("alertname=AtlasAuditorAlive", "dead-mans-switch"),
    ("alertname=AtlasAuditorDown severity=critical", "auditor-operators-pager"),
    ("alertname=AtlasAuditorJournalFailing severity=critical", "auditor-operators-pager"),
    ("alertname=AtlasAuditorDeliveryFailing severity=critical sink=soc", "auditor-operators-pager"),
    ("alertname=AtlasAuditorConfigBad severity=warning", "auditor-operators"),
    ("alertname=AtlasPolicyWeakened severity=warning owner=build-team", "security"),
    ("alertname=AtlasKeyDrift severity=critical owner=build-team", "security-pager,build-team"),
    ("alertname=AtlasKeyDrift severity=critical", "security-pager"),
    ("alertname=AtlasKeyDrift severity=warning owner=platform-team", "platform-team"),
    ("alertname=AtlasKeyDrift severity=info owner=build-team", "build-team"),
    ("alertname=AtlasKeyDrift severity=warning owner=somebody-else", "security"),
    ("alertname=AtlasKeyNotFound severity=critical owner=platform-team", "security-pager,platform-team"),
    ("alertname=AtlasKeyForbidden severity=warning", "security"),
    ("alertname=AtlasKeyUnauthorized severity=warning owner=build-team", "build-team"),
    ("alertname=AtlasKeyStale severity=warning owner=build-team", "build-team"),
    ("alertname=AtlasKeyUnmanaged severity=warning", "security"),
    ("alertname=AtlasOrgUnreachable severity=critical owner=platform-team", "security-pager,platform-team"),
    ("alertname=AtlasWaiverExpiring severity=warning owner=build-team", "build-team"),
]


class Routes(unittest.TestCase):
    def test_amtool_accepts_them(self):
        content, said = tool("amtool", "check-config", ROUTES)
        self.assertTrue(content, said)

    def test_each_alert_reaches_those_whom_it_concerns(self):
        for labels, receivers in WHO_GETS:
            with self.subTest(labels):
                content, said = tool("amtool", "config", "routes", "test", f"--config.file={ROUTES}",
                                     f"--verify.receivers={receivers}", *labels.split())
                self.assertTrue(content, said)


if __name__ == "__main__":
    unittest.main()
