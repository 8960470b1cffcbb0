#!/usr/bin/env bash
# What nginx answers itself: the one error body in the words of errors.def, CORS, the request id, and what it passes on.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
export API_SECRET_KEY=of-this-test-only REQUEST_TIMEOUT_MS=500 FAREBOX_CORS_ORIGINS='https://app.example http://localhost:3000'
a_farebox one
spend=/api/v1/users/1/spend

# ask [CURL OPTIONS] URL: sets $status, $head (one "name: value" a line, names in lower case) and $body.
ask() {
    body=$(curl -s -m 30 -D "$scratch/head" "$@" || true)
    head=$(tr -d '\r' <"$scratch/head" | sed -E 's/^([A-Za-z-]+):/\L\1:/')
    status=$(awk 'NR == 1 { print $2 }' <<<"$head")
}
header() { sed -n "s/^$1: //p" <<<"$head"; }

# sentence_of ERROR DIALECT
sentence_of() {
    local own
    own=$(sed -nE "s/^ROW\\($1, *$2, .*\"(.*)\"\\)$/\\1/p" "$root/shared/http/dialects.def")
    [[ -n $own ]] || own=$(sed -nE "s/^ROW\\($1, .*\"(.*)\"\\)$/\\1/p" "$root/shared/base/errors.def")
    printf '%s' "$own"
}

# nginx_refuses RULE STATUS ERROR code|sentence: the answer in $status, $head and $body is that error, byte for byte, as the chat
# platform API (code) or the phone app API (sentence) says it.
nginx_refuses() {
    local sentence shown=$3
    case $4 in
    code) sentence=$(sentence_of "$3" chat) ;;
    sentence) sentence=$(sentence_of "$3" mgmt) shown=$sentence ;;
    esac
    equals "$1: the status" "$2" "$status"
    equals "$1: the body" "{\"error\":\"$shown\",\"message\":\"$sentence\",\"code\":\"${3^^}\",\"detail\":\"$sentence\",\"details\":{},\"request_id\":\"$(header x-request-id)\"}" "$body"
    equals "$1: JSON" "application/json" "$(header content-type)"
    [[ $(header x-request-id) =~ ^[0-9a-f]{32}$ ]] || broke "$1: a request id" "$head"
    equals "$1: not for caches" "no-store" "$(header cache-control)"
}

# raw TEXT: the same for bytes that curl would not send.
raw() {
    exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
    # nginx may refuse and close before it has read all of this.
    (trap '' PIPE && printf '%b' "$1" >&3 2>/dev/null) || true
    read_answer 3
    exec 3<&-
}
# read_answer DESCRIPTOR: what comes until the other side closes.
read_answer() {
    timeout 10 cat <&"$1" >"$scratch/raw" || true
    head=$(tr -d '\r' <"$scratch/raw" | sed '/^$/,$d' | sed -E 's/^([A-Za-z-]+):/\L\1:/')
    body=$(tr -d '\r' <"$scratch/raw" | sed '1,/^$/d')
    status=$(awk 'NR == 1 { print $2 }' <<<"$head")
}
handler_pid() { processes_of "$scratch/one" | sed -n "s/^$1 //p"; }
as() { printf '%0*d' "$1" 0; }

