"""`journal verify | show | export` on a filled store, and what happens to both verifiers when an
export or a store is tampered with. The store comes from journal_seed (AKA_SEED)."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import verify_export

BIN = pathlib.Path(os.environ["AKA_BIN"]) / "atlas-key-auditor"
SEED = os.environ["AKA_SEED"]
KEY = "64aa11bb22cc33dd44ee55f1"


class JournalTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aka-journal-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.store = self.directory / "journal.db"

    def seed(self, records, cut_days=0):
        done = subprocess.run([SEED, self.store, str(records), str(cut_days)], check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()

    def journal(self, command, *arguments, source=None):
        return subprocess.run([BIN, "journal", command, *(source or ["--store", self.store]),
                               *map(str, arguments)], capture_output=True, check=False)

    def export(self):
        done = self.journal("export")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout


class Commands(JournalTest):
    def test_a_journal_is_verified_with_its_span_and_head(self):
        head = self.seed(30, cut_days=1)
        done = self.journal("verify")
        self.assertEqual(done.stderr, b"")
        self.assertEqual(done.stdout.decode(),
                         f"{self.store}: verified; 7 records, 25 (2026-11-25T00:00:00Z) to 31 "
                         f"(2026-11-25T06:00:00Z); head {head}\n")
        self.assertEqual(done.returncode, 0)

    def test_the_store_may_be_named_by_a_configuration(self):
        self.seed(3)
        config = self.directory / "auditor.yaml"
        # The secret is not there: an auditor need not have it.
        config.write_text("version: 1\nstore: {path: journal.db}\n"
                          "credentials: {c: {digest: {public_key: abcdwxyz, private_key_file: none}}}\n"
                          "organizations: [{id: 5f1a2b3c4d5e6f7a8b9c0d1e, name: o, credential: c}]\n")
        done = self.journal("verify", source=["--config", config])
        self.assertIn("3 records", done.stdout.decode())
        config.write_text("version: 1\nstore: {path: 7}\nstor: {}\n")
        done = self.journal("verify", source=["--config", config])
        self.assertEqual(done.returncode, 1)
        self.assertIn("auditor.yaml:3:1:", done.stderr.decode())

    def test_one_source_is_needed_and_a_store_must_be_one(self):
        self.assertEqual(self.journal("verify", source=["--export", "x"]).returncode, 1)
        self.assertEqual(self.journal("show", "--config", "x").returncode, 1)
        done = self.journal("verify")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.store}: there is no such file", done.stderr.decode())
        self.assertFalse(self.store.exists())
        self.store.write_text("this is no database, and it is long enough to have a header" * 99)
        for command in ("verify", "show", "export"):
            done = self.journal(command)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn("not a database", done.stderr.decode())

    def test_another_programs_database_is_refused(self):
        with sqlite3.connect(self.store) as database:
            database.execute("CREATE TABLE guests (name TEXT)")
        done = self.journal("verify")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no store of atlas-key-auditor", done.stderr.decode())

    def test_an_export_is_lines_of_json(self):
        self.seed(5)
        records = [json.loads(line) for line in self.export().splitlines()]
        self.assertEqual([record["seq"] for record in records], [1, 2, 3, 4, 5])
        self.assertEqual(records[1]["key_id"], None)
        self.assertEqual(records[0]["key_id"], KEY)
        self.assertEqual(records[0]["data"]["text"], "ä😀\u202e\n\x1f\x7f\"")

    def test_show_is_for_people_and_their_terminals(self):
        self.seed(30)
        lines = self.journal("show").stdout.decode().splitlines()
        self.assertEqual(len(lines), 30)
        self.assertRegex(lines[0], rf"^ +1  2026-11-24T00:00:00Z +finding_opened +5f1a\w+/{KEY}  {{")
        self.assertNotIn("\u202e", lines[0])
        self.assertIn("\\u{202e}", lines[0])
        self.assertEqual(len(self.journal("show", "--key", KEY).stdout.splitlines()), 15)
        for since, count in (("2026-11-25", 6), ("2026-11-24T01:30:00+01:00", 29), ("87600h", 30)):
            self.assertEqual(len(self.journal("show", "--since", since).stdout.splitlines()), count, since)
        self.assertEqual(self.journal("show", "--since", "soon").returncode, 1)

    def test_a_store_that_cannot_be_written_to_can_be_read(self):
        self.seed(3)
        self.store.chmod(0o444)
        self.directory.chmod(0o555)
        self.addCleanup(self.directory.chmod, 0o755)
        before = sorted(path.name for path in self.directory.iterdir())
        unprivileged = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*unprivileged, BIN, "journal", "verify", "--store", self.store],
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), before)

    def test_a_log_without_a_place_to_replay_it_is_told_how_to_help(self):
        self.seed(3)
        with sqlite3.connect(self.store) as database:
            # The connection is left open, so that the log stays; what it shares in memory is not copied.
            database.execute("UPDATE facts SET value = value")
            database.execute("INSERT INTO facts VALUES ('key', 'x', 'y')")
            database.commit()
            copy = self.directory / "copy"
            copy.mkdir()
            for name in ("journal.db", "journal.db-wal"):
                shutil.copy(self.directory / name, copy / name)
                (copy / name).chmod(0o444)
        database.close()
        copy.chmod(0o555)
        self.addCleanup(copy.chmod, 0o755)
        self.directory.chmod(0o755)
        unprivileged = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*unprivileged, BIN, "journal", "verify", "--store", copy / "journal.db"],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("copy the file and its -wal", done.stderr.decode())
        done = self.journal("verify", source=["--store", copy / "journal.db"])
        if os.geteuid() == 0:
            self.assertEqual(done.returncode, 0)

    def test_a_full_disk_under_the_output_is_an_error(self):
        self.seed(3)
        for command in ("export", "show", "verify"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([BIN, "journal", command, "--store", self.store], stdout=full,
                                      stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 1, command)

    def test_a_large_journal_is_exported_in_little_memory(self):
        self.seed(200000)
        export = subprocess.Popen([BIN, "journal", "export", "--store", self.store],
                                  stdout=subprocess.PIPE)
        for _ in range(190000):
            export.stdout.readline()
        status = pathlib.Path(f"/proc/{export.pid}/status").read_text()
        resident = int(status.split("VmHWM:")[1].split()[0])
        export.stdout.close()
        self.assertEqual(export.wait(), 1)
        if not os.environ.get("AKA_SANITIZE"):
            self.assertLess(resident, 40_000)


class Tampering(JournalTest):
    """Everything is found by the program and by verify_export.py, and both agree on what is whole."""

    def assert_both(self, export, holds, head=None):
        path = self.directory / "export.jsonl"
        path.write_bytes(export)
        script = [sys.executable, "-B", verify_export.__file__, str(path)]
        ours = subprocess.run([BIN, "journal", "verify", "--export", path], capture_output=True,
                              check=False)
        theirs = subprocess.run(script + (["--head", head] if head else []), capture_output=True,
                                text=True, check=False)
        self.assertEqual((ours.returncode == 0, theirs.returncode == 0), (holds, holds),
                         f"{ours.stderr.decode()} {theirs.stderr}")
        if holds:
            self.assertEqual(ours.stdout.decode(), theirs.stdout)
        return ours.stderr.decode()

    def test_a_whole_export_is_verified_by_both_alike(self):
        head = self.seed(60, cut_days=2)
        self.assert_both(self.export(), True, head)
        self.assert_both(b"", True)
        self.store.unlink()
        self.seed(1)
        self.assert_both(self.export(), True)

    def test_lines_that_are_dropped_swapped_or_doubled_are_found(self):
        self.seed(40, cut_days=1)
        lines = self.export().splitlines(keepends=True)
        for at in (0, 5, len(lines) - 2):
            self.assert_both(b"".join(lines[:at] + lines[at + 1:]), False)
            swapped = list(lines)
            swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
            self.assert_both(b"".join(swapped), False)
            self.assert_both(b"".join(lines[:at + 1] + lines[at:]), False)
        self.assertIn("record 28", self.assert_both(b"".join(lines[:3] + lines[4:]), False))

    def test_a_missing_end_needs_a_witness(self):
        head = self.seed(5)
        lines = self.export().splitlines(keepends=True)
        self.assert_both(b"".join(lines[:-1]), True)
        with self.assertRaisesRegex(verify_export.Broken, "its end is missing"):
            verify_export.verify(lines[:-1], head)

    def test_every_byte_that_is_flipped_is_found(self):
        self.seed(26, cut_days=1)
        export = self.export()
        verify_export.verify(export.splitlines(keepends=True))
        for at in range(len(export)):
            for change in (1, 0x20, 0x80):
                flipped = bytearray(export)
                flipped[at] ^= change
                with self.assertRaises(verify_export.Broken, msg=f"byte {at} with {change:#x}"):
                    verify_export.verify(bytes(flipped).splitlines(keepends=True))
        for at in range(0, len(export), 97):
            flipped = bytearray(export)
            flipped[at] ^= 1
            self.assert_both(bytes(flipped), False)

    def test_an_export_that_was_written_otherwise_is_refused(self):
        self.seed(3)
        export = self.export()
        records = [json.loads(line) for line in export.splitlines()]
        self.assert_both("".join(json.dumps(record) + "\n" for record in records).encode(), False)
        self.assert_both(export.replace(b"\n", b"\r\n"), False)
        self.assert_both(export.rstrip(b"\n"), False)
        self.assert_both(b"\xef\xbb\xbf" + export, False)
        self.assert_both(export + b"\n", False)

    def test_a_store_that_was_tampered_with_is_found(self):
        damages = {
            "record 7: its hash does not fit": "UPDATE journal SET data = '{}' WHERE seq = 7",
            "record 9: the record is missing": "DELETE FROM journal WHERE seq = 9",
            "records 1 to 3 are missing": "DELETE FROM journal WHERE seq < 4",
            "the end is missing": "DELETE FROM journal WHERE seq > 18",
            "record 20: the journal ends here": "DELETE FROM meta WHERE name = 'head'",
        }
        for said, statement in damages.items():
            with self.subTest(said):
                self.store.unlink(missing_ok=True)
                self.seed(20)
                with sqlite3.connect(self.store) as database:
                    database.execute(statement)
                database.close()
                done = self.journal("verify")
                self.assertEqual(done.returncode, 1)
                self.assertIn(said, done.stderr.decode())
                self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    unittest.main()
