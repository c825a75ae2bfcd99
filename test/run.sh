#!/bin/sh
# Installs what the tests need and passes them. As root on Debian or Ubuntu:
#
#   sudo sh test/run.sh            everything, at most 15 minutes on two cores
#   sudo sh test/run.sh unit       one level: tidy, unit, component, conformance, node or cluster (several may be named)
#
# The last line is `N passed, N failed`. An unmet requirement is a failure, never a silent skip.
set -eu
cd "$(dirname "$0")/.."

say() { echo "== $*"; }
fail() { echo "test/run.sh: $*" >&2; echo "0 passed, 1 failed"; exit 1; }

[ "$(uname -s)" = Linux ] || fail "the tests run on Linux only"
[ "$(id -u)" = 0 ] || fail "run as root: sudo sh test/run.sh (the tests make network namespaces and start Docker Engines)"

# package:command pairs; a package is installed when its command is missing
NEEDED="docker.io:dockerd nftables:nft iptables:iptables iproute2:ip tini:tini util-linux:unshare curl:curl procps:ps
busybox-static:busybox conntrack:conntrack docker-registry:docker-registry gcc:gcc
libc6-dev:/usr/include/stdio.h ca-certificates:update-ca-certificates npm:npm libnftables1:/usr/lib/$(uname -m)-linux-gnu/libnftables.so.1
python3-kubernetes:/usr/lib/python3/dist-packages/kubernetes/__init__.py ruby-kubeclient:/var/lib/dpkg/info/ruby-kubeclient.md5sums"
# What whole machines are made of.
MACHINES="debootstrap:debootstrap systemd-container:systemd-nspawn qemu-system-x86:qemu-system-x86_64 cpio:cpio kmod:modprobe
e2fsprogs:mke2fs openssh-client:ssh shellcheck:shellcheck"
case "${KITES_TEST_LONG:-} $*" in 1\ * | *machine*) NEEDED="$NEEDED $MACHINES" ;; esac
missing=
for pair in $NEEDED; do
  what=${pair#*:}
  case $what in
    /*) [ -e "$what" ] || missing="$missing ${pair%%:*}" ;;
    *) command -v "$what" >/dev/null 2>&1 || [ -x "/usr/sbin/$what" ] || missing="$missing ${pair%%:*}" ;;
  esac
done
if [ -n "$missing" ]; then
  say "installing:$missing"
  apt-get update -q >/dev/null || fail "apt-get update failed"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/tmp/kites-test-apt.log 2>&1 ||
    { tail -20 /tmp/kites-test-apt.log; fail "could not install:$missing"; }
fi

if [ ! -x node_modules/.bin/node ] || [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
  say "npm ci"
  npm ci --no-audit --no-fund >/tmp/kites-test-npm.log 2>&1 || { tail -20 /tmp/kites-test-npm.log; fail "npm ci failed"; }
fi
# Debian's releases carry kubectl of their time, and each runs anywhere: bookworm's is the oldest that must work,
# unstable's is the newest. Arguments: suite, package, where kubectl goes.
debian_kubectl() {
  say "fetching: kubectl of Debian $1"
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -v security | head -n 1)
  [ -n "$mirror" ] || fail "no Debian mirror to fetch kubectl from; put one at $3"
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" > "$work/sources.list"
  suite=$1 package=$2 target=$3
  set -- -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache"
  (cd "$work" && apt-get "$@" update && apt-get "$@" download "$package/$suite" && dpkg -x "$package"_*.deb root) \
    >/tmp/kites-test-apt.log 2>&1 || { tail -20 /tmp/kites-test-apt.log; fail "could not fetch kubectl of $suite"; }
  install -D -m 755 "$work/root/usr/bin/kubectl" "$target"
  rm -rf "$work"
}
CLIENTS=node_modules/.cache/kubectl
[ -x $CLIENTS/old/kubectl ] || debian_kubectl bookworm kubernetes-client $CLIENTS/old/kubectl
[ -x $CLIENTS/new/kubectl ] || debian_kubectl sid kubectl $CLIENTS/new/kubectl
command -v kubectl >/dev/null 2>&1 || install -m 755 $CLIENTS/new/kubectl /usr/local/bin/kubectl

say "build"
npm run --silent build || fail "npm run build failed"
exec node_modules/.bin/node test/run.ts "$@"
