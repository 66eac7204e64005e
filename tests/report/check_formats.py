#!/usr/bin/env python3
"""Checks SARIF files against the schema and JUnit files for being XML whose counts are right.

check_formats.py SCHEMA FILE...: prints what is wrong, one line each; says nothing if all is well.
"""
import json
import sys
import xml.etree.ElementTree

import jsonschema


def sarif_problems(text, schema):
    validator = jsonschema.validators.validator_for(schema)(schema)
    document = json.loads(text)
    for error in validator.iter_errors(document):
        yield f"{list(error.absolute_path)}: {error.message}"
    for run in document["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                yield f"{result['ruleId']} is not rule {result['ruleIndex']}"


def junit_problems(text):
    root = xml.etree.ElementTree.fromstring(text)
    for suite in [root, *root.findall("testsuite")]:
        tests = list(suite.iter("testcase"))
        failed = [test for test in tests if test.find("failure") is not None]
        counts = {
            "tests": len(tests),
            "failures": len(failed),
            "errors": sum(test.find("error") is not None and test not in failed for test in tests),
            "skipped": sum(test.find("skipped") is not None for test in tests),
        }
        for name, count in counts.items():
            if int(suite.get(name)) != count:
                yield f"{suite.get('name')}: {name} says {suite.get(name)}, counted {count}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            text = file.read()
        problems = sarif_problems(text, schema) if path.endswith(".sarif") else junit_problems(text)
        for problem in problems:
            print(f"{path}: {problem}")


if __name__ == "__main__":
    main()
