"""Run by a Python without packages, on an unpacked zip: answer the API Gateway event on stdin, as a function does."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import app

json.dump(app.app(json.load(sys.stdin), None), sys.stdout)
