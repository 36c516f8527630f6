#!/usr/bin/env bash
# Builds the API server that tests of exported objects use, and prints the path of its program. It is
# kept in the user's cache, one for each state of the sources here; building takes minutes.
#
#   build.sh         builds it unless it is there; needs Go
#   build.sh --path  prints the path alone
set -euo pipefail
cd "$(dirname "$0")"
state=$(cat main.go go.mod go.sum | sha256sum | cut -c1-16)
program=${XDG_CACHE_HOME:-$HOME/.cache}/ipamlab/api-server-$state
if [ "${1:-}" != --path ] && [ ! -x "$program" ]; then
  mkdir -p "$(dirname "$program")"
  # To another name first: a build that is cut short leaves nothing that looks like the program.
  go build -trimpath -ldflags='-s -w' -o "$program.$$.tmp" .
  mv "$program.$$.tmp" "$program"
fi
echo "$program"
