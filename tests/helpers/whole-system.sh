#!/usr/bin/env bash
# usage: whole-system.sh PACKAGE SCRIPT
# Boots the systemd of this machine on a throw-away layer over its files, in namespaces of its own, and runs SCRIPT with bash as root in it.
# PACKAGE is there as /coppice. Nothing outside is changed. Needs root, systemd, dbus-user-session, libpam-systemd.
set -euo pipefail

# PID 1 of the new namespaces; becomes systemd.
boot() {
  local package=$1 story=$2 base=$3 root=$3/root name
  mount -t tmpfs tmpfs "$base"
  mkdir "$base/upper" "$base/work" "$root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
  done
  mkdir "$root/dev/pts" "$root/dev/shm" "$root/coppice"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  mount --bind "$package" "$root/coppice"
  mount -o remount,bind,ro "$root/coppice"
  cp "$story" "$root/story"
  chmod 755 "$root/story"
  # Only what systemd itself brings is started, and nothing that belongs to hardware.
  rm -rf "$root"/etc/systemd/system/*.wants
  for name in tmp.mount systemd-udevd.service systemd-tmpfiles-clean.timer systemd-tmpfiles-setup.service getty@tty1.service \
    console-getty.service systemd-timesyncd.service systemd-networkd.service systemd-resolved.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$name"
  done
  mkdir -p "$root/etc/systemd/logind.conf.d" "$root/var/log/journal"
  printf '[Login]\nUserStopDelaySec=0\n' >"$root/etc/systemd/logind.conf.d/test.conf"
  cd "$root"
  mkdir -p .outside
  pivot_root . .outside
  umount -l /.outside
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target
}

if [[ ${1:-} == --boot ]]; then
  shift
  boot "$@"
fi
(($# == 2)) || { echo 'usage: whole-system.sh PACKAGE SCRIPT' >&2; exit 2; }

mounted='' system=''
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [[ -z $groups ]]; then
  mounted=$(mktemp -d)
  mount -t cgroup2 none "$mounted"
  groups=$mounted
fi
own=$(mktemp -d "$groups/coppice-test.XXXXXX")
chmod 755 "$own"
base=$(mktemp -d)
clean_up() {
  [[ -z $system ]] || kill -KILL "$system" 2>/dev/null || true
  for ((tries = 0; tries < 50; tries++)); do
    [[ -d $own ]] || break
    find "$own" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
  if [[ -n $mounted ]]; then umount "$mounted" && rmdir "$mounted"; fi
  rmdir "$base"
}
trap clean_up EXIT
trap 'exit 143' TERM

bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$own" setpriv --pdeathsig KILL \
  unshare --cgroup --mount --pid --uts --ipc --fork --kill-child --propagation private \
  bash "$(realpath "$0")" --boot "$(realpath "$1")" "$(realpath "$2")" "$base" </dev/null >&2 &
system=$!
init=''
for ((tries = 0; tries < 300; tries++)); do
  init=$(pgrep -P "$system" -x systemd || true)
  [[ -n $init ]] && nsenter -t "$init" -m -p test -S /run/systemd/private 2>/dev/null && break
  kill -0 "$system" 2>/dev/null || break
  init=''
  sleep 0.1
done
[[ -n $init ]] || { echo 'systemd did not come up' >&2; exit 3; }
inside() { nsenter -t "$init" -m -p -u -i -C env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=xterm "$@"; }
inside systemctl is-system-running --wait >&2 || true
status=0
inside bash /story &
story=$!
wait "$story" || status=$?
exit "$status"
