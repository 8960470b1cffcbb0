// The one exception type: thrown where a request cannot go on, caught once, in service.
#pragma once

#include "shared/base/error.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace base {

// One member of a request that is at fault: where, in what way, and a stable word for it.
struct Problem {
    std::vector<std::string> loc; // {"body", "amount"}
    std::string msg;              // "must be a whole number from 1 to 10000"
    std::string type;             // "integer", "missing", "too_long" ...
};

using Detail = std::pair<std::string, std::variant<std::int64_t, std::string>>;

// `log` is for the operator and never reaches a client; `details` and `problems` are for the client and must
// hold nothing secret. `retry_after_s` 0 means: no Retry-After header.
class Failure : public std::exception {
  public:
    explicit Failure(Error error, std::string log = {}) : error_(error), log_(std::move(log)) {}

    // These change the failure and give it back, for one throw expression. A failure that has a name must not
    // be assigned what they give back, which is itself.
    Failure&& with(std::string name, std::int64_t value) &&;
    Failure&& with(std::string name, std::string value) &&;
    Failure&& with(Problem problem) &&;
    Failure&& retry_after(int seconds) &&;
    void add(Problem problem) { problems_.push_back(std::move(problem)); }

    Error error() const { return error_; }
    std::string const& log() const { return log_; }
    std::vector<Detail> const& details() const { return details_; }
    std::vector<Problem> const& problems() const { return problems_; }
    int retry_after_s() const { return retry_after_s_; }
    char const* what() const noexcept override;

  private:
    Error error_;
    std::string log_;
    std::vector<Detail> details_;
    std::vector<Problem> problems_;
    int retry_after_s_ = 0;
};

} // namespace base
