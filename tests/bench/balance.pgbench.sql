-- One balance.
\set number random(:first, :last)
select status, number, balance, subscription_until, subscription_active, can_spend, reason
  from farebox_api.balance('{null}', array[:number::bigint], '{null}', '{null}');
