#!/bin/sh
# Installs kites on a Debian or Ubuntu host and starts it. Safe to run again: it changes only what differs.
#
#   sudo sh packaging/install.sh                                        a server with its own agent
#   sudo KITES_URL=https://SERVER:6443 KITES_TOKEN=... sh packaging/install.sh    an agent that joins SERVER
#
# Further arguments become flags of `kites server` or `kites agent`; they are kept in the service's environment
# file, /etc/kites/kites.env. Flags can also stand in /etc/kites/config.yaml, which this script never touches.
#
#   KITES_SKIP_START=true    install, do not start
#   KITES_NODE_NAME=NAME     name of this node (default: the host's name)
#   KITES_TREE=DIR           copy this tree instead of building one, on hosts without a way to the npm registry;
#                            made from the same source, on a host that has one: node packaging/build.mjs --tree DIR
#
# What it does to the host, all of it taken back by kites-uninstall.sh: packages that are missing (Docker Engine,
# nftables, npm for the build), /usr/local/lib/kites, /usr/local/bin/kites and kites-uninstall.sh, /etc/kites,
# /var/lib/kites, one systemd unit, "live-restore" in /etc/docker/daemon.json.
set -eu

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
TREE=/usr/local/lib/kites
BIN=/usr/local/bin
STATE=/etc/kites/install
DATA=/var/lib/kites
SYSTEMD=/etc/systemd/system
DAEMON_JSON=/etc/docker/daemon.json

say() { echo "[kites] $*"; }
fail() { echo "[kites] cannot install: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
has_systemd() { [ -d /run/systemd/system ]; }

check_host() {
  [ "$(uname -s)" = Linux ] || fail "this is $(uname -s); kites runs on Linux"
  [ "$(id -u)" = 0 ] || fail "run it as root: sudo sh packaging/install.sh"
  case $(uname -m) in x86_64 | aarch64) ;; *) fail "no build for $(uname -m); x86_64 and aarch64 are supported" ;; esac
  has apt-get || fail "apt-get is missing; Debian and Ubuntu are supported"
  if [ -n "${KITES_URL:-}" ]; then
    case $KITES_URL in https://*) ;; *) fail "KITES_URL must begin with https://, it is '$KITES_URL'" ;; esac
    [ -n "${KITES_TOKEN:-}" ] || [ -n "${KITES_TOKEN_FILE:-}" ] ||
      fail "KITES_URL needs KITES_TOKEN: on the server run 'cat $DATA/server/node-token'"
    ROLE=agent NAME=kites-agent
  else
    ROLE=server NAME=kites
  fi
  ENV_FILE=/etc/kites/$NAME.env
  other=kites-agent; [ "$ROLE" = agent ] && other=kites
  [ ! -e "$STATE/$other.role" ] || fail "this host already runs $other; remove it first with kites-uninstall.sh"
  mkdir -p "$STATE"
  echo "$ROLE" > "$STATE/$NAME.role"
}

install_packages() {
  missing=
  has dockerd || missing="$missing docker.io"
  has nft || missing="$missing nftables"
  has iptables || missing="$missing iptables"
  has ip || missing="$missing iproute2"
  has conntrack || missing="$missing conntrack"
  has nsenter || missing="$missing util-linux"
  has curl || missing="$missing curl"
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
  if [ "$NEEDS_BUILD" = yes ] && [ -z "${KITES_TREE:-}" ]; then has npm || missing="$missing npm"; fi
  [ -n "$missing" ] || return 0
  say "installing packages:$missing"
  log=$(mktemp)
  before=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | sort)
  apt-get update -q >"$log" 2>&1 || { tail -5 "$log" >&2; fail "apt-get update failed"; }
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1 ||
    { tail -20 "$log" >&2; fail "apt-get install$missing failed"; }
  after=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | sort)
  # What came with this installation goes with it again.
  { cat "$STATE/packages" 2>/dev/null || true; printf '%s\n' "$before" "$before" "$after" | sort | uniq -u; } |
    sed '/^$/d' | sort -u > "$STATE/packages.new"
  mv "$STATE/packages.new" "$STATE/packages"
  rm -f "$log"
}

