"""Answer the API Gateway event on stdin as a function does. Run with an unpacked zip and no other packages."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import app

json.dump(app.app(json.load(sys.stdin), None), sys.stdout)
