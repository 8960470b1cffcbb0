#include "shared/accounts/users.hpp"

#include "shared/base/fingerprint.hpp"
#include "shared/db/status.hpp"

namespace accounts {

namespace {

struct UserRow {
    std::string status;
    User user; // where it took effect
};

} // namespace

base::Uuid new_user_id(std::optional<std::int64_t> number)
{
    return number ? base::uuid_v7(static_cast<int>(*number % base::slots)) : base::uuid_v7();
}

base::Sha256 fingerprint(NewUser const& user)
{
    // Named one by one, so that a new member is thought of here.
    auto const& [caller, number, id, entry, phone, email, tokens, key] = user;
    return base::Fingerprint("create_user/1").part(number).part(phone).part(email).part(tokens).digest();
}

User create_user(db::Session& session, NewUser const& user, base::Deadline deadline)
{
    auto const answer =
        session.move(deadline, [&](db::Connection& connection, db::NotAfter not_after, auto until) {
            auto const rows =
                connection.one("farebox_api.create_user",
                               db::Params{}
                                   .caller(user.caller)
                                   .uuid(user.id)
                                   .int8(user.number)
                                   .text(user.phone)
                                   .text(user.email)
                                   .int8(user.tokens)
                                   .uuid(user.entry)
                                   .text(user.key)
                                   .bytea(user.key ? std::optional(fingerprint(user)) : std::nullopt)
                                   .timestamptz(not_after.us),
                               until);
            auto const row = rows[0];
            auto made = UserRow{.status = row.text("status"), .user = {}};
            if (db::took_effect(made.status))
                made.user = {.id = row.uuid("user_id"),
                             .number = row.int8("number"),
                             .phone = row.optional_text("phone"),
                             .email = row.optional_text("email"),
                             .balance = row.int8("balance"),
                             .created_at_us = row.timestamp_us("created_at"),
                             .replayed = made.status == "replayed" && row.uuid("user_id") != user.id};
            return made;
        });
    if (!db::took_effect(answer.status)) throw db::refusal_of(answer.status);
    return answer.user;
}

} // namespace accounts
