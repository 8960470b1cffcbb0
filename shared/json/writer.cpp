// Response bodies, over RapidJSON's writer.
#include "shared/json/writer.hpp"

#include "shared/base/utf8.hpp"
#include "shared/json/rapidjson.hpp"

#include <stdexcept>
#include <vector>

namespace json {

struct Writer::State {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
    std::vector<bool> open_arrays; // one an open object (false) or array (true), outermost first

    void text(std::string_view value)
    {
        if (!base::is_utf8(value)) return repaired(base::repair_utf8(value));
        repaired(value);
    }

    void repaired(std::string_view value)
    {
        writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
};

Writer::Writer() : state_(std::make_unique<State>()) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Writer& Writer::begin()
{
    state_->writer.StartObject();
    state_->open_arrays.push_back(false);
    return *this;
}

Writer& Writer::begin(std::string_view name)
{
    state_->text(name);
    return begin();
}

Writer& Writer::array()
{
    state_->writer.StartArray();
    state_->open_arrays.push_back(true);
    return *this;
}

Writer& Writer::array(std::string_view name)
{
    state_->text(name);
    return array();
}

Writer& Writer::end()
{
    if (state_->open_arrays.empty()) throw std::logic_error("json::Writer: nothing is open");
    state_->open_arrays.back() ? state_->writer.EndArray() : state_->writer.EndObject();
    state_->open_arrays.pop_back();
    return *this;
}

Writer& Writer::field(std::string_view name, std::string_view value)
{
    state_->text(name);
    state_->text(value);
    return *this;
}

Writer& Writer::field(std::string_view name, std::int64_t value)
{
    state_->text(name);
    state_->writer.Int64(value);
    return *this;
}

Writer& Writer::field(std::string_view name, Decimal value)
{
    return raw(name, to_text(value));
}

Writer& Writer::field(std::string_view name, bool value)
{
    state_->text(name);
    state_->writer.Bool(value);
    return *this;
}

Writer& Writer::field(std::string_view name, std::nullptr_t)
{
    state_->text(name);
    state_->writer.Null();
    return *this;
}

Writer& Writer::raw(std::string_view name, std::string_view json)
{
    state_->text(name);
    // The type only matters for names, which are never raw.
    state_->writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    return *this;
}

Writer& Writer::item(std::string_view value)
{
    state_->text(value);
    return *this;
}

Writer& Writer::item(std::int64_t value)
{
    state_->writer.Int64(value);
    return *this;
}

std::string Writer::str() const
{
    // A body that is not whole must not reach a client.
    if (!state_->writer.IsComplete()) throw std::logic_error("json::Writer: something is still open");
    return {state_->buffer.GetString(), state_->buffer.GetSize()};
}

} // namespace json
