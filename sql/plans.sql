-- What the planner may do in the functions that handlers call, on one page. Inner functions run under the settings of their
-- caller. Applied after the functions, in the same transaction.
--
--   plan_cache_mode    else every small batch is planned anew, at half the speed
--   enable_*           a plan that was made while the tables were small must not be kept when they are not (ledger rule 7)
--   jit                else the costs that the lines above invent cost 6 ms a call

do $$
declare
    f regprocedure;
begin
    for f in
        select p.oid from pg_proc p
         where p.pronamespace = 'farebox_api'::regnamespace or p.oid = 'farebox.follow_auth_user()'::regprocedure
    loop
        execute format('alter function %s set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off '
                       'set enable_hashjoin = off set enable_mergejoin = off', f);
    end loop;
    -- A step of these reads its own wallets and entries, however long the journal is.
    alter function farebox.verify(uuid, int) set enable_seqscan = off;
end $$;
