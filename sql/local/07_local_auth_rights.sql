-- Who may call the stand-in's functions: farebox_local_auth, and only what the handler asks for. The helpers are for the
-- functions themselves, which run as their owner.

revoke all on schema local_auth from public;
revoke all on all functions in schema local_auth from public;
grant usage on schema local_auth to farebox_local_auth;
grant execute on function local_auth.ask_captcha to farebox_local_auth;
grant execute on function local_auth.sign_up to farebox_local_auth;
grant execute on function local_auth.sign_in to farebox_local_auth;
grant execute on function local_auth.refresh to farebox_local_auth;
grant execute on function local_auth.sign_out to farebox_local_auth;
grant execute on function local_auth.verify to farebox_local_auth;
grant execute on function local_auth.resend to farebox_local_auth;
grant execute on function local_auth.read_user to farebox_local_auth;
grant execute on function local_auth.update_user to farebox_local_auth;
grant execute on function local_auth.admin_create to farebox_local_auth;
grant execute on function local_auth.admin_read to farebox_local_auth;
grant execute on function local_auth.admin_update to farebox_local_auth;
grant execute on function local_auth.admin_delete to farebox_local_auth;
grant execute on function local_auth.admin_list to farebox_local_auth;

-- Tests play what a project's settings would refuse with, as the owner of farebox.
grant usage on schema local_auth to postgres;
grant select, insert, update, delete on local_auth.played to postgres;
