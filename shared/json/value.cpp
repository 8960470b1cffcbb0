// Values as text. The recursion goes as deep as the value does: depth_most at the most for what
// parse() made.
#include "shared/json/value.hpp"

#include "shared/base/utf8.hpp"
#include "shared/json/rapidjson.hpp"

#include <algorithm>

namespace json {
namespace {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

enum class Order { as_read, by_name };

void write_string(JsonWriter& writer, std::string const& text)
{
    auto const write = [&](std::string const& good) {
        writer.String(good.data(), static_cast<rapidjson::SizeType>(good.size()));
    };
    if (base::is_utf8(text))
        write(text);
    else
        write(base::repair_utf8(text));
}

std::vector<Member const*> in_order(std::vector<Member> const& members, Order order)
{
    auto ordered = std::vector<Member const*>();
    ordered.reserve(members.size());
    for (auto const& member : members)
        ordered.push_back(&member);
    if (order == Order::by_name)
        std::stable_sort(ordered.begin(), ordered.end(),
                         [](Member const* a, Member const* b) { return a->name < b->name; });
    return ordered;
}

void write_value(JsonWriter& writer, Value const& value, Order order)
{
    switch (value.kind) {
    case Kind::null:
        writer.Null();
        return;
    case Kind::boolean:
        writer.Bool(value.boolean);
        return;
    case Kind::number:
        // Not RawNumber(): RapidJSON 1.1 puts its text in quotes.
        writer.RawValue(value.text.data(), value.text.size(), rapidjson::kNumberType);
        return;
    case Kind::string:
        write_string(writer, value.text);
        return;
    case Kind::array:
        writer.StartArray();
        for (auto const& item : value.items)
            write_value(writer, item, order);
        writer.EndArray();
        return;
    case Kind::object:
        break;
    }
    writer.StartObject();
    for (auto const* member : in_order(value.members, order)) {
        write_string(writer, member->name);
        write_value(writer, member->value, order);
    }
    writer.EndObject();
}

std::string text_of(Value const& value, Order order)
{
    auto buffer = rapidjson::StringBuffer();
    auto writer = JsonWriter(buffer);
    write_value(writer, value, order);
    return {buffer.GetString(), buffer.GetSize()};
}

} // namespace

Value const* Value::find(std::string_view name) const
{
    auto const member = std::find_if(members.begin(), members.end(),
                                     [&](Member const& candidate) { return candidate.name == name; });
    return member == members.end() ? nullptr : &member->value;
}

std::string write(Value const& value)
{
    return text_of(value, Order::as_read);
}

std::string canonical(Value const& value)
{
    return text_of(value, Order::by_name);
}

} // namespace json
