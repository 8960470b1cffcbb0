#!/usr/bin/env bash
# The stand-in for Supabase Auth where new addresses must be confirmed (LOCAL_AUTH_CONFIRM=1), how it starts, what it keeps.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
export LOCAL_AUTH_CONFIRM=1
a_farebox one
auth=$url/auth/v1

# ask METHOD PATH JSON: sets $status and $body.
ask() {
    status=$(curl -s -m 30 -o "$scratch/body" -w '%{http_code}' -X "$1" -H 'apikey: any' \
        -H 'X-Supabase-Api-Version: 2024-01-01' --data "$3" "$auth$2")
    body=$(<"$scratch/body")
}
# tokens_of USER: what the wallet holds.
tokens_of() { sql <<<"select balance from farebox.wallets where id = '$1'"; }
# member NAME: the text of a member of $body that has no other of that name before it.
member() { sed -nE "s/^[^}]*\"$1\": ?\"?([^\",}]*).*/\\1/p" <<<"$body"; }
says() { equals "$1" "$2 $3" "$status $(member code)"; }

ask POST /signup '{"email": "Ada@wallet.example", "password": "correct horse 9", "data": {"name": "Ada"}}'
equals "a new user must confirm: the bare user, without tokens" "200 authenticated" "$status $(member role)"
lacks "no session is opened" "access_token" "$body"
contains "nothing is confirmed" '"email_verified": false' "$body"
lacks "not even in a time" "confirmed_at" "$body"
user=$(member id)
equals "and is stored" "ada@wallet.example" "$(sql <<<"select email from auth.users where id = '$user'")"

equals "no tokens are given yet" "0" "$(tokens_of "$user")"
ask POST '/token?grant_type=password' '{"email": "ada@wallet.example", "password": "correct horse 9"}'
says "an unconfirmed user does not sign in" 400 email_not_confirmed
ask POST '/token?grant_type=password' '{"email": "ada@wallet.example", "password": "wrong horse 9"}'
says "and hears of it only with the right password" 400 invalid_credentials

ask POST /signup '{"email": "ada@wallet.example", "password": "another horse"}'
says "the message goes out again once a minute" 429 over_email_send_rate_limit
ask POST /resend '{"type": "signup", "email": "ada@wallet.example"}'
says "by resend as well" 429 over_email_send_rate_limit
sql <<<"update auth.users set confirmation_sent_at = now() - interval '61 seconds' where id = '$user'"
ask POST /signup '{"email": "ada@wallet.example", "password": "another horse"}'
equals "then it does, for the same user" "200 $user" "$status $(member id)"
sql <<<"update auth.users set confirmation_sent_at = now() - interval '61 seconds' where id = '$user'"
ask POST /resend '{"type": "signup", "email": "ada@wallet.example"}'
equals "and by resend" "200 {}" "$status $body"
ask POST /resend '{"type": "signup", "email": "nobody@wallet.example"}'
equals "an address where nobody waits is answered alike" "200 {}" "$status $body"

ask POST /verify '{"type": "signup", "email": "ada@wallet.example", "token": "654321"}'
says "a wrong code is refused" 403 otp_expired
ask POST /verify '{"type": "signup", "email": "nobody@wallet.example", "token": "123456"}'
says "so is an unknown address" 403 otp_expired
sql <<<"update auth.users set confirmation_sent_at = now() - interval '61 minutes' where id = '$user'"
ask POST /verify '{"type": "signup", "email": "ada@wallet.example", "token": "123456"}'
says "and a code that is an hour old" 403 otp_expired
sql <<<"update auth.users set confirmation_sent_at = now() where id = '$user'"
ask POST /verify '{"type": "signup", "email": "ada@wallet.example", "token": "123456"}'
equals "the right code opens a session" "200 bearer" "$status $(member token_type)"
equals "and brings the tokens" "50000" "$(tokens_of "$user")"
ask POST /verify '{"type": "signup", "email": "ada@wallet.example", "token": "123456"}'
says "once" 403 otp_expired
ask POST '/token?grant_type=password' '{"email": "ada@wallet.example", "password": "another horse"}'
says "the password of a second signup was ignored" 400 invalid_credentials
ask POST '/token?grant_type=password' '{"email": "ada@wallet.example", "password": "correct horse 9"}'
equals "a confirmed user signs in" "200 bearer" "$status $(member token_type)"

