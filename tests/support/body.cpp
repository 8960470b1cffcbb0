#include "tests/support/body.hpp"

#include "shared/base/failure.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace support {
namespace {

// Written out here rather than through the product's writer, which replaces invalid UTF-8: a hostile text
// must arrive as it is.
std::string in_quotes(std::string_view value)
{
    constexpr std::string_view digits = "0123456789abcdef";
    auto text = std::string("\"");
    for (auto const character : value) {
        auto const byte = static_cast<unsigned char>(character);
        if (character == '"' || character == '\\') {
            text += '\\';
            text += character;
        } else if (byte < 0x20) {
            text += "\\u00";
            text += digits[byte >> 4U];
            text += digits[byte & 15U];
        } else {
            text += character;
        }
    }
    return text + '"';
}

std::shared_ptr<json::Value const> read(std::string_view text)
{
    try {
        return std::make_shared<json::Value const>(json::parse(text));
    } catch (base::Failure const&) {
        throw std::runtime_error("the answer is not strict JSON: " + std::string(text.substr(0, 500)));
    }
}

} // namespace

Literal::Literal(std::string_view value) : text(in_quotes(value)) {}

std::string body(std::initializer_list<std::pair<std::string_view, Literal>> members)
{
    auto text = std::string("{");
    for (auto const& [name, value] : members) {
        if (text.size() > 1) text += ',';
        text += in_quotes(name) + ':' + value.text;
    }
    return text + '}';
}

Literal list(std::vector<std::string> const& items)
{
    auto text = std::string("[");
    for (auto const& item : items) {
        if (text.size() > 1) text += ',';
        text += item;
    }
    return raw(text + ']');
}

Json::Json(std::string_view text) : document_(read(text)), value_(document_.get()) {}

json::Value const& Json::expect(json::Kind kind, char const* what) const
{
    if (value_->kind != kind) throw std::runtime_error(std::string("not ") + what + ": " + str());
    return *value_;
}

Json Json::operator[](std::string_view name) const
{
    auto const* const member = expect(json::Kind::object, "an object").find(name);
    if (member == nullptr) throw std::runtime_error("no member " + std::string(name) + " in " + str());
    return {document_, member};
}

Json Json::operator[](std::size_t index) const
{
    auto const& items = expect(json::Kind::array, "an array").items;
    if (index >= items.size()) throw std::runtime_error("no item " + std::to_string(index) + " in " + str());
    return {document_, &items[index]};
}

bool Json::has(std::string_view name) const
{
    return expect(json::Kind::object, "an object").find(name) != nullptr;
}

std::size_t Json::size() const
{
    return expect(json::Kind::array, "an array").items.size();
}

std::vector<std::string> Json::names() const
{
    auto names = std::vector<std::string>();
    for (auto const& member : expect(json::Kind::object, "an object").members)
        names.push_back(member.name);
    std::sort(names.begin(), names.end());
    return names;
}

std::int64_t Json::integer() const
{
    auto const& digits = expect(json::Kind::number, "a number").text;
    auto number = std::int64_t{0};
    auto const* const end = digits.data() + digits.size();
    auto const [stop, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc{} || stop != end) throw std::runtime_error("not a whole number: " + digits);
    return number;
}

std::string Json::text() const
{
    return expect(json::Kind::string, "a string").text;
}

bool Json::boolean() const
{
    return expect(json::Kind::boolean, "a boolean").boolean;
}

std::string Json::str() const
{
    return json::write(*value_);
}

} // namespace support
