# The life of the service, as its user sees it. Each line that begins with "> " is what the test looks at.
set -u
coppice() { node /run/coppice/dist/coppice.cjs "$@"; }
tell() { printf '> %s: %s\n' "$1" "$2"; }
unit() { systemctl --user show -P "$1" coppice.service; }
field() { node -pe "JSON.parse(require('node:fs').readFileSync(0, 'utf8')).$1"; }
until_true() { for ((tries = 0; tries < 300; tries++)); do if "$@"; then return 0; fi; sleep 0.1; done; return 1; }
ended() { [[ $(coppice show "$1" --json | field status) =~ ^(succeeded|failed|cancelled|lost)$ ]]; }

coppice daemon install >install.txt 2>&1
tell install "$?"
XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR systemd-analyze verify --user --man=no .config/systemd/user/coppice.{socket,service} .config/systemd/user/coppice-tmux.service >verify.txt 2>&1
tell verify "$? $(<verify.txt)"
tell 'before the first client' "$(systemctl --user is-active coppice.socket) $(systemctl --user is-active coppice.service)"
coppice daemon status >/dev/null
tell 'after it' "$(systemctl --user is-active coppice.service) $(unit StatusText)"
first=$(unit MainPID)
tell 'stripped' "$(tr '\0' '\n' <"/proc/$first/environ" | grep -c '^NOTIFY_SOCKET=') in the beginning"

git init -q repo && cd repo && git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m first
mkdir -p .coppice/commands
cat >.coppice/commands/wait.yaml <<'YAML'
name: wait
lifecycle: session
arguments:
  - name: gate
    required: true
  - name: code
    type: integer
    default: 0
steps:
  - name: until the gate opens
    type: shell
    run_in: tmux
    action: env | grep -cE '^(NOTIFY_SOCKET|LISTEN_FDS|WATCHDOG_USEC|INVOCATION_ID)=' >"$COPPICE_ARG_GATE.leaked"; while [ ! -e "$COPPICE_ARG_GATE" ]; do sleep 0.1; done; exit "$COPPICE_ARG_CODE"
YAML
cat >.coppice/commands/beside.yaml <<'YAML'
name: beside
lifecycle: session
steps:
  - name: without a terminal
    type: shell
    action: touch ~/beside.begun; while [ ! -e ~/gate-4 ]; do sleep 0.1; done; exit 4
YAML
cat >.coppice/commands/hide.yaml <<'YAML'
name: hide
lifecycle: session
steps:
  - name: out of sight
    type: shell
    action: setsid env -i /bin/sleep 1000 & echo $! >~/hidden; kill -9 $PPID; sleep 1000
YAML
one=$(coppice run wait gate="$HOME/gate-1" code=0 --detach)
two=$(coppice run wait gate="$HOME/gate-2" code=7 --detach)
three=$(coppice run wait gate="$HOME/gate-3" code=3 --detach)
four=$(coppice run beside --detach)
for n in 1 2 3; do until_true test -e "$HOME/gate-$n.leaked"; done
until_true test -e ~/beside.begun
tell 'terminals of their own' "$(systemctl --user is-active coppice-tmux.service)"
tell 'leaked to steps' "$(<"$HOME/gate-1.leaked")"

# A client that comes in the gap waits, and the next daemon answers it.
ms_now() { date +%s%3N; }
soonest=100000 node_ms=0
for n in 1 2 3; do
  killed=$(unit MainPID)
  at=$(ms_now)
  kill -9 "$killed"
  pid=$(coppice call daemon.ping | field pid)
  took=$(($(ms_now) - at))
  [[ $pid != "$killed" ]] || tell 'after kill -9' 'answered by a dead one'
  ((took < soonest)) && soonest=$took
  at=$(ms_now)
  node -e 0
  took=$(($(ms_now) - at))
  ((took > node_ms)) && node_ms=$took
done
tell 'back' "$soonest ms, node alone $node_ms ms"
tell 'restarts' "$(unit NRestarts)"
touch "$HOME/gate-1"
until_true ended "$one"
tell 'one' "$(coppice show "$one" --json | field status)"

systemctl --user restart coppice.service
tell 'after restart' "$(coppice show "$two" --json | field status)"
systemctl --user stop coppice.service
tell 'stopped' "$(systemctl --user is-active coppice.service) $(systemctl --user is-active coppice-tmux.service)"
# While nobody watches.
touch "$HOME/gate-2" "$HOME/gate-4"
until_true ended "$two"
until_true ended "$four"
tell 'four' "$(coppice show "$four" --json | field 'stepRuns.find(({ exitCode }) => exitCode > 0)?.exitCode')"
# Nothing but its scope tells whose the hidden process is.
hide=$(coppice run hide --detach)
until_true ended "$hide"
hidden_is_gone() { ! kill -0 "$(<"$HOME/hidden")" 2>/dev/null; }
until_true hidden_is_gone
tell 'hidden' "$? $(coppice show "$hide" --json | field status)"
tell 'two' "$(coppice show "$two" --json | field 'stepRuns.find(({ exitCode }) => exitCode > 0)?.exitCode')"

# A daemon whose event loop is blocked is ended and begun anew.
printf 'process.on("SIGUSR2", () => { for (;;); });\n' >~/block.cjs
mkdir -p ~/.config/systemd/user/coppice.service.d
printf '[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\nEnvironment=NODE_OPTIONS=--require=%%h/block.cjs\n' >~/.config/systemd/user/coppice.service.d/test.conf
systemctl --user daemon-reload
systemctl --user restart coppice.service
before=$(unit NRestarts) hung=$(unit MainPID)
kill -USR2 "$hung"
restarted() { [[ $(unit NRestarts) -gt $before && $(unit MainPID) != "$hung" ]]; }
until_true restarted
tell 'hung' "$? $(unit Result)"
tell 'three' "$(coppice show "$three" --json | field status)"

coppice daemon uninstall >uninstall.txt 2>&1
tell 'uninstall with terminals' "$? $(<uninstall.txt)"
touch "$HOME/gate-3"
until_true ended "$three"
tell 'three at last' "$(coppice show "$three" --json | field 'stepRuns.find(({ exitCode }) => exitCode > 0)?.exitCode')"
rm -r ~/.config/systemd/user/coppice.service.d
coppice daemon uninstall --force >/dev/null
tell 'uninstall' "$?"
tell 'left' "$(find ~/.config/systemd -name '*coppice*' | wc -l) files, $(systemctl --user list-units --all --no-legend 'coppice*' | wc -l) units, $(pgrep -c -u "$(id -u)" -f 'coppice|tmux') processes"
COPPICE_NO_AUTOSTART=1 coppice ps >gone.txt 2>&1
tell 'and then' "$?"
