# shellcheck shell=bash
# The schema as SQL text: each piece guards itself, so it may be applied twice, by psql or pasted into an SQL editor.
#
# The history is farebox_migrations.applied. Every transaction takes one advisory lock, and looks at the history only once it
# has it: two runners at once apply a migration once, behind a transaction pooler too. What migrations change and the functions
# that know of it change in one transaction: Supabase Auth, whose triggers call them, is not stopped by an upgrade.

# shellcheck disable=SC2016 # a tag of dollar quotes
readonly dollar='$farebox$'

# transaction: what comes on standard input, as one. No limit on the wait for another runner, a short one on the wait for a table, so that a migration
# behind somebody's long transaction does not make everybody else wait behind it.
transaction() {
    cat <<'END'
begin;
set local client_min_messages = warning;
set local statement_timeout = 0;
select pg_advisory_xact_lock(7089355741563523429);
set local lock_timeout = '10s';
END
    cat
    printf 'commit;\n'
}

migration_files() { find "$root/sql/migrations" -name '*.sql' | sort; }

function_files() { find "$root/sql/api" "$root/sql/inner" "$root/sql/operator" -name '*.sql' | sort; }

# version_of FILE, name_of FILE: of <14 digits>_<name>.sql.
version_of() {
    local name=${1##*/}
    [[ $name =~ ^[0-9]{14}_[a-z0-9_]+\.sql$ ]] || fail "$1: a migration is named <14 digits>_<name>.sql"
    printf '%s' "${name%%_*}"
}

name_of() {
    local name=${1##*/}
    name=${name#*_}
    printf '%s' "${name%.sql}"
}

checksum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# The file's text, which must not hold what would end the quotes around it.
quotable_text() {
    ! grep -q -F "$dollar" "$1" || fail "$1 contains $dollar, which quotes it: use another tag"
    cat "$1"
}

history_sql() {
    transaction <<'END'
create schema if not exists farebox_migrations;
revoke all on schema farebox_migrations from public;
create table if not exists farebox_migrations.applied (
    version text primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
);
alter table farebox_migrations.applied enable row level security;
do $$
begin
    if not exists (select from pg_policies where schemaname = 'farebox_migrations') then
        create policy deny_all on farebox_migrations.applied for all to public using (false) with check (false);
    end if;
end $$;
END
}

# migration_sql FILE: applies it unless it was; refuses when it was applied with another text.
migration_sql() {
    local version checksum text
    version=$(version_of "$1")
    checksum=$(checksum_of "$1")
    text=$(quotable_text "$1")
    cat <<END
do \$guard\$
declare
    v_checksum text := (select a.checksum from farebox_migrations.applied a where a.version = '$version');
begin
    if v_checksum = '$checksum' then
        return;
    end if;
    if v_checksum is not null then
        raise exception 'migration $version has changed since it was applied here: undo the change and add a new migration';
    end if;
    execute $dollar
$text
$dollar;
    insert into farebox_migrations.applied (version, name, checksum)
    values ('$version', '$(name_of "$1")', '$checksum');
end \$guard\$;
END
}

# Drops every function of ours, which the files make again: `create or replace` would leave one with an old argument list
# callable beside the new one, and changes no column of a result. What something else needs stays and is replaced in place: a
# trigger's function, or one that a constraint, a default, an index or somebody's view calls. Of bodies written as text the
# catalogue knows nothing, and they find the new function by its name.
drop_functions_sql() {
    cat <<'END'

do $$
declare
    v_functions text;
begin
    with recursive ours as (
        select p.oid
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('farebox', 'farebox_api')
    ), kept as (
        select d.refobjid as oid
          from pg_depend d
         where d.refclassid = 'pg_proc'::regclass and d.refobjid in (select o.oid from ours o)
           and not (d.classid = 'pg_proc'::regclass and d.objid in (select o.oid from ours o))
        union
        select d.refobjid
          from kept k
          join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = k.oid and d.refclassid = 'pg_proc'::regclass
    )
    select string_agg(o.oid::regprocedure::text, ', ') into v_functions
      from ours o
     where o.oid not in (select k.oid from kept k);
    if v_functions is not null then
        execute 'drop routine ' || v_functions;
    end if;
end $$;
END
}

# Functions and rights, all of them, for one transaction: nobody ever sees a new function with its default rights, or none at
# all where one was.
reloadable_sql() {
    local file
    drop_functions_sql
    # Functions name each other in any order.
    printf '\nset local check_function_bodies = off;\n'
    { function_files; printf '%s\n' "$root/sql/plans.sql" "$root/sql/grants.sql"; } | while read -r file; do
        printf -- '\n-- sql/%s\n' "${file#"$root/sql/"}"
        cat "$file"
    done
}
