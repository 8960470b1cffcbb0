#!/usr/bin/env bash
# Runs one pgTAP file of tests/sql on the database of FAREBOX_TEST_DATABASE_URL.
#
#   tests/run/pgtap.sh FILE
#
# pg_prove takes the name of a database, not a connection string, so it is given this script for psql: with other arguments
# than a file it is psql on that database.
set -euo pipefail
: "${FAREBOX_TEST_DATABASE_URL:?is set by scripts/test}"
if [[ $# -eq 1 && -e $1 ]]; then
    exec pg_prove --failures --comments --psql-bin "$0" "$1"
fi
psql=$(find /usr/lib/postgresql -path '*/bin/psql' | sort -V | tail -n 1)
exec "$psql" -d "$FAREBOX_TEST_DATABASE_URL" "$@"
