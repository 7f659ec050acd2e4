# code-server brings the packages of VS Code as lock files of its own, which its install script would read with a compiler and more at
# hand. Here no script of a package runs, but of the one that output channels need, which is compiled with the headers beside Node. The
# second of these lock files leaves a package out, so `npm ci` refuses it.
set -euo pipefail
node=$(dirname "$(dirname "$(realpath node_modules/.bin/node)")")
vscode=$PWD/node_modules/code-server/lib/vscode
for folder in "$vscode" "$vscode/extensions"; do
  (cd "$folder" && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel error)
done
cd "$vscode"
PATH=$node/bin:$PATH npm rebuild --ignore-scripts=false --nodedir="$node" --loglevel error @vscode/spdlog
