// JSON both ways: bodies to send, and a view of what came back.
#pragma once

#include "shared/json/value.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

// The text of one JSON value.
struct Literal {
    std::string text;

    template <std::integral T>
    requires(!std::same_as<T, bool>) Literal(T value) : text(std::to_string(value)) {}
    Literal(std::same_as<bool> auto value) : text(value ? "true" : "false") {}
    Literal(std::nullptr_t) : text("null") {}
    Literal(std::string_view value);
    Literal(std::string const& value) : Literal(std::string_view(value)) {}
    Literal(char const* value) : Literal(std::string_view(value)) {}

    struct Raw {};
    Literal(Raw, std::string value) : text(std::move(value)) {}
};

// Text that is JSON already, or deliberately is not.
inline Literal raw(std::string text)
{
    return Literal(Literal::Raw{}, std::move(text));
}

// body({{"amount", 5}, {"metadata", raw("{}")}})
std::string body(std::initializer_list<std::pair<std::string_view, Literal>> members);

// body({"items", ...}) of several bodies: [a,b,c].
Literal list(std::vector<std::string> const& items);

// A value inside a document that came back. What is not there, or is of another kind, throws
// std::runtime_error saying what was expected of which text, so a test fails with the answer in view.
class Json {
  public:
    explicit Json(std::string_view text);

    Json operator[](std::string_view name) const; // of an object
    Json operator[](std::size_t index) const;     // of an array
    bool has(std::string_view name) const;
    std::size_t size() const;               // of an array
    std::vector<std::string> names() const; // of an object, sorted

    std::int64_t integer() const;
    std::string text() const;
    bool boolean() const;
    json::Kind kind() const { return value_->kind; }
    bool is_null() const { return value_->kind == json::Kind::null; }
    std::string str() const; // compact text

  private:
    Json(std::shared_ptr<json::Value const> document, json::Value const* value)
        : document_(std::move(document)), value_(value)
    {
    }
    json::Value const& expect(json::Kind kind, char const* what) const;

    std::shared_ptr<json::Value const> document_;
    json::Value const* value_;
};

} // namespace support
