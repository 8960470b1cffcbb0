// What the calls of a batch have in common: each request has a number of its own (`n`) and a caller, its fields travel in
// arrays, and its answer is found by its number.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/db/params.hpp"
#include "shared/db/rows.hpp"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace db {

// The parameters of one call, a column at a time in the order of the function's arguments; the first three (p_n, p_caller,
// p_proof) are those of every batch. `Request` has a `caller`. A member is a function of one request that returns the value
// or an optional one.
template <class Request>
class BatchParams {
  public:
    explicit BatchParams(std::span<Request const* const> requests) : requests_(requests)
    {
        auto numbers = std::vector<std::int32_t>(requests.size());
        std::iota(numbers.begin(), numbers.end(), 0);
        params_.int4_array(numbers);
        text([](Request const& request) { return std::string(request.caller.kind); });
        bytea([](Request const& request) { return request.caller.proof; });
    }

    template <class Member>
    BatchParams& uuid(Member const& member)
    {
        params_.uuid_array(column<base::Uuid>(member));
        return *this;
    }
    template <class Member>
    BatchParams& int8(Member const& member)
    {
        params_.int8_array(column<std::int64_t>(member));
        return *this;
    }
    template <class Member>
    BatchParams& text(Member const& member)
    {
        params_.text_array(column<std::string>(member));
        return *this;
    }
    template <class Member>
    BatchParams& json(Member const& member)
    {
        params_.json_array(column<std::string>(member));
        return *this;
    }
    template <class Member>
    BatchParams& bytea(Member const& member)
    {
        params_.bytea_array(column<base::Sha256>(member));
        return *this;
    }
    template <class Member>
    BatchParams& boolean(Member const& member)
    {
        auto values = std::vector<bool>();
        for (auto const* request : requests_)
            values.push_back(member(*request));
        params_.boolean_array(values);
        return *this;
    }

    // For what the call has once.
    Params& params() { return params_; }

  private:
    template <class T, class Member>
    Nullable<T> column(Member const& member) const
    {
        auto values = Nullable<T>();
        values.reserve(requests_.size());
        for (auto const* request : requests_)
            values.emplace_back(member(*request));
        return values;
    }

    std::span<Request const* const> requests_;
    Params params_;
};

// The answers in the order of the requests. Throws Failure internal unless each has exactly one.
template <class Answer, class Read>
std::vector<Answer> in_order(Rows const& rows, std::size_t size, Read const& read)
{
    auto const wrong = [] {
        return base::Failure(base::Error::internal, "a batch was not answered one row a request");
    };
    auto answers = std::vector<Answer>(size);
    auto seen = std::vector<bool>(size, false);
    if (rows.size() != static_cast<int>(size)) throw wrong();
    for (int row = 0; row < rows.size(); ++row) {
        auto const n = static_cast<std::size_t>(rows[row].int8("n"));
        if (n >= size || seen[n]) throw wrong();
        seen[n] = true;
        answers[n] = read(rows[row]);
    }
    return answers;
}

} // namespace db
