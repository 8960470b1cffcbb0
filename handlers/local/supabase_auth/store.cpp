#include "handlers/local/supabase_auth/store.hpp"

#include "handlers/local/supabase_auth/refused.hpp"

namespace local_auth {
namespace {

using db::Params;
using db::Rows;

// The columns of local_auth.answer.
enum Column {
    refusal,
    wait_seconds,
    status,
    sentence,
    account_json,
    user_id,
    email,
    phone,
    app_metadata_json,
    user_metadata_json,
    session_id,
    method,
    signed_in_s,
    refresh_token
};

Account account_of(Rows const& rows)
{
    auto account = Account{.json = rows.text(0, account_json),
                           .id = rows.uuid(0, user_id),
                           .email = rows.text(0, email),
                           .phone = rows.text(0, phone),
                           .app_metadata_json = rows.text(0, app_metadata_json),
                           .user_metadata_json = rows.text(0, user_metadata_json),
                           .session = {}};
    if (rows.null(0, session_id)) return account;
    account.session = Session{.id = rows.uuid(0, session_id),
                              .method = rows.text(0, method),
                              .signed_in_s = rows.int8(0, signed_in_s),
                              .refresh_token = rows.text(0, refresh_token)};
    return account;
}

[[noreturn]] void refuse(Rows const& rows)
{
    auto const code = rows.text(0, refusal);
    if (!rows.null(0, status))
        throw Refused(code, static_cast<int>(rows.int8(0, status)), rows.text(0, sentence));
    auto const wait_s = rows.optional_int8(0, wait_seconds);
    if (!wait_s) throw Refused(code);
    throw Refused(code, "For security purposes, you can only request this after " + std::to_string(*wait_s) +
                            " seconds.");
}

// A rule of a table that no function had asked about, or a row of another schema that needs the user.
[[noreturn]] void refuse(db::CallFailed const& failed)
{
    if (failed.outcome == db::Outcome::rolled_back && failed.sqlstate == "23505")
        throw Refused("user_already_exists");
    if (failed.outcome == db::Outcome::rolled_back && failed.sqlstate == "23503")
        throw Refused("unexpected_failure", "Database error: something else still refers to this user");
    throw db::to_failure(failed);
}

void put(Params& params, Address const& address)
{
    params.text(address.email).text(address.phone);
}

void put(Params& params, Client const& client)
{
    params.text(client.agent).text(client.ip);
}

void put(Params& params, AdminChange const& user)
{
    put(params, user.change.address);
    params.text(user.change.password)
        .boolean(user.is_email_confirmed)
        .boolean(user.is_phone_confirmed)
        .json(user.change.user_metadata_json)
        .json(user.app_metadata_json)
        .int8(user.ban_seconds);
}

} // namespace

Store::Store(base::Secret conninfo)
    : session_(db::Options{.conninfo = std::move(conninfo), .application_name = "farebox local auth"})
{
}

Rows Store::call(std::string_view sql, Params const& params, base::Deadline deadline)
try {
    auto const turn = session_.turn(deadline);
    return turn->call(sql, params, deadline);
} catch (db::CallFailed const& failed) {
    refuse(failed);
}

// The one row of a function that returns local_auth.answer, unless it refused.
Rows Store::answer(std::string_view sql, Params const& params, base::Deadline deadline)
{
    auto rows = call(sql, params, deadline);
    if (!rows.null(0, refusal)) refuse(rows);
    return rows;
}

void Store::ask_captcha(Address const& address, std::string const& captcha_token, base::Deadline deadline)
{
    auto params = Params();
    put(params, address);
    params.text(captcha_token);
    answer("select * from local_auth.ask_captcha($1, $2, $3)", params, deadline);
}

Account Store::sign_up(Address const& address, std::string const& password, std::string const& data_json,
                       bool must_confirm, Client const& client, base::Deadline deadline)
{
    auto params = Params();
    put(params, address);
    params.text(password).json(data_json).boolean(must_confirm);
    put(params, client);
    return account_of(
        answer("select * from local_auth.sign_up($1, $2, $3, $4, $5, $6, $7)", params, deadline));
}

Account Store::sign_in(Address const& address, std::string const& password, Client const& client,
                       base::Deadline deadline)
{
    auto params = Params();
    put(params, address);
    params.text(password);
    put(params, client);
    return account_of(answer("select * from local_auth.sign_in($1, $2, $3, $4, $5)", params, deadline));
}

Account Store::refresh(std::string const& token, Client const& client, base::Deadline deadline)
{
    auto params = Params();
    params.text(token);
    put(params, client);
    return account_of(answer("select * from local_auth.refresh($1, $2, $3)", params, deadline));
}

Account Store::verify(Address const& address, std::string const& code, Client const& client,
                      base::Deadline deadline)
{
    auto params = Params();
    put(params, address);
    params.text(code);
    put(params, client);
    return account_of(answer("select * from local_auth.verify($1, $2, $3, $4, $5)", params, deadline));
}

void Store::resend(Address const& address, base::Deadline deadline)
{
    auto params = Params();
    put(params, address);
    answer("select * from local_auth.resend($1, $2)", params, deadline);
}

void Store::sign_out(Holder const& holder, std::string const& scope, base::Deadline deadline)
{
    answer("select * from local_auth.sign_out($1, $2, $3)",
           Params().uuid(holder.user).uuid(holder.session).text(scope), deadline);
}

Account Store::read_user(Holder const& holder, base::Deadline deadline)
{
    return account_of(answer("select * from local_auth.read_user($1, $2)",
                             Params().uuid(holder.user).uuid(holder.session), deadline));
}

Account Store::update_user(Holder const& holder, Change const& change, base::Deadline deadline)
{
    auto params = Params();
    params.uuid(holder.user).uuid(holder.session);
    put(params, change.address);
    params.text(change.password).json(change.user_metadata_json);
    return account_of(
        answer("select * from local_auth.update_user($1, $2, $3, $4, $5, $6)", params, deadline));
}

Account Store::admin_create(std::optional<base::Uuid> const& id, AdminChange const& user,
                            base::Deadline deadline)
{
    auto params = Params();
    params.uuid(id);
    put(params, user);
    return account_of(answer("select * from local_auth.admin_create($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                             params, deadline));
}

Account Store::admin_read(base::Uuid const& id, base::Deadline deadline)
{
    return account_of(answer("select * from local_auth.admin_read($1)", Params().uuid(id), deadline));
}

Account Store::admin_update(base::Uuid const& id, AdminChange const& change, base::Deadline deadline)
{
    auto params = Params();
    params.uuid(id);
    put(params, change);
    return account_of(answer("select * from local_auth.admin_update($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                             params, deadline));
}

void Store::admin_delete(base::Uuid const& id, bool is_soft, base::Deadline deadline)
{
    answer("select * from local_auth.admin_delete($1, $2)", Params().uuid(id).boolean(is_soft), deadline);
}

Page Store::admin_list(std::int64_t page, std::int64_t per_page, base::Deadline deadline)
{
    auto const rows =
        call("select * from local_auth.admin_list($1, $2)", Params().int8(page).int8(per_page), deadline);
    return {.total = rows.int8(0, 0), .users_json = rows.text(0, 1)};
}

} // namespace local_auth