ask POST /signup '{"email": "ada@wallet.example", "password": "correct horse 9"}'
equals "signing up with a confirmed address answers a user" "200 " "$status $(member role)"
contains "who has no identity" '"identities": []' "$body"
contains "and seems to have been written to" "confirmation_sent_at" "$body"
equals "and does not exist" "0" "$(sql <<<"select count(*) from auth.users where id = '$(member id)'")"
[[ $(member id) != "$user" ]] || broke "nor is it the one who has the address" "$body"

ask POST /signup '{"phone": "+1 555 000 1111", "password": "correct horse 9"}'
equals "a phone must be confirmed as well" "200 15550001111" "$status $(member phone)"
user_by_phone=$(member id)
ask POST '/token?grant_type=password' '{"phone": "15550001111", "password": "correct horse 9"}'
says "before its user signs in" 400 phone_not_confirmed
ask POST /verify '{"type": "sms", "phone": "+15550001111", "token": "123456"}'
equals "which the code does" "200 bearer" "$status $(member token_type)"
equals "and it brings the tokens" "50000" "$(tokens_of "$user_by_phone")"
sql <<<"delete from auth.users where id = '$user_by_phone'"
ask POST /signup '{"phone": "15550001111", "password": "correct horse 9"}'
user_by_phone=$(member id)
ask POST /verify '{"type": "sms", "phone": "15550001111", "token": "123456"}'
equals "once, whoever leaves and comes back" "200 0" "$status $(tokens_of "$user_by_phone")"
contains "settings say that confirmation is on" '"mailer_autoconfirm":false' "$(curl -s -H 'apikey: any' "$auth/settings")"

# Registers without confirmation, and undoes it: prints of each change of auth.users whether the phone was confirmed by then.
confirmed_by_then() {
    "$PSQL" -X -q -w -A -t -v ON_ERROR_STOP=1 -d "$SUPERUSER_DATABASE_URL" -o /dev/null <<'END'
begin;
create temp table seen (n int generated always as identity, what text);
create function pg_temp.see() returns trigger language plpgsql security definer as $$
begin
    insert into pg_temp.seen (what) values (lower(tg_op) || ' ' || (new.phone_confirmed_at is not null));
    return null;
end $$;
create trigger see after insert or update on auth.users for each row execute function pg_temp.see();
select local_auth.sign_up(null, '15550002222', 'correct horse 9', '{}', false, '', '');
\o
select string_agg(s.what, ', ' order by s.n) from seen s;
rollback;
END
}
equals "a user is inserted unconfirmed and confirmed by an update, without confirmation as well, as at Supabase" \
    "insert false, update true, update true" "$(confirmed_by_then)"

