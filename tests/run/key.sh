#!/usr/bin/env bash
# scripts/key: the life of an API key, and that nothing but its hash is stored.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
a_database one
key() { "$root/scripts/key" "$@" --database-url "$admin"; }
live() { sql <<<"select count(*) from farebox_api.find_credential(sha256('$1'))"; }

first=$(key create --name "o'neil \\ & sons" --scopes read,spend --expires 90d 2>"$scratch/said")
[[ $first =~ ^fb_[A-Za-z0-9_-]{43}$ ]] || broke "create prints the key and nothing else on standard output" "$first"
contains "and says that it is shown once" "shown this once" "$(<"$scratch/said")"
equals "the key works with its scopes" "api_key||o'neil \\ & sons|{read,spend}" "$(sql <<<"select * from farebox_api.find_credential(sha256('$first'))")"
equals "it expires when it was told to" "t" "$(sql <<<"select expires_at between now() + interval '89 days 23 hours' and now() + interval '90 days 1 hour' from farebox.credentials")"
equals "the database holds its hash and the first characters" "${first:0:11}" "$(sql <<<"select preview from farebox.credentials where hash = sha256('$first')")"
dump=$("$POSTGRES_BIN/pg_dump" -d "$superuser")
lacks "and the key nowhere" "${first:12}" "$dump"

second=$(key rotate "o'neil \\ & sons" 2>"$scratch/said")
equals "after a rotation both keys work" "1 1" "$(live "$first") $(live "$second")"
contains "and it says how to end the old one" "scripts/key revoke ${first:0:11}" "$(<"$scratch/said")"
equals "the new key has the scopes and expiry of the old" "1" "$(sql <<<"select count(distinct (scopes, expires_at)) from farebox.credentials")"
contains "list names both" "${second:0:11}" "$(key list)"
lacks "but shows neither" "${second:12}" "$(key list)"

equals "revoking a preview ends that key" "keys revoked: 1" "$(key revoke "${first:0:11}")"
equals "and no other" "0 1" "$(live "$first") $(live "$second")"
contains "list says so" "revoked" "$(key list | grep -F "${first:0:11}")"
equals "revoking a name ends every key of it" "keys revoked: 1" "$(key revoke "o'neil \\ & sons")"
equals "from that moment" "0" "$(live "$second")"
refuses "revoking what is not there is a mistake worth telling" "no live key" key revoke nobody
refuses "so is rotating a revoked key" "no live key" key rotate "o'neil \\ & sons"

past=$(key create --name past --scopes read --expires 2020-01-01 2>/dev/null)
equals "an expired key does not work" "0" "$(live "$past")"
forever=$(key create --name forever --scopes read,spend,hold,grant,users,act_as 2>/dev/null)
equals "a key without an expiry never expires" "infinity" "$(sql <<<"select expires_at from farebox.credentials where hash = sha256('$forever')")"
refuses "an unknown scope is refused" "there is no scope 'mint'" key create --name x --scopes read,mint
refuses "a nonsense expiry is refused" "--expires takes" key create --name x --scopes read --expires soon
equals "and nothing was stored" "0" "$(sql <<<"select count(*) from farebox.credentials where name = 'x'")"

# The keys of the environment are rows like all others.
refuses "where none is set there is nothing to register" "neither API_SECRET_KEY nor INTERNAL_API_KEY is set" \
    env -u API_SECRET_KEY -u INTERNAL_API_KEY "$root/scripts/key" environment --database-url "$admin"
environment() { env -u INTERNAL_API_KEY "$@" "$root/scripts/key" environment --database-url "$admin"; }
equals "a key of the environment is registered" "API_SECRET_KEY registered" "$(environment API_SECRET_KEY='one & "two"')"
equals "with every scope but act_as" "API_SECRET_KEY|{read,spend,hold,grant,users}" \
    "$(sql <<<"select name, scopes from farebox_api.find_credential(sha256('one & \"two\"'))")"
equals "again it is there already" "API_SECRET_KEY is registered" "$(environment API_SECRET_KEY='one & "two"')"
equals "another value takes its place" "API_SECRET_KEY registered 0 1" \
    "$(environment API_SECRET_KEY=three) $(live 'one & "two"') $(live three)"
equals "two names of one value are one row" "API_SECRET_KEY is registered INTERNAL_API_KEY registered, the same key as API_SECRET_KEY" \
    "$(environment API_SECRET_KEY=three INTERNAL_API_KEY=three | tr '\n' ' ' | sed 's/ $//')"
mkdir "$scratch/credentials"
printf 'four\r\n' >"$scratch/credentials/INTERNAL_API_KEY"
equals "a file of CREDENTIALS_DIRECTORY is read as the handlers read it" "INTERNAL_API_KEY registered 1" \
    "$(env -u API_SECRET_KEY -u INTERNAL_API_KEY CREDENTIALS_DIRECTORY="$scratch/credentials" "$root/scripts/key" environment --database-url "$admin") $(live four)"
contains "list shows them" "INTERNAL_API_KEY" "$(key list)"
equals "revoke ends them" "keys revoked: 1 0" "$(key revoke INTERNAL_API_KEY) $(live four)"
refuses "and a value that was revoked stays so" "was revoked: give it another one" \
    env -u API_SECRET_KEY INTERNAL_API_KEY=four "$root/scripts/key" environment --database-url "$admin"
refuses "a value that is another key already is refused" "is the key forever already" \
    env -u API_SECRET_KEY INTERNAL_API_KEY="$forever" "$root/scripts/key" environment --database-url "$admin"
equals "scripts/migrate registers them as well, and says so" "migrate: INTERNAL_API_KEY registered 1" \
    "$(INTERNAL_API_KEY=five "$root/scripts/migrate" --database-url "$admin" | grep registered) $(live five)"
lacks "the database holds none of their values" "three" "$("$POSTGRES_BIN/pg_dump" --data-only -d "$superuser" | grep -vF "$(printf 'three' | openssl dgst -sha256 -hex | sed 's/.* //')")"

# The URL of a hosted database holds a password; no process may show it to other users of the machine.
cat >"$scratch/psql" <<END
#!/usr/bin/env bash
printf '%s\n' "\$*" >>"$scratch/arguments"
exec "$PSQL" "\$@"
END
chmod +x "$scratch/psql"
password=$(sed 's/.*://' "$scratch/one/secrets/postgres.pgpass")
percent=$(printf '%s' "$password" | sed 's/^\(.\)/%3\1/; s/^%3[^0-9]/&/')
[[ ${password:0:1} == [0-9] ]] || percent=$password
for form in "postgres://postgres:$percent@/postgres?host=$scratch/one/pg" \
    "postgresql://postgres@/postgres?password=$password&host=$scratch/one/pg" \
    "host='$scratch/one/pg' dbname=postgres user=postgres password='$password'" \
    "password = $password host=$scratch/one/pg dbname=postgres user=postgres"; do
    holds "a database URL with a password works: ${form//$password/...}" \
        env psql_program="$scratch/psql" "$root/scripts/key" list --database-url "$form"
done
lacks "no argument list holds the password" "$password" "$(<"$scratch/arguments")"
lacks "nor the key" "fb_" "$(<"$scratch/arguments")"
