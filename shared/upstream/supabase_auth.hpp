// Supabase Auth as farebox's own handlers need it: who registers, who logs in, whose session ends, who
// leaves.
//
// Every call sends X-Supabase-Api-Version 2024-01-01, and understands all the shapes in which that service
// and what stands in front of it refuse. The project's keys are opaque and go into `apikey`; the user's token
// alone goes into Authorization. With a secret key every call names the address of whom it is made for
// (Sb-Forwarded-For), or Supabase would count all of our users as one; the browser's own User-Agent is never
// passed on.
//
// Where the service is at fault the failure is one of base::Failure, the same for every call:
//   auth_unavailable   no answer, 5xx, 402 (over quota), HTML, a refused project key, an answer that makes no
//                      sense, a hook or a provider of messages that does not answer
//   rate_limited       429, with the seconds it named or that are usual
//
// Everything else it refuses is an AuthRefused, for the caller to put into words.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"
#include "shared/upstream/http.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstream {

struct SupabaseOptions {
    std::string url; // without /auth/v1
    base::Secret publishable_key;
    base::Secret secret_key;
};

// What the service says no with: its own code ("invalid_credentials", "weak_password" ...), which its
// documentation lists; "unknown" is what a hook of the operator's refuses with.
class AuthRefused : public std::exception {
  public:
    AuthRefused(std::string what, std::vector<std::string> why)
        : code(std::move(what)), reasons(std::move(why))
    {
    }
    char const* what() const noexcept override { return code.c_str(); }

    std::string code;
    std::vector<std::string> reasons; // of weak_password: length, characters, pwned
};

// By email or by phone: exactly one is set.
struct Login {
    std::optional<std::string> email;
    std::optional<std::string> phone;
    base::Secret password;
    std::string captcha_token = {}; // "" where the client sent none
};

struct AuthUser {
    base::Uuid id;
    std::string email; // "" when there is none
    std::string phone; // digits; "" when there is none
};

struct AuthSession {
    AuthUser user;
    base::Secret access_token;
    base::Secret refresh_token;
};

class SupabaseAuth {
  public:
    explicit SupabaseAuth(SupabaseOptions options, Http http = Http());

    // `client` is the address that the web server saw; what is not an address is not passed on.

    // Registers, and logs in. Empty where the address must be confirmed first: a message was sent, now or a moment ago, or
    // the address has an account and none was sent. Which of them nobody is told, so it is not told here either.
    std::optional<AuthSession> sign_up(Login const& login, std::string const& display_name,
                                       std::string_view client, base::Deadline deadline) const;
    AuthSession sign_in(Login const& login, std::string_view client, base::Deadline deadline) const;
    AuthSession refresh(base::Secret const& refresh_token, std::string_view client,
                        base::Deadline deadline) const;

    // Ends the session of this token, its refresh token with it; one that is gone, or whose user is, has ended. False when the
    // token is refused (it has expired, its key was revoked, its user is banned): its session may live.
    bool sign_out(base::Secret const& access_token, base::Deadline deadline) const;

    // Removes an account for good; one that is not there is no failure. Failure account_not_removed where the project's
    // database does not let it go: a row of another table refers to it, say. Needs may_administer().
    void remove_user(base::Uuid const& user, base::Deadline deadline) const;
    bool may_administer() const { return !options_.secret_key.empty(); }

  private:
    HttpRequest request(std::string method, std::string const& path, std::string_view client) const;
    HttpResponse ask(HttpRequest const& request, base::Deadline deadline) const;  // whatever it answers
    HttpResponse send(HttpRequest const& request, base::Deadline deadline) const; // unless it refuses

    SupabaseOptions options_;
    Http http_;
};

} // namespace upstream
