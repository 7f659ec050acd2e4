# Logins, linger and the journal, as root of a system of its own. Each line that begins with "> " is what the test looks at.
set -u
tell() { printf '> %s: %s\n' "$1" "$2"; }
until_true() { for ((tries = 0; tries < 300; tries++)); do if "$@"; then return 0; fi; sleep 0.1; done; return 1; }
useradd --create-home --shell /bin/bash someone
# A login of its own, which ends with the command.
login() { su --login someone --command "$1"; }
manager_is() { [[ $(systemctl is-active "user@$(id -u someone).service") == "$1" ]]; }
install -d /usr/local/bin
printf '#!/bin/sh\nexec node /coppice/dist/coppice.cjs "$@"\n' >/usr/local/bin/coppice
chmod 755 /usr/local/bin/coppice

login 'git init -q repo; cd repo; git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m first; mkdir -p .coppice/commands
printf "name: nap\nlifecycle: session\nsteps:\n  - name: nap\n    type: shell\n    run_in: tmux\n    action: sleep 1000\n" >.coppice/commands/nap.yaml
coppice daemon install 2>&1; coppice run nap --detach; until pgrep -x sleep; do sleep 0.1; done' >said.txt
tell 'advice' "$(grep -o 'loginctl enable-linger someone' said.txt)"
until_true manager_is inactive
tell 'without linger' "$? $(pgrep -c -u someone)"
loginctl enable-linger someone
until_true manager_is active
login 'coppice daemon install' >said.txt 2>&1
tell 'no advice' "$(grep -c 'enable-linger' said.txt)"
nothing_is_active() { [[ -z $(login 'coppice ps --active') ]]; }
until_true nothing_is_active
tell 'what ended with the login' "$(login 'coppice ps' | grep -owE 'lost|failed')"
login 'cd repo; coppice run nap --detach' >/dev/null
terminals_live() { [[ $(pgrep -c -u someone -x sleep) == 1 ]]; }
until_true terminals_live
tell 'with linger' "$? $(systemctl is-active "user@$(id -u someone).service")"
tell 'at the next login' "$(login 'coppice ps --active' | grep -ow running)"

login 'coppice daemon logs --lines 1000' >logs.txt
tell 'logs' "$(grep -c '"msg":"ready"' logs.txt) starts"
login 'journalctl --user --unit=coppice.service --output=json' | grep '\\"ready\\"' | tail -n 1 >entry.json
tell 'priority' "$(grep -oE '"PRIORITY":"[0-9]"' entry.json)"
login 'mkdir -p ~/.config/coppice; echo COPPICE_SESSIONS__TIMOUT=5 >~/.config/coppice/environment; systemctl --user restart coppice.service'
login 'journalctl --user --unit=coppice.service --priority=warning --output=cat' >warnings.txt
tell 'only warnings' "$(grep -c TIMOUT warnings.txt) $(grep -c '"msg":"ready"' warnings.txt)"
