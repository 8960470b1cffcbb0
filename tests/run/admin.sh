#!/usr/bin/env bash
# scripts/admin: who is an operator, by every name that a person has.
# shellcheck source=tests/run/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
a_database one
admin() { "$root/scripts/admin" "$@" --database-url "$admin"; }
admins() { sql <<<"select string_agg(u.email, ' ' order by u.email) from farebox.admins a join farebox.users u on u.id = a.user_id"; }

ann=$(sql <<<"insert into auth.users (id, email, email_confirmed_at, phone, phone_confirmed_at)
              values (gen_random_uuid(), 'ann@example.invalid', now(), '79990000001', now()) returning id")
number=$(sql <<<"select number from farebox.users where id = '$ann'")
sql <<<"insert into auth.users (id, email) values (gen_random_uuid(), 'eve@example.invalid'),
                                                  (gen_random_uuid(), 'o''neil \\ sons@example.invalid')"

for name in "$ann" "$number" ann@example.invalid ANN@example.invalid +79990000001; do
    contains "an operator is named as $name" "$ann" "$(admin add "$name")"
    equals "and is one" "ann@example.invalid" "$(admins)"
    equals "until removed" "admins removed: 1" "$(admin remove "$name")"
    equals "for good" "" "$(admins)"
done
refuses "an address that is not confirmed names nobody" "is no one user" admin add eve@example.invalid
refuses "nor does one that nobody has" "is no one user" admin add nobody@example.invalid
refuses "a name is text, whatever it holds" "is no one user" admin add "o'neil \\ sons@example.invalid"
refuses "removing whoever is none is a mistake worth telling" "is no admin" admin remove ann@example.invalid
refuses "so is naming nobody" "to whom" admin add
equals "and nobody became one" "" "$(admins)"
admin add "$ann" >/dev/null
contains "list names them" "ann@example.invalid" "$(admin list)"
contains "and who made them so" "$(id -un)@" "$(admin list)"
