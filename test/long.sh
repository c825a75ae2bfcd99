#!/bin/sh
# The same suites with the full counts: 200 kills, 200 power cuts, long random walks. Takes an hour or so.
export KITES_TEST_LONG=1
exec sh "$(dirname "$0")/run.sh" "$@"
