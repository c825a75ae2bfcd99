#!/bin/sh
# Runs the judge: Kubernetes' own Go client, built from Debian's packages in a chroot, against our server.
#
#   test/judge/run.sh              starts a server of this clone's own build and checks it: every check a line
#   test/judge/run.sh protobuf     the same, of one format alone (or: json)
#   test/judge/run.sh fixtures     writes test/fixtures/protobuf anew
#
# As root, with debootstrap, after npm install. KITES_JUDGE_ROOT is the kept chroot (default /var/tmp/kites-judge-sid),
# NODE the Node that builds (default: that of PATH).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
clone=$(dirname "$(dirname "$here")")
root=${KITES_JUDGE_ROOT:-/var/tmp/kites-judge-sid}
work=$(mktemp -d /tmp/kites-judge.XXXXXX)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || :
    wait "$server" || :
  fi
  umount "$root/proc" 2>/dev/null || :
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

in_chroot() { chroot "$root" env PATH=/usr/bin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }

"$here/chroot.sh" "$root"
mkdir -p "$root/judge/out"
cp "$here"/*.go "$root/judge/"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
(
  cd /
  # As Debian builds Go: packages from /usr/share/gocode, no modules.
  in_chroot nice -n 10 env GOMAXPROCS=1 GO111MODULE=off GOFLAGS=-p=1 GOPATH=/usr/share/gocode \
    sh -c 'cd /judge && go build -o judge .'
)

if [ "${1:-}" = fixtures ]; then
  rm -rf "$root/judge/out"
  in_chroot /judge/judge fixtures /judge/out
  mkdir -p "$clone/test/fixtures/protobuf"
  rm -f "$clone"/test/fixtures/protobuf/*.json
  cp "$root"/judge/out/*.json "$clone/test/fixtures/protobuf/"
  exit 0
fi

"${NODE:-node}" "$clone/packaging/build.mjs" --tree "$work/kites"
port=$((20000 + $$ % 10000))
"$work/kites/kites" server --data-dir "$work/data" --bind-address 127.0.0.1 --https-listen-port "$port" \
  --write-kubeconfig "$work/kubeconfig" --disable-agent >"$work/log" 2>&1 &
server=$!
tries=0
until [ -s "$work/kubeconfig" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
    tail -n 20 "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done
cp "$work/kubeconfig" "$root/judge/kubeconfig"
in_chroot nice -n 10 env GOMAXPROCS=1 JUDGE_FORMAT="${1:-}" /judge/judge live /judge/kubeconfig