# Two at once: the first is in its transaction, and commits once the second waits for it.
while_waited_for() {
    "$PSQL" -X -q -w -A -t -v ON_ERROR_STOP=1 -d "$SUPERUSER_DATABASE_URL" <<END
begin;
$1
\\! touch "$scratch/first"
do \$\$ begin
    for i in 1..1000 loop
        exit when exists (select from pg_locks where not granted);
        perform pg_sleep(0.01);
    end loop;
end \$\$;
commit;
END
}
# meanwhile SQL METHOD PATH JSON: asks while that SQL is not committed; its output in $first.
meanwhile() {
    rm -f "$scratch/first"
    while_waited_for "$1" >"$scratch/said" &
    until_true 10 test -e "$scratch/first" || broke "the first of two begins" "$(<"$scratch/said")"
    ask "$2" "$3" "$4"
    wait $!
    first=$(<"$scratch/said")
}
ask POST '/token?grant_type=password' '{"email": "ada@wallet.example", "password": "correct horse 9"}'
token=$(sed -nE 's/.*"refresh_token":"([^"]*)".*/\1/p' <<<"$body")
meanwhile "select r.refresh_token from local_auth.refresh('$token', '', '') r;" POST '/token?grant_type=refresh_token' "{\"refresh_token\": \"$token\"}"
equals "of two refreshes at once the second gets what the first got" "$first" "$(sed -nE 's/.*"refresh_token":"([^"]*)".*/\1/p' <<<"$body")"
meanwhile "select s.refusal from local_auth.sign_up('two@wallet.example', null, 'correct horse 9', '{}', false, '', '') s;" \
    POST /signup '{"email": "two@wallet.example", "password": "correct horse 9"}'
says "of two signups at once the second is a fault, as at Supabase" 500 unexpected_failure

# Registering through farebox: nothing tells who has an account.
post() { curl -s -m 30 -w ' %{http_code}' -d "$2" "$url$1" | sed -E 's/"created_at":"[^"]*"//'; }
eve='"email": "eve@wallet.example", "password": "correct horse 9"'
registers() { post /api/auth/register "{$eve, \"password2\": \"correct horse 9\"}"; }
new=$(registers)
contains "a registration must be confirmed" '"tokens":null} 201' "$new"
equals "another one a moment later is answered alike" "$new" "$(registers)"
ask POST /verify '{"type": "signup", "email": "eve@wallet.example", "token": "123456"}'
equals "and one of an account that is confirmed" "$new" "$(registers)"
number=$(sql <<<"select number from farebox.users where email = 'eve@wallet.example'")
login=$(post /api/auth/login "{$eve}")
contains "a login tells the number that it has" "\"id\":$number," "$login"
lacks "which the registration did not" "\"id\":$number," "$new"

# What it keeps, and from whom.
stack_dir=$scratch/one
equals "keys are the owner's alone" "600 600 600" \
    "$(stat -c %a "$stack_dir"/secrets/{supabase_publishable.key,supabase_secret.key,local_auth.pem} | tr '\n' ' ' | sed 's/ $//')"
lacks "the service key is in no argument list" "$(<"$LOCAL_AUTH_SERVICE_KEY_FILE")" "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')"
lacks "no password is in Postgres's log" "correct horse" "$(<"$stack_dir/log/postgres.log")"
equals "passwords are stored as bcrypt of cost 10" "\$2a\$10\$ 60" "$(sql <<<"select left(encrypted_password, 7), length(encrypted_password) from auth.users where id = '$user'" | tr '|' ' ')"
as_stand_in() { "$PSQL" -X -q -w -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$LOCAL_AUTH_DATABASE_URL" -c "$1"; }
refuses "the stand-in's role reads no table" "permission denied" as_stand_in "select * from auth.users"
refuses "calls no helper" "permission denied for function" as_stand_in "select * from local_auth.open_session('$user', 'password', '', '')"
refuses "and no wallet" "permission denied" as_stand_in "select * from farebox.wallets"
as_handlers() { (eval "$("$root/scripts/stack" env --dir "$stack_dir")" && "$PSQL" -X -q -w -d "$DATABASE_URL" -c "$1"); }
refuses "the handlers' role does not call the stand-in's functions" "permission denied for schema" as_handlers "select * from local_auth.admin_list(1, 1)"

# How it starts.
key=$(<"$LOCAL_AUTH_KEY_FILE")
starts() { env -i LOCAL_AUTH_DATABASE_URL=x LOCAL_AUTH_SERVICE_KEY=x LOCAL_AUTH_ISSUER=x DATABASE_URL=x "LOCAL_AUTH_KEY=$key" "$@" "$bin/supabase_auth" </dev/null; }
refuses "it does not start in production" "LOCAL_AUTH_IN_PRODUCTION" starts FAREBOX_ENV=production
refuses "unless told so: then it only misses a request" "no whole request" starts FAREBOX_ENV=production LOCAL_AUTH_IN_PRODUCTION=yes
refuses "without a key it does not start" "LOCAL_AUTH_KEY is missing" starts LOCAL_AUTH_KEY=
refuses "nor with something else" "P-256" starts LOCAL_AUTH_KEY=/nowhere/key.pem
(umask 077 && openssl genpkey -algorithm ED25519 -out "$scratch/other.pem")
refuses "nor with one of another kind" "P-256" starts "LOCAL_AUTH_KEY=$(<"$scratch/other.pem")"
"$root/scripts/stack" down --dir "$stack_dir"
FAREBOX_ENV=production "$root/scripts/stack" up --dir "$stack_dir" --port "${url##*:}" --bin "$bin" >/dev/null
equals "a stack for production leaves it out" "404" "$(curl -s -o /dev/null -w '%{http_code}' -H 'apikey: any' "$auth/health")"
