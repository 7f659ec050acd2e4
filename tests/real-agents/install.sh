#!/usr/bin/env bash
# Puts the agents of package-lock.json into a cache of the user, once for each content of that file; prints where they are.
# More than a gigabyte, so it is asked for: `.ci/run` and this script do it, `npm install` does not.
set -euo pipefail
cd "$(dirname "$0")"

lock_sha256=$(node -p 'require("node:crypto").createHash("sha256").update(require("node:fs").readFileSync("package-lock.json")).digest("hex")')
place=${XDG_CACHE_HOME:-$HOME/.cache}/coppice/real-agents/${lock_sha256:0:16}
if [[ ! -e $place ]]; then
  # Whole or absent: two that install at once both work beside it, and one of them is in time.
  mkdir -p "$(dirname "$place")"
  beside=$(mktemp -d "$place.XXXXXX")
  trap 'rm -rf "$beside"' EXIT
  cp package.json package-lock.json "$beside"
  npm ci --prefix "$beside" --no-audit --no-fund --loglevel error >&2
  node -e 'require("node:fs").renameSync(process.argv[1], process.argv[2])' "$beside" "$place" 2>/dev/null || [[ -e $place ]]
fi
printf '%s\n' "$place"
