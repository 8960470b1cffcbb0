-- farebox.state_of: what has become of a hold.
--
--   open       it holds its tokens
--   captured   ended by a capture, of `captured` tokens (none where it was clamped to nothing)
--   released   ended by a release
--   lapsed     its time came and its tokens were set free; it may be captured late
--   charged    its time came and its estimate was charged
--
-- Called by   farebox.place_hold
-- Locks       nothing: the caller holds the wallet, which is up to date

create or replace function farebox.state_of(h farebox.holds) returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return case when h.open then 'open'
                when h.asked > 0 then 'captured'
                when h.asked = 0 then 'released'
                when h.captured is not null then 'charged'
                else 'lapsed' end;
end $$;
