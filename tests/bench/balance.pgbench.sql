-- One balance.
\set number random(:first, :last)
select status, number, balance, subscription_until, subscription_active, can_spend, reason
  from farebox_api.balance('{1}', '{api_key}', array[:proof::bytea], '{null}', array[:number::bigint], '{null}');
