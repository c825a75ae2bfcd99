#!/bin/sh
# What a host must have and must not have before kites is installed: read by install.sh, which says what is wrong (`fail`)
# and what is asked for (ROLE, NEEDS_BUILD, `flag`). Changes nothing.
# shellcheck disable=SC2154  # set by install.sh

check_host() {
  [ "$(uname -s)" = Linux ] || fail "this is $(uname -s); kites runs on Linux"
  [ "$(id -u)" = 0 ] || fail "run it as root: sudo sh packaging/install.sh"
  case $(uname -m) in x86_64 | aarch64) ;; *) fail "no build for $(uname -m); x86_64 and aarch64 are supported" ;; esac
  distribution=$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"') || true
  has apt-get || fail "${distribution:-this system} has no apt-get; Debian and Ubuntu are supported"
  check_other_clusters
}

# Two of them on one host would fight over Service rules, pod networks and port 6443. What runs in a container (kind,
# k3d, a pod) has a network of its own.
check_other_clusters() {
  for comm in /proc/[0-9]*/comm; do
    read -r program <"$comm" 2>/dev/null || continue
    case $program in
      kubelet | k3s | k3s-server | k3s-agent | rke2 | k0s | kube-apiserver | kube-proxy)
        [ "$(readlink "${comm%/comm}/ns/net")" != "$(readlink /proc/self/ns/net)" ] ||
          fail "$program runs on this host already; stop and disable that cluster first" ;;
    esac
  done
}

check_port() {
  [ "$ROLE" = server ] && ! is_running || return 0
  port=$(flag https-listen-port 6443)
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v want="$(printf ':%04X' "$port")" '$4 == "0A" && index($2, want) == length($2) - 4 { found = 1 } END { exit !found }' ||
    return 0
  holder=$(has ss && ss -ltnpH "sport = :$port" 2>/dev/null | sed -n 's/.*users:((\("[^"]*",pid=[0-9]*\).*/ by \1/p' | head -n 1) || true
  fail "port $port is taken$holder; stop that, or choose another: sh packaging/install.sh --https-listen-port 7443"
}

check_disk() {
  [ "$NEEDS_BUILD" = yes ] || return 0
  for folder in /usr/local /var/tmp; do
    free=$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${free:-9999}" -ge 900 ] || fail "$folder has ${free} MB free; building and installing need 900 MB"
  done
}

check_kernel() {
  nft -c add table inet kites-probe 2>/dev/null || {
    has modprobe && modprobe nf_tables 2>/dev/null
    nft -c add table inet kites-probe 2>/dev/null ||
      fail "this kernel ($(uname -r)) does not let nftables work: $(nft -c add table inet kites-probe 2>&1 | head -n 1)"
  }
}
