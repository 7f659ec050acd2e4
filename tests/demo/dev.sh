#!/usr/bin/env bash
# The daemon from its sources, started again at every change, with a home that is thrown away at the end: never with yours.
set -euo pipefail
cd "$(dirname "$0")/../.."

COPPICE_HOME=$(mktemp -d "${TMPDIR:-/tmp}/coppice-dev-XXXXXX")
export COPPICE_HOME
end() {
  tmux -N -S "$COPPICE_HOME/run/tmux.sock" kill-server 2>/dev/null || true
  rm -rf "$COPPICE_HOME"
}
trap end EXIT
trap : INT TERM

printf 'In another terminal:\n  export COPPICE_HOME=%s COPPICE_NO_AUTOSTART=1\n  node %s/dist/coppice.cjs ps\n\n' "$COPPICE_HOME" "$PWD"
node_modules/.bin/tsx watch --clear-screen=false daemon/main.ts
