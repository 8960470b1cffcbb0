// Refusals as Supabase Auth makes them: a code from a closed list, its status, a sentence.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/http/message.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace local_auth {

class Refused : public std::exception {
  public:
    // With the status and the sentence of the list; a code that is not in it is a fault of ours: 500.
    explicit Refused(std::string_view code);
    // With another sentence: for what has many reasons.
    Refused(std::string_view code, std::string sentence);
    // As it is played, to the letter; of a code that need not be in the list.
    Refused(std::string_view code, int status, std::string sentence);
    // With another status: what is 403 for the holder of a token is 400 for one who signs in.
    Refused(std::string_view code, int status);

    std::string const& code() const { return code_; }
    int status() const { return status_; }
    std::string const& sentence() const { return sentence_; }
    char const* what() const noexcept override { return code_.c_str(); }

  private:
    std::string code_;
    int status_;
    std::string sentence_;
};

// With X-Supabase-Api-Version 2024-01-01 or later {code, message}; else the legacy {code: <status>,
// error_code, msg}, and error_id for a fault. weak_password names its reasons in both.
http::Response response_of(Refused const& refused, http::Request const& request);

// What the modules below threw: a body that is not JSON, a database that is busy. A fault of ours is logged.
Refused refused_by(base::Failure const& failure, http::Request const& request);

// Whether the request has a key for the gateway, in the header apikey or in the query.
bool has_api_key(http::Request const& request);

// The gateway's own refusal, which is of neither format.
http::Response no_api_key();

} // namespace local_auth