equals "a path that nobody serves is worded as the documents print it" "Resource not found, Not found." "$(sentence_of not_found chat), $(sentence_of not_found mgmt)"
ask "$url/nothing" && nginx_refuses "an unknown path" 404 not_found code
ask "$url/api/v1/nothing" && nginx_refuses "an unknown path of /api/v1" 404 not_found code
ask "$url//api/v1//nothing" && nginx_refuses "repeated slashes count as one there" 404 not_found code
ask "$url/api/v1/users/1/balance/" && nginx_refuses "a trailing slash is another path" 404 not_found code
ask "$url/api/user/tokens/1/" && nginx_refuses "and under /api" 404 not_found sentence
ask "$url/health/" && nginx_refuses "and outside of both" 404 not_found code
ask "$url/api/nothing.html" && nginx_refuses "an unknown path of /api" 404 not_found sentence
ask "$url/farebox/malformed" && nginx_refuses "a path of nginx's own" 404 not_found code
ask -X TRACE "$url/health" && nginx_refuses "a method that HTTP servers refuse" 405 method_not_allowed code
equals "405 names the methods" "GET, HEAD, POST, PUT, DELETE, OPTIONS" "$(header allow)"
ask --data-binary @<(as 65537) "$url$spend" && nginx_refuses "a body past 64 KiB" 413 payload_too_large code
ask --data-binary @<(as 65537) "$url/api/user/tokens/1" && nginx_refuses "the same under /api" 413 payload_too_large sentence
ask --data-binary @<(as 1048577) "$url/api/v1/spend/batch" && nginx_refuses "a batch past 1 MiB" 413 payload_too_large code
ask "$url/$(as 21000)" && nginx_refuses "an address past 20 KB" 414 header_too_large code
ask -H "Authorization: $(as 21000)" "$url$spend" && nginx_refuses "a header past 20 KB" 431 header_too_large code
ask -H "Authorization: $(as 21000)" "$url/api/user/tokens/1" && nginx_refuses "the same under /api" 431 header_too_large sentence
three=(-H "X-One: $(as 19000)" -H "X-Two: $(as 19000)" -H "X-Three: $(as 19000)")
ask "${three[@]}" -H "X-Four: $(as 19000)" "$url$spend" && nginx_refuses "headers past 60 KB together" 431 header_too_large code
# Each grows on its way to a handler: 990 of them fit in nginx and not in a record of FastCGI.
raw "GET /api/user/tokens/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n$(printf "h%04d:$(as 54)\n" {1..990})\r\n\r\n"
nginx_refuses "many short headers" 431 header_too_large sentence
raw 'NONSENSE\r\n\r\n' && nginx_refuses "a first line that is not HTTP" 400 validation_error code
raw 'GET /health HTTP/1.1\r\n\r\n' && nginx_refuses "HTTP/1.1 without Host" 400 validation_error code
raw 'POST /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n' && nginx_refuses "an unknown transfer encoding" 400 validation_error code
raw 'GET /health HTTP/3.0\r\nHost: a\r\n\r\n' && nginx_refuses "an unknown version of HTTP" 400 validation_error code
raw 'GET /api/v1/users/%00/balance HTTP/1.1\r\nHost: a\r\n\r\n' && nginx_refuses "a NUL in the path" 400 validation_error code

# What passes.
ask -H "Authorization: Bearer $(as 19000)" -d '{}' "$url$spend"
equals "a 19 KB key reaches the handler" "401 Bearer" "$status $(header www-authenticate)"
ask "${three[@]}" -d '{}' "$url$spend"
equals "so do headers of 57 KB together" "401 Bearer" "$status $(header www-authenticate)"
ask "${three[@]:0:4}" "$url/api/v1/users/1/balance?$(as 19000)"
equals "and 38 KB with a query of 19 KB" "401 Bearer" "$status $(header www-authenticate)"
ask -H "Authorization: Bearer $API_SECRET_KEY" --data-binary @<(as 65536) "$url$spend"
equals "a body of 64 KiB reaches the handler" 422 "$status"
ask -H "Authorization: Bearer $API_SECRET_KEY" -d '{"amount": 1, "description": "d"}' "$url/api/v1/users/%20%3F%25%0A/spend"
equals "a user id of escapes reaches the handler" "404 user_not_found" "$status $(sed -E 's/.*"error": ?"([a-z_]+)".*/\1/' <<<"$body")"
ask -H 'X-Request-Id: forged-by-the-client' "$url/health"
[[ $(header x-request-id) =~ ^[0-9a-f]{32}$ ]] || broke "a client's request id is replaced by ours, sent once" "$head"
request_id=$(header x-request-id)
ask -H "Authorization: Bearer nobody" "$url/api/v1/users/1/balance?secret=in-the-query"
contains "the id in a handler's error body is the header's" "$(header x-request-id)" "$body"
until_true 5 grep -q "$(header x-request-id)" "$scratch/one/log/access.log" || broke "the access log has each request by id" "$(tail -n 2 "$scratch/one/log/access.log")"
contains "with path and status" '"path":"/health","status":200' "$(grep -- "$request_id" "$scratch/one/log/access.log")"
lacks "and without the query" "in-the-query" "$(<"$scratch/one/log/access.log")"
lacks "the server does not tell its version" "nginx/" "$head"

# Browsers.
preflight=(-X OPTIONS -H 'Access-Control-Request-Method: POST')
ask "${preflight[@]}" -H 'Origin: https://app.example' "$url$spend"
equals "a preflight of a listed origin is answered without a credential" "204" "$status"
equals "with the origin" "https://app.example" "$(header access-control-allow-origin)"
[[ $(header x-request-id) =~ ^[0-9a-f]{32}$ ]] || broke "and a request id" "$head"
equals "the methods" "GET, POST, PUT, DELETE, OPTIONS" "$(header access-control-allow-methods)"
headers='authorization, content-type, idempotency-key, apikey, x-client-info, x-supabase-api-version, traceparent, tracestate, baggage, x-retry-count'
equals "and the headers" "$headers" "$(header access-control-allow-headers)"
ask "${preflight[@]}" -H 'Origin: https://app.example' "$url/v1/chat/completions"
equals "under /v1 also those of OpenAI's SDKs" "$headers, x-stainless-lang, x-stainless-package-version, x-stainless-os, x-stainless-arch, x-stainless-runtime, x-stainless-runtime-version, x-stainless-retry-count, x-stainless-timeout, x-stainless-helper-method, openai-organization, openai-project" \
    "$(header access-control-allow-headers)"
