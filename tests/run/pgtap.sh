#!/usr/bin/env bash
# Runs one pgTAP file of tests/sql on the database of FAREBOX_TEST_DATABASE_URL.
#
#   tests/run/pgtap.sh FILE
set -euo pipefail
bin=$(find /usr/lib/postgresql -path '*/bin/psql' -printf '%h\n' | sort -V | tail -n 1)
exec pg_prove --quiet --psql-bin "$bin/psql" --dbname "${FAREBOX_TEST_DATABASE_URL:?is set by scripts/test}" "$1"
