#!/usr/bin/env bash
# Adds an endpoint to a copy of the tree by the list in CONTRIBUTING alone (SQL function and its grant, domain function,
# handler), builds that one handler and asks it through nginx. Whatever else had to be written down somewhere would be missed
# here.
#
# It compiles what the handler stands on, so it belongs to scripts/test --long.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy=$scratch/copy
mkdir "$copy"
cp -r "$root"/{CMakeLists.txt,CMakePresets.json,handlers,nginx,scripts,shared,sql} "$copy/"

# after FILE LINE: standard input goes behind the first line that is LINE.
after() {
    local text
    grep -qxF -- "$2" "$copy/$1" || { broke "the copy has the place for the endpoint" "$1 has no line: $2" && exit 1; }
    text=$(cat)
    text=$text awk -v line="$2" '{ print } $0 == line && !done { print ENVIRON["text"]; done = 1 }' "$copy/$1" >"$scratch/new"
    mv "$scratch/new" "$copy/$1"
}

# 1 and 2: the SQL function, and who may call it.
cat >"$copy/sql/api/ledger/limits.sql" <<'END'
-- farebox_api.limits: the most that one spend of a user may take.
--
-- Called by   handlers/limits
-- Locks       nothing

create or replace function farebox_api.limits(p_number bigint) returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select p_number + 1000
$$;
END
after sql/grants.sql 'grant execute on function farebox_api.balance to farebox_app;' <<<'grant execute on function farebox_api.limits to farebox_app;'

# 4: the domain function.
after shared/ledger/account.hpp 'std::int64_t unused_number(db::Connection& connection, base::Deadline deadline);' <<'END'
std::int64_t limits(db::Connection& connection, std::int64_t number, base::Deadline deadline);
END
after shared/ledger/account.cpp '} // namespace' <<'END'

std::int64_t limits(db::Connection& connection, std::int64_t number, base::Deadline deadline)
{
    return one_row(connection.call("select farebox_api.limits($1)", Params{}.int8(number), deadline), "limits").int8(0, 0);
}
END
after shared/ledger/ledger.hpp '    std::int64_t unused_number(base::Deadline deadline);' <<<'    std::int64_t limits(std::int64_t number, base::Deadline deadline);'
cat >>"$copy/shared/ledger/ledger.cpp" <<'END'

namespace ledger {

std::int64_t Ledger::limits(std::int64_t number, base::Deadline deadline)
{
    return state_->read(deadline, [&](auto& connection, auto until) { return calls::limits(connection, number, until); });
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
    return http::json(200, json::Writer().begin().field("limit", call.ledger.limits(parse(call), call.deadline)).end().str());
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