ask "${preflight[@]}" -H 'Origin: https://app.example.evil.example' "$url$spend"
equals "a foreign origin gets no leave" "204 " "$status $(header access-control-allow-origin)$(header access-control-allow-headers)$(header access-control-allow-methods)"
equals "and caches are told that it depends on the origin" "Origin" "$(header vary)"
for path in /nothing /health "$spend"; do
    ask -H 'Origin: http://localhost:3000' "$url$path"
    equals "answers and refusals may be read by a listed origin ($path)" "http://localhost:3000 x-request-id, retry-after, idempotent-replayed, link, x-should-retry, x-supabase-api-version, x-total-count, x-farebox-charged, x-farebox-balance" \
        "$(header access-control-allow-origin) $(header access-control-expose-headers)"
    for origin in null http://localhost:3001 http://127.0.0.1:3000; do
        ask -H "Origin: $origin" "$url$path"
        equals "and by no other ($path, $origin)" "" "$(header access-control-allow-origin)$(header access-control-expose-headers)"
    done
done

# Many from one address: more at once than the burst and faster than the rate, for as long as it takes to be refused.
refused_for_rate() { ask "$@" && [[ $status == 429 ]]; }
# crowd PATH [CURL OPTIONS]: the refusal is in $status, $head and $body.
crowd() {
    local address=$url$1 many
    shift
    ask "$@" "$address"
    curl -s -Z --parallel-max 100 -o /dev/null "$@" "$address?[1-20000]" 2>/dev/null &
    many=$!
    until_true 20 refused_for_rate "$@" "$address" || true
    kill "$many" 2>/dev/null || true
    wait "$many" || true
}
crowd /health
nginx_refuses "a public endpoint has a limit for one address" 429 rate_limited code
equals "and says when to come back" "1" "$(header retry-after)"
crowd /api/v1/auth/login -d '{}'
nginx_refuses "so has a login" 429 rate_limited code
crowd /api/auth/register -d '{}'
nginx_refuses "and a registration" 429 rate_limited sentence
crowd /auth/v1/health -H 'apikey: any'
equals "and the stand-in for Supabase Auth, in its words" "429 over_request_rate_limit" \
    "$status $(sed -nE 's/.*"error_code": ?"([a-z_]+)".*/\1/p' <<<"$body")"
ask -H 'Authorization: Bearer nobody' "$url/api/v1/users/1/balance"
equals "callers with a key are not limited by address" 401 "$status"

# Handlers that do not answer.
kill -STOP "$(handler_pid spend)"
ask -d '{}' "$url$spend" && nginx_refuses "a handler that hangs" 504 gateway_timeout code
kill -CONT "$(handler_pid spend)"
rm "$(readlink -f "$scratch/one/run")/spend.sock"
ask -d '{}' "$url$spend" && nginx_refuses "a handler that is gone" 502 bad_gateway code
rm "$(readlink -f "$scratch/one/run")/balance.sock"
ask "$url/api/user/tokens/1" && nginx_refuses "the same under /api" 502 bad_gateway sentence
"$root/scripts/stack" remove --dir "$scratch/one"

# The same where nobody lists origins: in production, and in development.
unset FAREBOX_CORS_ORIGINS
origin_of() { ask -H "Origin: $1" "$url/health" && header access-control-allow-origin; }
FAREBOX_ENV=production API_SECRET_KEY=$(printf 'x%.0s' {1..32}) a_farebox two --handlers 'health register'
equals "production lists no origin until it is told" "" "$(origin_of http://localhost:3000)$(origin_of http://127.0.0.1)"
contains "and says that it is one" '"environment":"production"' "$(curl -s "$url/health")"
answers=''
for _ in {1..22}; do
    ask -d '{}' "$url/api/v1/auth/register"
    answers+="$status "
done
equals "there an address registers 20 times at once, then once a minute" "$(printf '422 %.0s' {1..21})429 " "$answers"
equals "and is told when" "60" "$(header retry-after)"
nginx_refuses "in the words of its dialect" 429 rate_limited code
ask -d '{}' "$url/api/auth/register"
equals "whichever API it registers by" "429 60" "$status $(header retry-after)"
"$root/scripts/stack" down --dir "$scratch/two"
a_farebox two --handlers 'health'
for origin in http://localhost http://localhost:3000 http://127.0.0.1:5173 http://127.0.0.1; do
    equals "in development pages of this machine may call ($origin)" "$origin" "$(origin_of "$origin")"
done
for origin in https://localhost http://localhost.evil.example http://127.0.0.1.evil.example http://localhost:3000.evil.example http://localhost:123456 \
    http://1270001 'http://localhost:3000/' null https://app.example; do
    equals "and no others ($origin)" "" "$(origin_of "$origin")"
done
