// What Supabase Auth says, word for word, for a FakeHttp to say it.
#pragma once

#include <string>
#include <string_view>

namespace support::supabase {

// A user and a session as /signup and /token answer them.
std::string user(std::string_view id, std::string_view email);
std::string session(std::string_view id, std::string_view email,
                    std::string_view access_token = "header.claims.signature");
// A registration of an address that is confirmed already: a user that does not exist.
std::string made_up_user(std::string_view id, std::string_view email);

// The five shapes of a refusal.
std::string refusal(std::string_view code);                 // the format that X-Supabase-Api-Version asks for
std::string old_refusal(int status, std::string_view code); // the format without it
std::string oauth_refusal(std::string_view code);
std::string gateway_refusal();  // no code at all
std::string postgres_refusal(); // what leaks from the database: a state in `code`
std::string cloudflare_page();  // HTML

} // namespace support::supabase
