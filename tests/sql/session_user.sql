-- farebox.session_user: which sessions of Supabase Auth stand. What a session that does not is answered: callers.sql.

begin;
\ir support.psql
select plan(14);

select a_wallet(0) as ann \gset
select a_session(:'ann') as session \gset

create function stands(p_session uuid, p_user uuid) returns boolean language sql stable as $$
    select farebox_api.session_stands(uuid_send(p_session) || uuid_send(p_user))
$$;
-- Whether it stands once this has been done to it; nothing of that stays.
create function stands_after(p_change text, p_session uuid, p_user uuid) returns boolean language plpgsql volatile as $$
declare
    v_stands boolean;
begin
    begin
        execute replace(replace(p_change, '%session', quote_literal(p_session)), '%user', quote_literal(p_user));
        v_stands := stands(p_session, p_user);
        raise exception using errcode = 'FBT00';
    exception when sqlstate 'FBT00' then
        return v_stands;
    end;
end $$;

select ok(stands(:'session', :'ann'), 'a session stands with its user');
select ok(not stands(:'session', gen_random_uuid()), 'with nobody else');
select ok(not stands(gen_random_uuid(), :'ann'), 'and one that was made up does not');
select throws_ok('select farebox_api.session_stands(null)', 'FB000', null, 'a call without both ids is malformed');
select throws_ok($$ select farebox_api.session_stands('\x00') $$, 'FB000', null, 'so is one with half of them');

select is(stands_after(change, :'session', :'ann'), stays, what)
  from (values ('delete from auth.sessions where id = %session', false, 'one that was logged out does not stand'),
               ('update auth.sessions set not_after = clock_timestamp() where id = %session', false, 'nor one that has expired'),
               ('update auth.users set banned_until = ''infinity'' where id = %user', false, 'or of a banned user'),
               ('update auth.users set deleted_at = now() where id = %user', false, 'or a deleted one'),
               ('update auth.refresh_tokens set revoked = true where session_id = %session', false,
                'nor one whose refresh tokens were revoked, since one of them was stolen'),
               ('delete from auth.refresh_tokens where session_id = %session', false, 'or are gone'),
               ('insert into auth.refresh_tokens (id, token, session_id, revoked) values (-1, gen_random_uuid(), %session, true)', true,
                'revoked ones beside a good one are those that were used'),
               ('delete from auth.refresh_tokens where session_id = %session;
                 update auth.sessions set refresh_token_counter = 0 where id = %session', true,
                'a session of the second kind of refresh tokens needs no row of one'),
               ('update auth.refresh_tokens set revoked = true where session_id = %session;
                 update auth.sessions set refresh_token_counter = 3 where id = %session', true,
                'nor does one that was moved to that kind')) v(change, stays, what);

select * from finish();
rollback;
