#!/usr/bin/env bash
# usage: [BIND=FROM:TO …] user-manager.sh PACKAGE SCRIPT [ARG…]
# Runs SCRIPT with bash as the user nobody under a service manager of that user, in mount, process and cgroup namespaces of its own, and
# ends all of it with it. PACKAGE is there as /run/coppice, and what is in FROM of a BIND as TO below /run. Needs root and systemd. What
# it says of itself goes to stderr.
set -euo pipefail

run_inside() {
  local package=$1 script=$2 uid gid manager status=0
  shift 2
  uid=$(id -u nobody) gid=$(id -g nobody)
  cp "$script" /tmp/.story.$$
  local story=/tmp/.story.$$
  mount -t tmpfs -o mode=755 tmpfs /run
  install -m 755 "$story" /run/story
  rm -f "$story"
  mkdir -p /run/systemd/system /run/lock /run/coppice /run/user
  mount --bind "$package" /run/coppice
  mount -o remount,bind,ro /run/coppice
  local bind to
  for bind in ${BIND:-}; do
    to=${bind#*:}
    # Laid over and not bound, since a cache of root's is closed to others.
    mkdir -p "/run/$to" "/run/.over/$to/upper" "/run/.over/$to/work"
    mount -t overlay overlay -o "lowerdir=${bind%%:*},upperdir=/run/.over/$to/upper,workdir=/run/.over/$to/work" "/run/$to"
    chmod 755 "/run/$to"
  done
  install -d -o "$uid" -g "$gid" -m 700 "/run/user/$uid" /run/home
  umount -R /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 none /sys/fs/cgroup
  chown -R "$uid:$gid" /sys/fs/cgroup 2>/dev/null || true
  local as_nobody=(setpriv --reuid "$uid" --regid "$gid" --clear-groups -- env -i
    HOME=/run/home USER=nobody LOGNAME=nobody SHELL=/bin/bash LANG=C.UTF-8 TERM=xterm PATH=/usr/local/bin:/usr/bin:/bin
    XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus")
  "${as_nobody[@]}" /lib/systemd/systemd --user </dev/null >/dev/null 2>&1 &
  manager=$!
  for ((tries = 0; tries < 200; tries++)); do
    [[ -S /run/user/$uid/systemd/private ]] && break
    kill -0 "$manager" 2>/dev/null || break
    sleep 0.05
  done
  [[ -S /run/user/$uid/systemd/private ]] || { echo 'the user manager did not start' >&2; exit 3; }
  cd /run/home
  "${as_nobody[@]}" bash /run/story "$@" || status=$?
  kill -s RTMIN+24 "$manager" 2>/dev/null || true
  for ((tries = 0; tries < 100; tries++)); do kill -0 "$manager" 2>/dev/null || break; sleep 0.05; done
  exit "$status"
}

if [[ ${1:-} == --inside ]]; then
  shift
  run_inside "$@"
fi
(($# >= 2)) || { echo 'usage: user-manager.sh PACKAGE SCRIPT [ARG…]' >&2; exit 2; }

# The manager must own a cgroup that is the root of what it sees.
own_mount=''
root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [[ -z $root ]]; then
  own_mount=$(mktemp -d)
  mount -t cgroup2 none "$own_mount"
  root=$own_mount
fi
cgroup=$(mktemp -d "$root/coppice-test.XXXXXX")
chmod 755 "$cgroup"
cleanup() {
  for ((tries = 0; tries < 40; tries++)); do
    [[ -d $cgroup ]] || break
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
  if [[ -n $own_mount ]]; then umount "$own_mount" && rmdir "$own_mount"; fi
}
trap cleanup EXIT
status=0
bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$cgroup" \
  setpriv --pdeathsig KILL unshare --cgroup --mount --pid --fork --kill-child --mount-proc --propagation private \
  bash "$(realpath "$0")" --inside "$@" &
inside=$!
# A shell acts on a signal only between its commands, and while it waits.
trap 'kill -KILL "$inside"; exit 143' TERM
wait "$inside" || status=$?
exit "$status"
