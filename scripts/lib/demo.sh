# shellcheck shell=bash
# The demo of scripts/run: user 1 with 1000 tokens, one key, and lines to try. Needs $dir and what scripts/stack env prints.

# call METHOD PATH [JSON]: the status; the key goes to curl on standard input, not in its argument list.
call() {
    printf 'header = "Authorization: Bearer %s"\n' "$demo_key" |
        curl -s -o /dev/null -m 10 -w '%{http_code}' -K - -X "$1" ${3:+--data "$3"} "$FAREBOX_URL$2"
}

make_demo_key() {
    (umask 077 && "$root/scripts/key" create --dir "$dir" --name demo --scopes read,spend,hold,grant,users \
        >"$1.new" 2>/dev/null) || fail "the demo key cannot be made"
    mv "$1.new" "$1"
}

make_demo() {
    local file=$dir/secrets/demo.key status
    [[ -s $file ]] || make_demo_key "$file"
    demo_key=$(<"$file")
    status=$(call GET /api/v1/users/1/balance)
    if [[ $status == 401 ]]; then # revoked since the last run
        make_demo_key "$file"
        demo_key=$(<"$file")
        status=$(call GET /api/v1/users/1/balance)
    fi
    [[ $status != 404 ]] ||
        status=$(call POST /api/v1/users '{"user_id": 1, "tokens": 1000, "idempotency_key": "demo"}')
    [[ $status == 20[01] ]] || fail "the demo user cannot be made (status $status): see $dir/log"
}

print_demo() {
    local key spend_key
    spend_key=demo-$(date +%s)
    key="-H 'Authorization: Bearer $demo_key'"
    cat <<END

farebox answers on $FAREBOX_URL. User 1 is yours to try; each line works as it stands:

# the balance
curl -i $key $FAREBOX_URL/api/v1/users/1/balance
# spend 25 tokens
curl -i $key -d '{"amount": 25, "description": "one answer", "idempotency_key": "$spend_key"}' $FAREBOX_URL/api/v1/users/1/spend
# the same key again: the first answer, nothing is spent twice
curl -i $key -d '{"amount": 25, "description": "one answer", "idempotency_key": "$spend_key"}' $FAREBOX_URL/api/v1/users/1/spend
# more than there is
curl -i $key -d '{"amount": 10000, "description": "too much"}' $FAREBOX_URL/api/v1/users/1/spend
# more tokens
curl -i $key -d '{"amount": 1000, "description": "top-up"}' $FAREBOX_URL/api/v1/users/1/grants

# keep 100 tokens for a minute, until it is known how many a call needs
curl -i $key -d '{"amount": 100, "ttl_seconds": 60, "description": "a stream"}' $FAREBOX_URL/api/v1/users/1/holds
END
    # Not at somebody's real project.
    [[ -z ${LOCAL_AUTH_URL:-} ]] || print_account_demo "$spend_key@example.com"
    printf '\nThe log follows; Ctrl-C stops everything.\n\n'
}

print_account_demo() {
    cat <<END
# a new account with 50,000 tokens of its own
curl -i -d '{"email": "$1", "password": "correct horse 9"}' $FAREBOX_URL/api/v1/auth/register
# its login: the access_token is a credential for what is the account's
curl -i -d '{"email": "$1", "password": "correct horse 9"}' $FAREBOX_URL/api/v1/auth/login
END
}
