// The stand-in's calls to the database: one function of the schema local_auth each.
//
// Every call throws Refused with the code that the function answered, and base::Failure when the database
// did not answer.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/session.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace local_auth {

// Exactly one of them where a user is looked for; either, both or none where one is changed.
struct Address {
    std::optional<std::string> email; // lower case
    std::optional<std::string> phone; // digits
};

// Who opens a session, for its row.
struct Client {
    std::string agent;
    std::string ip; // "" when it is not known
};

// The holder of an access token.
struct Holder {
    base::Uuid user;
    base::Uuid session;
};

struct Session {
    base::Uuid id;
    std::string method; // "password" or "otp"
    std::int64_t signed_in_s = 0;
    std::string refresh_token;
};

struct Account {
    std::string json; // as the API shows it
    base::Uuid id;
    std::string email; // "" without one, as is the phone
    std::string phone;
    std::string app_metadata_json;
    std::string user_metadata_json;
    std::optional<Session> session; // when one was opened or goes on
};

// Of a user; what is absent stays as it is.
struct Change {
    Address address;
    std::optional<std::string> password;
    std::optional<std::string> user_metadata_json;
};

struct AdminChange {
    Change change;
    std::optional<std::string> app_metadata_json;
    bool is_email_confirmed = false;
    bool is_phone_confirmed = false;
    std::optional<std::int64_t> ban_seconds; // 0 lifts a ban
};

struct Page {
    std::int64_t total = 0; // users there are
    std::string users_json;
};

class Store {
  public:
    explicit Store(base::Secret conninfo);

    void ask_captcha(Address const& address, std::string const& captcha_token, base::Deadline deadline);
    Account sign_up(Address const& address, std::string const& password, std::string const& data_json,
                    bool must_confirm, Client const& client, base::Deadline deadline);
    Account sign_in(Address const& address, std::string const& password, Client const& client,
                    base::Deadline deadline);
    Account refresh(std::string const& token, Client const& client, base::Deadline deadline);
    Account verify(Address const& address, std::string const& code, Client const& client,
                   base::Deadline deadline);
    void resend(Address const& address, base::Deadline deadline);
    void sign_out(Holder const& holder, std::string const& scope, base::Deadline deadline);
    Account read_user(Holder const& holder, base::Deadline deadline);
    Account update_user(Holder const& holder, Change const& change, base::Deadline deadline);

    Account admin_create(std::optional<base::Uuid> const& id, AdminChange const& user,
                         base::Deadline deadline);
    Account admin_read(base::Uuid const& id, base::Deadline deadline);
    Account admin_update(base::Uuid const& id, AdminChange const& change, base::Deadline deadline);
    void admin_delete(base::Uuid const& id, bool is_soft, base::Deadline deadline);
    Page admin_list(std::int64_t page, std::int64_t per_page, base::Deadline deadline);

  private:
    db::Rows call(std::string_view sql, db::Params const& params, base::Deadline deadline);
    db::Rows answer(std::string_view sql, db::Params const& params, base::Deadline deadline);

    db::Session session_;
};

} // namespace local_auth
