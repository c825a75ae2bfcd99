#!/bin/sh
# Ends this node's containers in order when the whole machine goes down; systemd calls it after kites has ended.
#
# With live-restore Docker leaves containers alone when it stops, so nobody would tell them: the machine would wait
# for a minute and a half, and then kill them. Stopping kites alone leaves pods running, and this does nothing.
set -u

[ "$(systemctl is-system-running 2>/dev/null)" = stopping ] || exit 0

GRACE_SECONDS=10
engine() { curl -sS -m 20 --unix-socket /var/run/docker.sock "$@"; }

# stop TYPE: all of a type at once, each with its time to end
stop() {
  engine -G http://docker/containers/json --data-urlencode "filters={\"label\":[\"io.kubernetes.docker.type=$1\"]}" |
    grep -o '"Id":"[0-9a-f]*"' | cut -d '"' -f 4 |
    {
      while read -r id; do engine -X POST "http://docker/containers/$id/stop?t=$GRACE_SECONDS" & done
      wait
    }
}

stop container
stop podsandbox
