#!/usr/bin/env bash
# Client libraries of others, unmodified and from the registry as package-lock.json pins them, against a running farebox.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
export API_SECRET_KEY=of-this-test-only
a_farebox one
mkdir "$scratch/clients"
cp "$root"/tests/clients/* "$scratch/clients/"
cd "$scratch/clients"
npm ci --no-audit --no-fund --loglevel=error >"$scratch/npm.log" 2>&1 || {
    cat "$scratch/npm.log"
    echo "the client libraries cannot be fetched"
    exit 1
}
node=$scratch/clients/node_modules/node/bin/node
holds "the package node is Node 22" test "$("$node" -p 'process.versions.node.split(".")[0]')" = 22

export FAREBOX_URL=$url LOCAL_AUTH_URL LOCAL_AUTH_PUBLISHABLE_KEY LOCAL_AUTH_SERVICE_KEY_FILE PSQL TEST_DATABASE=$admin
export FAREBOX_TEST_BIN=$bin
said=$("$node" --test --test-reporter=tap ./*.test.mjs 2>&1) || broke "client libraries work with farebox" "$said"
grep -E '^# (tests|pass|fail) ' <<<"$said" | sed 's/^# /note: clients: /'
