// Receives the events of RapidJSON's reader and builds a Value, refusing what the reader lets through:
// nesting past depth_max, duplicate members, NUL and lone surrogates that came as escapes.
#pragma once

#include "shared/json/rapidjson.hpp"
#include "shared/json/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace json {

// Every event answers whether to go on; after one that does not, refusal() says why.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
  public:
    struct Refusal {
        std::string_view msg;
        std::string_view type;
    };

    explicit Builder(std::size_t depth_max) : depth_max_(depth_max) {}

    bool Null();
    bool Bool(bool value);
    bool RawNumber(char const* text, rapidjson::SizeType size, bool copy);
    bool String(char const* text, rapidjson::SizeType size, bool copy);
    bool StartObject();
    bool Key(char const* text, rapidjson::SizeType size, bool copy);
    bool EndObject(rapidjson::SizeType count);
    bool StartArray();
    bool EndArray(rapidjson::SizeType count);

    Value take() { return std::move(root_); }
    std::optional<Refusal> const& refusal() const { return refusal_; }

    // The member of the document whose name was read last; empty when there is none.
    std::optional<std::string> const& member() const { return member_; }
    // Whether that member's value has been read to its end.
    bool member_complete() const { return member_complete_; }

  private:
    Value& place(Kind kind);
    bool open(Kind kind);
    bool completed();
    bool refuse(std::string_view msg, std::string_view type);
    bool accept_text(std::string_view text);

    std::size_t depth_max_;
    Value root_;
    // The containers around the next value, outermost first. The pointers stay good because only the
    // innermost container grows.
    std::vector<Value*> open_;
    std::optional<Refusal> refusal_;
    std::optional<std::string> member_;
    bool member_complete_ = false;
};

} // namespace json
