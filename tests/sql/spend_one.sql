-- One spend at a time, by farebox_api.spend_one: every answer, in the order of the checks.

begin;
\ir support.psql
\set door spend_one
\ir spend_rules.psql
select * from finish();
rollback;
