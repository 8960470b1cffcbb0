-- One spend at a time, by farebox_api.spend: every answer, in the order of the checks.

begin;
\ir support.psql
\set door spend_array
\ir spend_rules.psql
select * from finish();
rollback;
