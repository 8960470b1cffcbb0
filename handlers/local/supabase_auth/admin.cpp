// /auth/v1/admin/users, with the service key. Of the members that Supabase Auth knows, password_hash, nonce
// and role do nothing here: nobody becomes more than an authenticated user.

#include "handlers/local/supabase_auth/answers.hpp"
#include "handlers/local/supabase_auth/context.hpp"
#include "handlers/local/supabase_auth/input.hpp"
#include "handlers/local/supabase_auth/session.hpp"
#include "shared/json/writer.hpp"

#include <algorithm>
#include <charconv>

namespace local_auth {
namespace {

constexpr std::int64_t per_page_default = 50;
constexpr std::int64_t per_page_max = 1000;
constexpr std::int64_t page_max = 1'000'000;

// Here a user who is not there is 404: the path names one, not a token.
template <class Do>
auto of_path_user(Do const& work)
try {
    return work();
} catch (Refused const& refused) {
    if (refused.code() == "user_not_found") throw Refused(refused.code(), 404);
    throw;
}

base::Uuid path_user(service::Call const& call)
{
    auto const id = base::parse_uuid(call.path.param("id"));
    if (!id) throw Refused("validation_failed", "user_id must be an UUID");
    return *id;
}

AdminChange change_of(json::Value const& body)
{
    auto change = AdminChange{.change = {.address = address_members(body),
                                         .password = text_member(body, "password"),
                                         .user_metadata_json = object_member(body, "user_metadata")},
                              .app_metadata_json = object_member(body, "app_metadata"),
                              .is_email_confirmed = flag_member(body, "email_confirm"),
                              .is_phone_confirmed = flag_member(body, "phone_confirm"),
                              .ban_seconds = {}};
    if (auto const duration = text_member(body, "ban_duration")) change.ban_seconds = ban_seconds(*duration);
    return change;
}

std::int64_t whole_number(std::string const& text, std::int64_t max)
{
    auto number = std::int64_t{0};
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || number < 1 || number > max)
        throw Refused("validation_failed", "Bad Pagination Parameters");
    return number;
}

std::string link_to(std::int64_t page, std::int64_t per_page, std::string_view relation)
{
    return "</admin/users?page=" + std::to_string(page) + "&per_page=" + std::to_string(per_page) +
           ">; rel=\"" + std::string(relation) + "\"";
}

} // namespace

http::Response admin_list(service::Call const& call)
{
    require_service_key(call.request);
    auto const page = whole_number(call.request.query_value("page").value_or("1"), page_max);
    auto const per_page = whole_number(
        call.request.query_value("per_page").value_or(std::to_string(per_page_default)), per_page_max);
    auto const found = context().store.admin_list(page, per_page, call.deadline);

    auto body = json::Writer();
    body.begin().raw("users", found.users_json).field("aud", "authenticated").end();
    auto response = http::json(200, body.str());
    auto const last = std::max<std::int64_t>((found.total + per_page - 1) / per_page, 1);
    auto links = link_to(last, per_page, "last");
    if (page < last) links = link_to(page + 1, per_page, "next") + ", " + links;
    response.headers.emplace_back("Link", links);
    response.headers.emplace_back("X-Total-Count", std::to_string(found.total));
    return response;
}

http::Response admin_create(service::Call const& call)
{
    require_service_key(call.request);
    auto const body = body_of(call.request);
    auto user = change_of(body);
    if (!user.change.address.email && !user.change.address.phone)
        throw Refused("validation_failed", "Cannot create a user without either an email or phone");
    // An operator may give a weak one.
    if (user.change.password) user.change.password = storable_password(*std::move(user.change.password));
    if (!user.change.user_metadata_json) user.change.user_metadata_json = "{}";
    if (!user.app_metadata_json) user.app_metadata_json = "{}";
    auto const wanted = text_member(body, "id");
    auto const id = wanted ? base::parse_uuid(*wanted) : std::nullopt;
    if (wanted && !id) throw Refused("validation_failed", "ID must conform to the uuid v4 format");
    return user_response(context().store.admin_create(id, user, call.deadline));
}

http::Response admin_read(service::Call const& call)
{
    require_service_key(call.request);
    return of_path_user(
        [&] { return user_response(context().store.admin_read(path_user(call), call.deadline)); });
}

http::Response admin_update(service::Call const& call)
{
    require_service_key(call.request);
    auto change = change_of(body_of(call.request));
    if (change.change.password) change.change.password = new_password(*std::move(change.change.password));
    return of_path_user(
        [&] { return user_response(context().store.admin_update(path_user(call), change, call.deadline)); });
}

http::Response admin_delete(service::Call const& call)
{
    require_service_key(call.request);
    auto const is_soft =
        !call.request.body.empty() && flag_member(body_of(call.request), "should_soft_delete");
    return of_path_user([&] {
        context().store.admin_delete(path_user(call), is_soft, call.deadline);
        return http::json(200, "{}");
    });
}

} // namespace local_auth
