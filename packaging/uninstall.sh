#!/bin/sh
# Takes kites off this host: pods, rules, files, unit, and the packages its installer brought.
#
#   sudo kites-uninstall.sh                    all of it
#   sudo kites-uninstall.sh --keep-packages    leaves Docker and the other packages in place
set -u

TREE=/usr/local/lib/kites
BIN=/usr/local/bin
STATE=/etc/kites/install
SYSTEMD=/etc/systemd/system
DAEMON_JSON=/etc/docker/daemon.json

DOCKER_SOCKET=/var/run/docker.sock

say() { echo "[kites] $*"; }
explain() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p;}' "$0"; }
case ${1:-} in
  -h | --help) explain; exit 0 ;;
  '' | --keep-packages) ;;
  *) explain >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo "run it as root: sudo kites-uninstall.sh" >&2; exit 1; }
keep_packages=no
[ "${1:-}" != --keep-packages ] || keep_packages=yes
has_systemd() { [ -d /run/systemd/system ]; }
# Over the socket: Docker's command line is a package of its own, and may be missing.
engine() { curl -fsS -m 20 --unix-socket "$DOCKER_SOCKET" "http://docker/$1" 2>/dev/null; }
# is_process PID NAME: ids are used again, so a pid file alone proves nothing
is_process() { [ -n "$1" ] && grep -qsa "$2" "/proc/$1/cmdline"; }

stop_services() {
  for name in kites kites-agent; do
    if has_systemd && [ -e "$SYSTEMD/$name.service" ]; then
      systemctl disable -q --now "$name" 2>/dev/null
    fi
    if pid=$(cat "/run/$name.pid" 2>/dev/null) && is_process "$pid" kites; then
      kill "$pid"
      tries=0
      while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
      kill -9 "$pid" 2>/dev/null
    fi
    rm -f "/run/$name.pid" "/var/log/$name.log"
  done
}

docker_pid() { pid=$(cat /var/run/docker.pid 2>/dev/null) && is_process "$pid" dockerd && echo "$pid"; }

# Only our own line goes: what somebody added to the file since stays. The Engine leaves a setting that is no longer in
# the file as it is, so it is told the old value first.
restore_docker() {
  kept=$STATE/docker-daemon.json
  [ -e "$kept" ] || return 0
  edit='
    const fs = require("fs"), [file, kept, tells] = process.argv.slice(1)
    const { had } = JSON.parse(fs.readFileSync(kept, "utf8"))
    const before = had === null || had.trim() === "" ? {} : JSON.parse(had)
    const now = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {}
    if ("live-restore" in before) now["live-restore"] = before["live-restore"]
    else if (tells === "yes") now["live-restore"] = false
    else delete now["live-restore"]
    if (had === null && Object.keys(now).length === 0) fs.rmSync(file, { force: true })
    else if (JSON.stringify(now) === JSON.stringify(before)) fs.writeFileSync(file, had)
    else fs.writeFileSync(file, JSON.stringify(now, null, 2) + "\n")'
  if pid=$(docker_pid); then
    "$TREE/node" -e "$edit" "$DAEMON_JSON" "$kept" yes 2>/dev/null ||
      { say "$DAEMON_JSON is not valid JSON: take live-restore out of it yourself"; return; }
    kill -HUP "$pid"
    tries=0
    while engine info | grep -q '"LiveRestoreEnabled":true' && [ $tries -lt 50 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
  fi
  "$TREE/node" -e "$edit" "$DAEMON_JSON" "$kept" no 2>/dev/null
  rmdir /etc/docker 2>/dev/null
}

# Only an Engine that our installer started in the background; systemd's ends with its package.
stop_docker() {
  [ -e "$STATE/started-docker" ] && ! has_systemd || return 0
  pid=$(docker_pid) || return 0
  say "stopping the Docker Engine that kites had started"
  kill "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 150 ]; do tries=$((tries + 1)); sleep 0.1; done
  rm -f /var/log/dockerd.log
}

# Tables that iptables made for Docker, when nothing is in them but chains that accept.
remove_empty_tables() {
  for family in ip ip6; do
    for table in filter nat raw mangle; do
      left=$(nft -s list table $family $table 2>/dev/null | grep -vE '^#|^table |^[[:space:]]*(chain .*|type .*policy accept;|\})?$')
      [ -n "$left" ] || nft delete table $family $table 2>/dev/null
    done
  done
}

# What an Engine that came with kites leaves on the host when its packages go.
remove_docker_traces() {
  for link in docker0 $(ip -o link show type bridge 2>/dev/null | sed -n 's/^[0-9]*: \(br-[0-9a-f]\{12\}\):.*/\1/p'); do
    ip link delete "$link" 2>/dev/null
  done
  for tables in iptables ip6tables; do
    command -v "$tables" >/dev/null || continue
    "$tables" -P FORWARD ACCEPT
    "$tables-save" | grep -viE 'docker|[io] br-[0-9a-f]{12}' | "$tables-restore"
    for table in filter nat; do
      for chain in DOCKER-USER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 DOCKER; do
        "$tables" -t $table -F $chain 2>/dev/null && "$tables" -t $table -X $chain 2>/dev/null
      done
    done
  done
  remove_empty_tables
  rm -rf /etc/docker /var/lib/docker /var/lib/containerd /run/docker /run/docker.sock /run/containerd
  rmdir /opt/containerd/bin /opt/containerd/lib /opt/containerd 2>/dev/null
  rmdir /etc/cni/net.d /etc/cni 2>/dev/null
  [ ! -e "$STATE/ip_forward" ] || cat "$STATE/ip_forward" > /proc/sys/net/ipv4/ip_forward
}

has_containers() { case $(engine 'containers/json?all=1') in '' | '[]'*) return 1 ;; esac; }
# kites makes no Docker volumes: whatever is there is somebody's data.
has_volumes() { case $(engine volumes) in *'"Name"'*) ;; *) return 1 ;; esac; }

