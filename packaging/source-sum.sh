#!/bin/sh
# Prints one sum over everything that goes into an installed tree: equal sums, equal trees.
set -eu
cd "$(dirname "$0")/.."
find base api client server agent netfilter cmd packaging systemd package.json package-lock.json README.md -type f |
  LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1
