-- farebox_api.export_account: everything that is stored about a person, as one JSON document.
--
-- Called by   handlers/profile
-- Locks       nothing
-- Answers     unauthorized, forbidden, user_not_found, ok
-- Raises      FB000 when the call itself is malformed
--
-- Of the journal the newest 10,000 entries; older ones come page by page from farebox_api.entries. Hashes of keys are
-- not told: they are of no use to the person, and of some to a thief of the export.

create or replace function farebox_api.export_account(
    p_caller text, p_proof bytea, p_user uuid, out status text, out document json)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_user is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    status := farebox.caller_refusal(p_caller, p_proof, null, '{user}', p_user, 'user_not_found', clock_timestamp());
    if status is not null then
        return;
    end if;
    select 'ok', json_build_object(
               'user', json_build_object('id', u.id, 'number', u.number, 'email', u.email, 'phone', u.phone,
                                         'display_name', u.display_name, 'provider', u.provider,
                                         'created_at', u.created_at),
               'admin', (select json_build_object('granted_by', a.granted_by, 'granted_at', a.granted_at)
                           from farebox.admins a where a.user_id = u.id),
               'agent', (select json_build_object('agent_id', g.agent_id, 'status', g.status, 'created_at', g.created_at,
                                                  'updated_at', g.updated_at)
                           from farebox.agents g where g.user_id = u.id),
               'billing_keys', (select coalesce(json_agg(json_build_object(
                                           'preview', k.preview, 'created_at', k.created_at, 'revoked_at', k.revoked_at)
                                           order by k.created_at), '[]')
                                  from farebox.credentials k where k.owner = u.id and k.kind = 'billing_key'),
               'wallet', (select json_build_object('balance', w.balance, 'held', w.held, 'debt', w.debt,
                                                   'blocked_at', w.blocked_at,
                                                   'subscription_until', w.subscription_until)
                            from farebox.wallets w where w.id = u.id),
               'holds', (select coalesce(json_agg(json_build_object(
                                    'id', h.id, 'amount', h.amount, 'created_at', h.created_at,
                                    'expires_at', h.expires_at, 'open', h.open, 'captured', h.captured,
                                    'description', h.description, 'metadata', h.metadata) order by h.created_at), '[]')
                           from farebox.holds h where h.wallet = u.id and h.open),
               'entries', (select coalesce(json_agg(json_build_object(
                                      'id', e.id, 'kind', e.kind,
                                      'amount', case when e.debit = u.id then -e.amount else e.amount end,
                                      'seq', e.seq, 'created_at', e.created_at, 'description', e.description,
                                      'metadata', e.metadata) order by e.seq desc), '[]')
                             from ((select x.*, x.debit_seq as seq from farebox.entries x
                                     where x.debit = u.id and x.debit_seq > 0 order by x.debit_seq desc limit 10000)
                                   union all
                                   (select x.*, x.credit_seq from farebox.entries x
                                     where x.credit = u.id and x.credit_seq > 0 order by x.credit_seq desc limit 10000)
                                   order by seq desc
                                   limit 10000) e))
      into status, document
      from farebox.users u
     where u.id = p_user;
    status := coalesce(status, 'user_not_found');
end $$;
