#!/bin/sh
# The same suites with the full counts: 200 kills and 200 power cuts of the store, 60 kills of agent and server, long
# random walks and fuzzing, and whole machines (systemd, trixie, QEMU). Takes an hour or so.
export KITES_TEST_LONG=1 KITES_TEST_KILLS=200 KITES_TEST_POWER_CUTS=200 KITES_TEST_SERVER_KILLS=60
export KITES_TEST_WATCH_OPERATIONS=100000
exec sh "$(dirname "$0")/run.sh" "$@"
