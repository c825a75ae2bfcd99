#!/bin/sh
# Makes the Debian sid chroot in which the judge is built: Go and Kubernetes' own client library, as Debian packages
# them. Made once (some minutes, about 1 GB) and kept; it gets its name when it is whole.
#
#   test/judge/chroot.sh FOLDER        as root; needs debootstrap
#
# Packages come from the registry; how apt reaches it is taken from the host.
set -eu

kept=$1
packages='golang-go golang-k8s-client-go-dev golang-k8s-api-dev golang-k8s-apimachinery-dev
golang-k8s-apiextensions-apiserver-dev'

[ -d "$kept" ] && exit 0
fresh=$kept.$$
trap 'umount "$fresh/proc" 2>/dev/null || :; rm -rf "$fresh"' EXIT
mkdir -p "$(dirname "$kept")"
nice -n 10 debootstrap --variant=minbase --include=ca-certificates sid "$fresh" http://deb.debian.org/debian
cp /etc/resolv.conf "$fresh/etc/resolv.conf"
cp /etc/apt/apt.conf.d/99* "$fresh/etc/apt/apt.conf.d/" 2>/dev/null || :
mount -t proc proc "$fresh/proc"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot "$fresh" apt-get update
# shellcheck disable=SC2086
nice -n 10 chroot "$fresh" apt-get install -y --no-install-recommends $packages
chroot "$fresh" apt-get clean
umount "$fresh/proc"
mv "$fresh" "$kept"
trap - EXIT
