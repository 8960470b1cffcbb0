#!/usr/bin/env bash
# Adds an endpoint to a copy of the tree by the list in CONTRIBUTING alone (SQL function, domain function, handler), builds that
# one handler and asks it through nginx. Whatever else had to be written down somewhere would be missed here.
#
# It compiles what the handler stands on, so it belongs to scripts/test --long.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy=$scratch/copy
mkdir "$copy"
cp -r "$root"/{CMakeLists.txt,CMakePresets.json,docs,handlers,nginx,scripts,shared,sql} "$copy/"

# 1: the SQL function. Where it lies is its grant.
cat >"$copy/sql/api/ledger/limits.sql" <<'END'
-- farebox_api.limits: the most that one spend of a user may take.
--
-- Called by   ledger::limits
-- Locks       nothing
-- Answers     unauthorized, forbidden, user_not_found, ok
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api.limits(
    p_caller text, p_proof bytea, p_number bigint, out status text, out amount bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    status := coalesce(
        farebox.caller_refusal(p_caller, p_proof, 'read', '{user,operator}', null, 'user_not_found', clock_timestamp()), 'ok');
    amount := p_number + 1000;
end $$;
END

# 4: the domain function.
cat >"$copy/shared/ledger/limits.hpp" <<'END'
// The most that one spend of a user may take: farebox_api.limits.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/session.hpp"

#include <cstdint>

namespace ledger {

// Throws its refusal.
std::int64_t limits(db::Session& session, db::Caller const& caller, std::int64_t number, base::Deadline deadline);

} // namespace ledger
END
cat >"$copy/shared/ledger/limits.cpp" <<'END'
#include "shared/ledger/limits.hpp"

#include "shared/db/status.hpp"

namespace ledger {

std::int64_t limits(db::Session& session, db::Caller const& caller, std::int64_t number, base::Deadline deadline)
{
    return session.read(deadline, [&](db::Connection& connection, auto until) {
        auto const rows = connection.one("farebox_api.limits", db::Params{}.caller(caller).int8(number), until);
        db::expect_ok(rows[0].text("status"));
        return rows[0].int8("amount");
    });
}

} // namespace ledger
END

# 5: the handler.
cat >"$copy/handlers/limits.cpp" <<'END'
// GET /api/v1/limits/{number}: the most that one spend may take.
//
//   Access    a service with the scope read
//   Reply     200 {"limit"}
//   Refuses   user_not_found, busy

#include "shared/json/writer.hpp"
#include "shared/ledger/limits.hpp"
#include "shared/service/service.hpp"

#include <charconv>

namespace {

std::int64_t parse(service::Call const& call)
{
    auto const& text = call.path.param("number");
    auto number = std::int64_t{0};
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || stop != text.data() + text.size()) throw base::Failure(base::Error::user_not_found);
    return number;
}

http::Response limits(service::Call const& call)
{
    auto const most = ledger::limits(call.session, auth::proven(call.caller()), parse(call), call.deadline);
    return http::json(200, json::Writer().begin().field("limit", most).end().str());
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        get("/api/v1/limits/{number}", Dialect::token, Access::key(Scope::read), limits),
    };
    return run(count, arguments, {.name = "limits", .endpoints = endpoints});
}
END

built() {
    cd "$copy" || return 1
    # Objects that were compiled from the same text elsewhere are the same.
    export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1
    cmake --preset release -DBUILD_TESTING=OFF && ninja -C build/release limits activator
}
holds "the handler builds, with nothing else than its file" built
holds "the modules still include only what is below them" "$copy/scripts/check-modules"
holds "the SQL function lies with those who may call it" "$copy/scripts/check-sql"
holds "and answers with errors that have a name" "$copy/scripts/check-errors"
bin=$copy/build/release/bin
contains "it says what it answers" '"pattern":"/api/v1/limits/{number}"' "$("$bin/limits" --endpoints)"

API_SECRET_KEY=of-this-test-only-$RANDOM
export API_SECRET_KEY
"$copy/scripts/stack" up --dir "$scratch/one" --port 0 --bin "$bin" --handlers limits >/dev/null
eval "$("$copy/scripts/stack" env --dir "$scratch/one")"
# ask [CURL OPTIONS] PATH: status and body.
ask() { curl -s -m 30 -w ' %{http_code}' "${@:1:$#-1}" "$FAREBOX_URL${*: -1}"; }
key=(-H "Authorization: Bearer $API_SECRET_KEY")
equals "and is answered through nginx, by its SQL function" '{"limit":1007} 200' "$(ask "${key[@]}" /api/v1/limits/7)"
contains "nobody comes in without a credential" 'UNAUTHORIZED' "$(ask /api/v1/limits/7)"
contains "the handler judges what stands in the path" 'USER_NOT_FOUND' "$(ask "${key[@]}" /api/v1/limits/seven)"
contains "another method is refused" 'METHOD_NOT_ALLOWED' "$(ask -X POST "${key[@]}" /api/v1/limits/7)"
contains "a body past its limit is refused" 'PAYLOAD_TOO_LARGE' "$(ask "${key[@]}" --data-binary @<(printf '%065537d' 0) /api/v1/limits/7)"
contains "a path beyond it is nobody's" 'NOT_FOUND' "$(ask "${key[@]}" /api/v1/limits/7/8)"
