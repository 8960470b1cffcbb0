#!/usr/bin/env bash
# scripts/endpoints: what is made of the handlers' tables, and which tables it refuses.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
endpoints() { "$root/scripts/endpoints" "$@"; }

# a_handler NAME ROWS: a program that prints them.
# shellcheck disable=SC2016 # a program of its own
a_handler() { printf '#!/bin/sh\n[ "$1" = --endpoints ] || exit 2\ncat <<END\n%s\nEND\n' "$2" >"$scratch/$1" && chmod 0755 "$scratch/$1"; }
# a_row METHOD PATTERN [RATE] [BODY_MAX] [TIMEOUT_MS]
a_row() {
    printf '{"method":"%s","pattern":"%s","dialect":"token","access":["user","key:read"],"body_max":%s,"timeout_ms":%s,"stream":false,"rate":"%s","model":false}' \
        "$1" "$2" "${4:-65536}" "${5:-null}" "${3:-none}"
}
locations() { endpoints locations --bin "$scratch" --conf /conf "$@"; }

a_handler one "$(a_row GET '/a/{x}/c')
$(a_row GET '/a/{rest...}')
$(a_row POST '/a/b/{y}')
$(a_row PUT '/a/b/{y}' none 1048576 12000)"
a_handler two "$(a_row GET /well.known public 100)"
equals "a location a path: a name is one segment, the rest any, the more literal first, with the widest limits of its methods" \
    'location ~ "(?s)^/a/b/[^/]+\z" { client_max_body_size 1048576; client_body_buffer_size 256k; fastcgi_read_timeout 20s; fastcgi_pass farebox_one; }
location ~ "(?s)^/a/[^/]+/c\z" { fastcgi_pass farebox_one; }
location ~ "(?s)^/a/.+\z" { fastcgi_pass farebox_one; }
location = /well.known { include "/conf/rate_public.conf"; client_max_body_size 100; fastcgi_pass farebox_two; }' "$(locations one two)"
equals "an upstream a handler" 'upstream farebox_two { server "unix:/sockets/two.sock"; include "/conf/keep.conf"; }' \
    "$(endpoints upstreams --run /sockets --conf /conf two)"
equals "rows are told with their handler" "{\"handler\":\"two\",\"method\":\"GET\"" "$(endpoints rows --bin "$scratch" two | cut -d , -f 1,2)"

a_handler three "$(a_row POST '/a/{other}/c')"
refuses "one path has one handler, whatever it calls its names" "answers this path already" locations one three
a_handler three "$(a_row GET /a/b public)
$(a_row POST /a/b)"
refuses "and one rate" "another method of this path has another rate" locations three
# shellcheck disable=SC2016 # characters
for pattern in 'a' '/a b' '/a"; evil' '/a/{x' '/a/$x' '/a/{x...}/b' '/a/' '//a' ''; do
    a_handler three "$(a_row GET "${pattern//\"/\\\"}")"
    refuses "a pattern that nginx could misread is refused: $pattern" "is no pattern that nginx could have" locations three
done
printf '#!/bin/sh\nexit 3\n' >"$scratch/three"
refuses "a program that does not tell is named" "$scratch/three does not print its endpoints" locations one three
refuses "also for README's table" "does not print its endpoints" endpoints check --bin "$scratch"

# The real ones.
for name in $handlers; do
    equals "no list names the handler $name" "" "$(grep -nwE "farebox_$name|$name\.sock|$name\.cpp" "$root"/nginx/*.conf "$root/CMakeLists.txt" || true)"
done
holds "README has the endpoints of the handlers" endpoints check --bin "$bin"
equals "every handler of the source tree has endpoints" "" \
    "$(comm -13 <(endpoints rows --bin "$bin" | sed -E 's/^\{"handler":"([^"]*)".*/\1/' | sort -u) \
        <(source "$root/scripts/lib/endpoints.sh" && handler_names | tr ' ' '\n' | grep . | sort))"
