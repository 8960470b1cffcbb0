#include "tests/support/fake_supabase.hpp"

namespace support::supabase {
namespace {

std::string identity(std::string_view id, std::string_view email)
{
    return R"({"identity_id":"b2f70000-0000-4000-8000-000000000001","id":")" + std::string(id) +
           R"(","user_id":")" + std::string(id) + R"(","identity_data":{"email":")" + std::string(email) +
           R"(","email_verified":false,"phone_verified":false,"sub":")" + std::string(id) +
           R"("},"provider":"email","last_sign_in_at":"2026-09-10T08:00:00.405Z",)" +
           R"("created_at":"2026-09-10T08:00:00.391Z","updated_at":"2026-09-10T08:00:00.391Z","email":")" +
           std::string(email) + R"("})";
}

std::string a_user(std::string_view id, std::string_view email, std::string_view role,
                   std::string const& identities)
{
    return R"({"id":")" + std::string(id) + R"(","aud":"authenticated","role":")" + std::string(role) +
           R"(","email":")" + std::string(email) +
           R"(","phone":"","confirmation_sent_at":"2026-09-10T08:00:00.5Z",)" +
           R"("app_metadata":{"provider":"email","providers":["email"]},"user_metadata":{},"identities":[)" +
           identities +
           R"(],"created_at":"2026-09-10T08:00:00.391Z","updated_at":"2026-09-10T08:00:00.420Z","is_anonymous":false})";
}

} // namespace

std::string user(std::string_view id, std::string_view email)
{
    return a_user(id, email, "authenticated", identity(id, email));
}

std::string made_up_user(std::string_view id, std::string_view email)
{
    return a_user(id, email, "", "");
}

std::string session(std::string_view id, std::string_view email, std::string_view access_token)
{
    return R"({"access_token":")" + std::string(access_token) +
           R"(","token_type":"bearer","expires_in":3600,)"
           R"("expires_at":1789003600,"refresh_token":"w7kq2m4xz9ta","user":)" +
           user(id, email) + "}";
}

std::string refusal(std::string_view code)
{
    return R"({"code":")" + std::string(code) + R"(","message":"What Supabase says of ann@example.com"})";
}

std::string old_refusal(int status, std::string_view code)
{
    return R"({"code":)" + std::to_string(status) + R"(,"error_code":")" + std::string(code) +
           R"(","msg":"What Supabase says of ann@example.com"})";
}

std::string oauth_refusal(std::string_view code)
{
    return R"({"error":")" + std::string(code) +
           R"(","error_description":"What Supabase says of ann@example.com"})";
}

std::string gateway_refusal()
{
    return R"({"message":"No API key found in request","hint":"No `apikey` request header or url param was found."})";
}

std::string postgres_refusal()
{
    return R"({"code":"P0001","message":"what a trigger raised","hint":null,"detail":null})";
}

std::string cloudflare_page()
{
    return "<!DOCTYPE html><html><head><title>522: Connection timed out</title></head><body></body></html>";
}

} // namespace support::supabase
