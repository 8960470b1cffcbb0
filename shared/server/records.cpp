// FastCGI 1.0: a record is a header of 8 bytes (version, type, request id, content length, padding length,
// 0), the content and the padding. A request is BEGIN_REQUEST, the stream PARAMS and the stream STDIN; a
// stream ends with an empty record.
#include "shared/server/records.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace server {
namespace {

using Bytes = std::span<unsigned char const>;

constexpr std::size_t header_bytes = 8;
constexpr std::size_t begin_bytes = 8;
constexpr unsigned char version_1 = 1;
constexpr unsigned role_responder = 1;

enum Type : unsigned char { begin_request = 1, params = 4, standard_in = 5 };

std::size_t number(Bytes bytes)
{
    auto value = std::size_t{0};
    for (auto const byte : bytes)
        value = value << 8 | byte;
    return value;
}

struct Record {
    unsigned char type;
    std::size_t request_id;
    std::size_t content_bytes;
    Bytes content; // as much of it as has come
    bool whole;    // with its padding
};

// Whether the bytes are the whole pairs of names and values that they claim to be. A length takes one byte,
// or four when the first has its high bit set.
class Pairs {
  public:
    explicit Pairs(Bytes bytes) : rest_(bytes) {}

    bool whole()
    {
        while (!rest_.empty()) {
            auto const name = length();
            auto const value = length();
            // Each is less than 2^31, so the sum is exact.
            if (!name || !value || *name + *value > rest_.size()) return false;
            rest_ = rest_.subspan(*name + *value);
        }
        return true;
    }

  private:
    std::optional<std::size_t> length()
    {
        auto const size = !rest_.empty() && rest_.front() >= 0x80 ? std::size_t{4} : std::size_t{1};
        if (rest_.size() < size) return {};
        auto const value = number(rest_.first(size)) & 0x7fff'ffff;
        rest_ = rest_.subspan(size);
        return value;
    }

    Bytes rest_;
};

class Request {
  public:
    explicit Request(Bytes bytes) : rest_(bytes) {}

    Arrival arrival()
    {
        while (auto const record = next()) {
            if (!in_place(*record)) return Arrival::never;
            if (!record->whole) break;
            if (stage_ == Stage::over) return rest_.empty() ? Arrival::whole : Arrival::never;
        }
        if (broken_) return Arrival::never;
        return stage_ == Stage::body && body_bytes_ >= body_bytes_awaited_max ? Arrival::whole
                                                                              : Arrival::part;
    }

  private:
    enum class Stage { begin, variables, body, over };

    // The next record, as much of it as has come; empty when not even its header has.
    std::optional<Record> next()
    {
        broken_ = !rest_.empty() && rest_[0] != version_1;
        if (broken_ || rest_.size() < header_bytes) return {};
        auto const content_bytes = number(rest_.subspan(4, 2));
        auto const padding_bytes = std::size_t{rest_[6]};
        auto const type = rest_[1];
        auto const request_id = number(rest_.subspan(2, 2));
        // libfcgi takes this padding for the next record, so both would read different requests.
        broken_ = padding_bytes > 0 && (type == begin_request || content_bytes == 0);
        if (broken_) return {};
        rest_ = rest_.subspan(header_bytes);
        auto const whole = rest_.size() >= content_bytes + padding_bytes;
        auto const content = rest_.first(std::min(content_bytes, rest_.size()));
        rest_ = rest_.subspan(std::min(content_bytes + padding_bytes, rest_.size()));
        return Record{type, request_id, content_bytes, content, whole};
    }

    // Whether a record with this header may come now; moves on to the stage after it.
    bool in_place(Record const& record)
    {
        if (stage_ == Stage::begin) return begins(record);
        if (record.request_id != request_id_) return false;
        return stage_ == Stage::variables ? takes_variables(record) : takes_body(record);
    }

    bool begins(Record const& record)
    {
        if (record.type != begin_request || record.request_id == 0 || record.content_bytes != begin_bytes)
            return false;
        if (record.content.size() < begin_bytes) return true; // not whole yet
        request_id_ = record.request_id;
        stage_ = Stage::variables;
        return number(record.content.first(2)) == role_responder;
    }

    bool takes_variables(Record const& record)
    {
        if (record.type != params) return false;
        variables_announced_ += record.content_bytes;
        if (variables_announced_ > variables_bytes_max) return false;
        variables_.insert(variables_.end(), record.content.begin(), record.content.end());
        if (record.content_bytes > 0) return true;
        stage_ = Stage::body;
        return Pairs(variables_).whole();
    }

    bool takes_body(Record const& record)
    {
        if (record.type != standard_in) return false;
        body_bytes_ += record.content.size();
        if (record.content_bytes == 0) stage_ = Stage::over;
        return true;
    }

    Bytes rest_;
    Stage stage_ = Stage::begin;
    bool broken_ = false;
    std::size_t request_id_ = 0;
    std::size_t variables_announced_ = 0;
    std::vector<unsigned char> variables_;
    std::size_t body_bytes_ = 0;
};

} // namespace

Arrival arrival_of(std::span<unsigned char const> bytes)
{
    return Request(bytes).arrival();
}

} // namespace server