# tree_sum DIR: what the tree there was built from
tree_sum() { cat "$1/source.sum" 2>/dev/null || true; }

build_tree() {
  work=$(mktemp -d /var/tmp/kites-build.XXXXXX)
  log=$work/log
  say "building (a minute or two)"
  (cd "$SOURCE" && tar -cf - --exclude=node_modules --exclude=dist --exclude=.git .) | tar -xf - -C "$work"
  (cd "$work" && npm ci --omit=dev --no-audit --no-fund >"$log" 2>&1) || { tail -20 "$log" >&2; fail "npm ci failed"; }
  (cd "$work" && node packaging/build.mjs --tree "$TREE.new" >"$log" 2>&1) || { tail -20 "$log" >&2; fail "the build failed"; }
  rm -rf "$work"
}

copy_tree() {
  [ "$(tree_sum "$KITES_TREE")" = "$SUM" ] || fail "KITES_TREE=$KITES_TREE was not built from $SOURCE"
  cp -R "$KITES_TREE" "$TREE.new"
}

install_tree() {
  [ "$NEEDS_BUILD" = yes ] || return 0
  trap 'rm -rf "${work:-}" "$TREE.new"' EXIT
  mkdir -p "$(dirname "$TREE")"
  rm -rf "$TREE.new"
  if [ -n "${KITES_TREE:-}" ]; then copy_tree; else build_tree; fi
  "$TREE.new/kites" --version >/dev/null || fail "the built kites does not start"
  rm -rf "$TREE.old"
  [ ! -d "$TREE" ] || mv "$TREE" "$TREE.old"
  mv "$TREE.new" "$TREE"
  rm -rf "$TREE.old"
  CHANGED=yes
}

# put FILE MODE: writes stdin to FILE when that changes it
put() {
  fresh=$(mktemp)
  cat > "$fresh"
  if ! cmp -s "$fresh" "$1"; then
    mkdir -p "$(dirname "$1")"
    install -m "$2" "$fresh" "$1"
    CHANGED=yes
  fi
  rm -f "$fresh"
}

install_command() {
  mkdir -p "$BIN"
  [ "$(readlink "$BIN/kites" 2>/dev/null)" = "$TREE/kites" ] || { ln -sfn "$TREE/kites" "$BIN/kites"; CHANGED=yes; }
  put "$BIN/kites-uninstall.sh" 755 < "$SOURCE/packaging/uninstall.sh"
}

# Live-restore lets containers outlive a restart of Docker. What was there before is kept for the uninstall.
docker_live_restore() {
  mkdir -p /etc/docker
  "$TREE/node" -e '
    const fs = require("fs"), [file, kept] = process.argv.slice(1)
    const had = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null
    const config = had === null || had.trim() === "" ? {} : JSON.parse(had)
    if (config["live-restore"] === true) process.exit(0)
    if (!fs.existsSync(kept)) fs.writeFileSync(kept, JSON.stringify({ had }), { mode: 0o600 })
    fs.writeFileSync(file, JSON.stringify({ ...config, "live-restore": true }, null, 2) + "\n")
    process.exit(3)' "$DAEMON_JSON" "$STATE/docker-daemon.json" && return 0
  [ $? = 3 ] || fail "$DAEMON_JSON is not valid JSON; mend it and run this again"
  CHANGED=yes
  say "turned on live-restore in $DAEMON_JSON, so that pods outlive a restart of Docker (uninstall turns it back)"
  if docker_pid=$(cat /var/run/docker.pid 2>/dev/null) && kill -0 "$docker_pid" 2>/dev/null; then kill -HUP "$docker_pid"; fi
}

start_docker() {
  if docker info >/dev/null 2>&1; then return 0; fi
  if has_systemd; then
    systemctl enable -q docker && systemctl start docker || fail "Docker does not start; see: journalctl -u docker"
  else
    say "starting Docker in the background (no systemd here); its log: /var/log/dockerd.log"
    setsid dockerd >>/var/log/dockerd.log 2>&1 </dev/null &
    echo yes > "$STATE/started-docker"
  fi
  tries=0
  until docker info >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 120 ] || fail "Docker does not answer after 60 s; see its log"
    sleep 0.5
  done
}

