#!/usr/bin/env python3
"""Verifies a journal that `atlas-key-auditor journal export` wrote, without that program.

    verify_export.py journal.jsonl [--head SHA256]
    atlas-key-auditor journal export --store journal.db | verify_export.py -

It needs Python 3.9 and nothing else, and keeps one record in memory. Exit code 0: every record is as
it was written, none is missing, put in or moved. 1: it says which record does not fit, and why.

A journal whose newest records were cut off is still a chain. Give --head the hash of the newest
record as another witness knows it: the label `sha256` of atlas_key_auditor_journal_head_info in
Prometheus, at the time of the export.
"""
import argparse
import hashlib
import json
import sys

MEMBERS = {"data", "hash", "key_id", "org_id", "prev", "seq", "time", "type"}
NO_HASH = "0" * 64


class Broken(Exception):
    """Where the journal stops being one."""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(record):
    """SHA-256 of `prev`, a line feed, and the record without `hash` as canonical JSON."""
    unsealed = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(f"{record['prev']}\n{canonical(unsealed)}".encode()).hexdigest()


def read(line, number):
    """The record in a line, which must be written to the byte as an export writes it."""
    try:
        text = line.decode("utf-8")
        record = json.loads(text)
        fits = text == canonical(record) + "\n"
    except (ValueError, RecursionError, OverflowError) as error:
        raise Broken(f"line {number} is no JSON of UTF-8 text: {error}") from None
    if not fits or not isinstance(record, dict) or set(record) != MEMBERS:
        raise Broken(f"line {number} is not written as an export writes it")
    if type(record["seq"]) is not int or type(record["data"]) is not dict:
        raise Broken(f"line {number}: 'seq' is no integer or 'data' no object")
    if type(record["prev"]) is not str or type(record["hash"]) is not str:
        raise Broken(f"line {number}: 'prev' or 'hash' is no text")
    return record


class Verifier:
    """Fed record by record; finish() sees what only the whole journal shows."""

    def __init__(self):
        self.count = 0
        self.first = self.last = self.cut = None

    def take(self, record):
        seq = record["seq"]
        if self.last is None:
            self.check_first(record)
        elif seq > self.last["seq"] + 1:
            raise Broken(f"record {self.last['seq'] + 1} is missing: {seq} follows {self.last['seq']}")
        elif seq <= self.last["seq"]:
            raise Broken(f"record {seq} is out of place: it follows {self.last['seq']}")
        elif record["prev"] != self.last["hash"]:
            raise Broken(f"record {seq}: 'prev' is not the hash of record {self.last['seq']}")
        if hash_of(record) != record["hash"]:
            raise Broken(f"record {seq}: its hash does not fit what it says: it was changed")
        if record["type"] == "retention_cut":
            self.cut = record
        self.last = record
        self.count += 1

    def check_first(self, record):
        if record["seq"] < 1:
            raise Broken(f"record {record['seq']}: records are numbered from 1")
        if record["seq"] == 1 and record["prev"] != NO_HASH:
            raise Broken("record 1: 'prev' of the first record is not 64 zeros")
        self.first = record

    def check_front(self):
        """What is gone from the front must be what the newest retention_cut removed."""
        missing = self.first["seq"] - 1
        if self.cut is None:
            if missing:
                raise Broken(f"records 1 to {missing} are missing, and no retention_cut says why")
            return
        through = self.cut["data"]
        if through.get("through_seq") != missing or through.get("through_hash") != self.first["prev"]:
            raise Broken(f"the journal begins with record {missing + 1}, but the newest retention_cut "
                         f"(record {self.cut['seq']}) removed others: {canonical(through)}")

    def finish(self, head=None):
        if self.first is not None:
            self.check_front()
        newest = self.last["hash"] if self.last else NO_HASH
        if head and head != newest:
            raise Broken(f"the journal ends with the hash {newest}, not with {head}: "
                         "its end is missing, or it grew since")


def verify(lines, head=None):
    """Of an iterable of bytes, a line each; the Verifier, or Broken."""
    verifier = Verifier()
    for number, line in enumerate(lines, 1):
        verifier.take(read(line, number))
    verifier.finish(head)
    return verifier


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", help="a file, or - for standard input")
    parser.add_argument("--head", help="the hash that the newest record must have")
    options = parser.parse_args()
    try:
        if options.export == "-":
            verified = verify(sys.stdin.buffer, options.head)
        else:
            with open(options.export, "rb") as lines:
                verified = verify(lines, options.head)
    except (Broken, OSError) as error:
        print(f"{options.export}: {error}", file=sys.stderr)
        return 1
    if verified.count == 0:
        print(f"{options.export}: verified; 0 records")
        return 0
    first, last = verified.first, verified.last
    plural = "" if verified.count == 1 else "s"
    print(f"{options.export}: verified; {verified.count} record{plural}, {first['seq']} "
          f"({first['time']}) to {last['seq']} ({last['time']}); head {last['hash']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