remove_packages() {
  [ -s "$STATE/packages" ] && [ "$keep_packages" = no ] || return 0
  packages=$(cat "$STATE/packages")
  if echo "$packages" | grep -qx docker.io && { has_containers || has_volumes; }; then
    say "Docker still has other containers or volumes: its packages stay"
    packages=$(echo "$packages" | grep -vE '^(docker|containerd|runc)')
  elif echo "$packages" | grep -qx docker.io; then
    ! has_systemd || systemctl stop docker.socket docker containerd 2>/dev/null
    stop_docker
    remove_docker_traces
  fi
  say "removing the packages that came with kites"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get purge -y -q $packages >/dev/null 2>&1 ||
    say "apt-get could not remove all of them; they are:" $packages
  [ ! -e "$STATE/made-docker-group" ] || command -v dockerd >/dev/null || groupdel docker 2>/dev/null
}

# Where the service kept its state, when that was not the default.
data_folder() {
  for from in /etc/kites/kites.env /etc/kites/kites-agent.env /etc/kites/config.yaml; do
    folder=$(sed -n "s/.*data-dir[=: ]* *[\"']\{0,1\}\([^ \"']*\).*/\1/p" "$from" 2>/dev/null | head -n 1)
    [ -z "$folder" ] || { echo "$folder"; return; }
  done
  echo /var/lib/kites
}

say "removing kites from this host"
DATA=$(data_folder)
stop_services
if [ -x "$TREE/kites" ]; then
  "$TREE/kites" cleanup --data-dir "$DATA" || say "not everything of the node could be cleaned; see the lines above"
fi
[ ! -x "$TREE/node" ] || restore_docker
has_containers || has_volumes || stop_docker
remove_packages
for name in kites kites-agent; do
  rm -f "$SYSTEMD/$name.service"
done
if has_systemd; then systemctl daemon-reload; systemctl reset-failed kites kites-agent 2>/dev/null; fi
# A folder somebody chose may hold other things than ours.
rm -rf "$DATA/server" "$DATA/agent"
rmdir "$DATA" 2>/dev/null || [ "$DATA" != /var/lib/kites ] || rm -rf "$DATA"
rm -rf "$TREE" "$TREE.new" "$TREE.old" /etc/kites /run/kites "$BIN/kites"
rm -f "$BIN/kites-uninstall.sh"
say "done"
