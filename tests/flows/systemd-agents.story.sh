# The daemon is restarted and stopped while a terminal and two agents are at work. Each line that begins with "> " is what the test looks at.
# usage: systemd-agents.story.sh FOLDER, with env.json (the environment of the agents), acp.prompt and tmux.prompt
set -u
folder=$1
coppice() { node /run/coppice/dist/coppice.cjs "$@"; }
tell() { printf '> %s: %s\n' "$1" "$2"; }
field() { node -pe "JSON.parse(require('node:fs').readFileSync(0, 'utf8')).$1"; }
until_true() { for ((tries = 0; tries < 600; tries++)); do if "$@"; then return 0; fi; sleep 0.1; done; return 1; }
task() { coppice task show "$1" --json | field "$2"; }
is_reviewed() { [[ $(task "$1" status) == implementation_review ]]; }
has_ended() { [[ $(coppice show "$1" --json | field status) =~ ^(succeeded|failed|cancelled|lost)$ ]]; }
lives() { kill -0 "$(<~/"$1".begun)" 2>/dev/null; }
agents_live() { for one in acp tmux; do if lives "$one"; then printf '%s ' "$one"; fi; done; }

mkdir -p .config/coppice
cat >.config/coppice/config.toml <<'TOML'
[sessions]
memory_max = "1G"
[agents.claude]
command = ["/run/agents/node_modules/.bin/claude-agent-acp"]
terminal = ["/run/agents/node_modules/.bin/claude", "--permission-mode", "acceptEdits", "--allowedTools", "Bash"]
permissions = "allow"
TOML
coppice daemon install >/dev/null 2>&1
git init -q repo && cd repo && git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m first
mkdir -p .coppice/commands
cat >.coppice/commands/wait.yaml <<'YAML'
name: wait
lifecycle: session
steps:
  - name: until the gate opens
    type: shell
    run_in: tmux
    action: echo $$ >~/wait.begun; while [ ! -e ~/gate ]; do sleep 0.1; done; exit 7
YAML
waits=$(coppice run wait --detach)
mapfile -t agent_env < <(node -pe "Object.entries(JSON.parse(fs.readFileSync('$folder/env.json'))).map((pair) => pair.join('=')).join('\n')")
own=(PATH="$PATH" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" XDG_CONFIG_HOME="$HOME/.config" XDG_DATA_HOME="$HOME/.local/share" XDG_STATE_HOME="$HOME/.local/state")
start() {
  env "${agent_env[@]}" "${own[@]}" node /run/coppice/dist/coppice.cjs \
    task new - --skip-planning --agent claude --adapter "$1" --json <"$folder/$1.prompt" | field id
}
over_acp=$(start acp)
in_terminal=$(start tmux)
for one in acp tmux wait; do until_true test -s ~/"$one.begun" || tell "$one" 'never began'; done
tell 'in mid-turn' "$(agents_live)"
tell 'used' "$(coppice show "$waits" --json | field 'usage.processes > 1')"
scope=$(sed -nE 's,^0::.*/([^/]+\.scope)$,\1,p' "/proc/$(<~/wait.begun)/cgroup")
tell 'bound' "$(systemctl --user show -P Slice "$scope") $(systemctl --user show -P MemoryMax "$scope")"

systemctl --user restart coppice.service
tell 'after restart' "$(agents_live)$(coppice show "$waits" --json | field status)"
systemctl --user stop coppice.service
tell 'stopped' "$(systemctl --user is-active coppice.service) $(agents_live)"
# While no daemon watches.
touch ~/gate
waiter_is_gone() { ! lives wait; }
until_true waiter_is_gone

until_true has_ended "$waits"
tell 'the terminal' "$(coppice show "$waits" --json | field 'stepRuns.find(({ exitCode }) => exitCode > 0)?.exitCode')"
for kind in acp tmux; do
  if [[ $kind == acp ]]; then id=$over_acp; else id=$in_terminal; fi
  until_true is_reviewed "$id"
  tell "$kind" "$(task "$id" status) $(git show "$(task "$id" integrationBranch):$kind.txt" 2>&1)"
done
coppice daemon uninstall --force >/dev/null
tell uninstall "$?"
tell 'left' "$(systemctl --user list-units --all --no-legend 'coppice*' '*.scope' | grep -vc init.scope) units, $(agents_live)agents"
