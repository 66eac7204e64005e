"""The good Python script: one requests session with one HTTPDigestAuth.
session.py CA USER SECRET-FILE URL-FILE"""
import pathlib
import sys

import requests
import requests.auth

ca, user, secret, urls = sys.argv[1:]
session = requests.Session()
session.auth = requests.auth.HTTPDigestAuth(user, pathlib.Path(secret).read_text().strip())
for url in pathlib.Path(urls).read_text().split():
    answer = session.get(url, verify=ca, timeout=10)
    answer.raise_for_status()
    answer.json()
