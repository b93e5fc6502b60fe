#!/bin/sh
# Installs PostgreSQL's server programs where they are missing and can be installed; never fails: tests that need them are skipped.
command -v initdb >/dev/null 2>&1 && exit 0
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root="sudo"
else
    echo "PostgreSQL is missing, and installing it needs root or sudo: going on with SQLite only"
    exit 0
fi

echo "installing PostgreSQL"
if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1 ||
        { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends postgresql >/dev/null; }
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q postgresql-server
elif command -v apk >/dev/null 2>&1; then
    $as_root apk add --quiet postgresql
fi
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 ||
    echo "PostgreSQL could not be installed: going on with SQLite only"
exit 0
