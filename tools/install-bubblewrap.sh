#!/bin/sh
# Installs bubblewrap where it is missing and can be installed; never fails: `tiltyard doctor` tells what lacks.
command -v bwrap >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root="sudo"
else
    echo "bubblewrap is missing, and installing it needs root or sudo: going on without a jail"
    exit 0
fi

echo "installing bubblewrap"
if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get install -y -qq bubblewrap >/dev/null 2>&1 ||
        { $as_root apt-get update -qq && $as_root apt-get install -y -qq bubblewrap >/dev/null; }
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q bubblewrap
elif command -v pacman >/dev/null 2>&1; then
    $as_root pacman -S --noconfirm --quiet bubblewrap
elif command -v zypper >/dev/null 2>&1; then
    $as_root zypper --non-interactive --quiet install bubblewrap
elif command -v apk >/dev/null 2>&1; then
    $as_root apk add --quiet bubblewrap
fi
command -v bwrap >/dev/null 2>&1 || echo "bubblewrap could not be installed: going on without a jail"
exit 0