write_environment() {
  { for name in KITES_URL KITES_TOKEN KITES_TOKEN_FILE KITES_NODE_NAME HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS; do
      eval "value=\${$name:-}"
      [ -z "$value" ] || echo "$name=\"$value\""
    done
    echo "KITES_EXEC_ARGS=\"$ARGS\""
  } | put "$ENV_FILE" 600
}

is_running() {
  if has_systemd; then systemctl is-active -q "$NAME"; else
    [ -e "/run/$NAME.pid" ] && kill -0 "$(cat "/run/$NAME.pid")" 2>/dev/null
  fi
}

start_service() {
  if has_systemd; then
    sed "s|@BIN@|$BIN|" "$SOURCE/systemd/$NAME.service" | put "$SYSTEMD/$NAME.service" 644
    [ "$CHANGED" = no ] || systemctl daemon-reload
    systemctl is-enabled -q "$NAME" || systemctl enable -q "$NAME"
    [ "${KITES_SKIP_START:-}" != true ] || return 0
    if [ "$CHANGED" = yes ] || ! is_running; then
      say "starting $NAME.service"
      systemctl restart "$NAME" || { journalctl -u "$NAME" -n 20 --no-pager >&2; fail "$NAME.service did not start"; }
    fi
    return 0
  fi
  [ "${KITES_SKIP_START:-}" != true ] || return 0
  if [ "$CHANGED" = yes ] && is_running; then
    pid=$(cat "/run/$NAME.pid"); kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  is_running && return 0
  say "no systemd here: starting $NAME in the background; pid file /run/$NAME.pid, log /var/log/$NAME.log"
  # shellcheck disable=SC2086
  (set -a; . "$ENV_FILE"; set +a; exec setsid "$BIN/kites" "$ROLE" $ARGS) >>"/var/log/$NAME.log" 2>&1 </dev/null &
  echo $! > "/run/$NAME.pid"
}

node_ready() {
  if [ "$ROLE" = server ]; then
    "$BIN/kites" kubectl get nodes 2>/dev/null | grep -q ' Ready '
  else
    [ -e "$DATA/agent/ready" ]
  fi
}

wait_ready() {
  [ "${KITES_SKIP_START:-}" != true ] || { say "installed, not started (KITES_SKIP_START)"; return 0; }
  tries=0
  until node_ready; do
    tries=$((tries + 1))
    is_running || [ $tries -lt 20 ] || fail "$NAME ended; see its log: $(log_of)"
    [ $tries -lt 240 ] || fail "the node is not Ready after two minutes; see: $(log_of)"
    [ $((tries % 20)) != 0 ] || say "waiting for the node to be Ready ..."
    sleep 0.5
  done
}

log_of() { if has_systemd; then echo "journalctl -u $NAME"; else echo "/var/log/$NAME.log"; fi; }

what_next() {
  if [ "$CHANGED" = no ]; then say "already installed and running; nothing changed"; return 0; fi
  [ "${KITES_SKIP_START:-}" != true ] || return 0
  if [ "$ROLE" = agent ]; then
    say "this node has joined $KITES_URL and is Ready. On the server: kites kubectl get nodes"
    return 0
  fi
  address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' | head -n 1)
  cat <<NEXT
[kites] the node is Ready. What next:

  kites kubectl get nodes                                   the bundled client, or any kubectl:
  export KUBECONFIG=/etc/kites/kites.yaml
  kubectl create deployment web --image=nginx --replicas=3
  kubectl expose deployment web --port=80 --type=NodePort

  Another host joins with (the token is secret):
  sudo KITES_URL=https://${address:-THIS-HOST}:6443 KITES_TOKEN="\$(sudo cat $DATA/server/node-token)" sh packaging/install.sh

  kites-uninstall.sh takes everything away again.
NEXT
}

CHANGED=no
ARGS="$*"
umask 022
check_host
SUM=$(sh "$SOURCE/packaging/source-sum.sh")
NEEDS_BUILD=yes
[ "$(tree_sum "$TREE")" != "$SUM" ] || NEEDS_BUILD=no
install_packages
install_tree
install_command
docker_live_restore
start_docker
write_environment
start_service
wait_ready
what_next
