// The tree that a strict reader gives.
#include "shared/json/builder.hpp"

#include "shared/base/utf8.hpp"

#include <algorithm>

namespace json {
namespace {

// Up to here comparing every name with every other is cheaper than sorting them.
constexpr std::size_t compared_members_max = 12;

Member const* duplicate_of_few(std::vector<Member> const& members)
{
    for (auto later = members.begin(); later != members.end(); ++later)
        for (auto earlier = members.begin(); earlier != later; ++earlier)
            if (earlier->name == later->name) return &*later;
    return nullptr;
}

// A member whose name came before in the same object, or nullptr. Sorted, not hashed: a body made of names
// that collide would cost quadratic time.
Member const* find_duplicate(std::vector<Member> const& members)
{
    if (members.size() <= compared_members_max) return duplicate_of_few(members);
    auto sorted = std::vector<Member const*>();
    sorted.reserve(members.size());
    for (auto const& member : members)
        sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(),
              [](Member const* a, Member const* b) { return a->name < b->name; });
    auto const same = std::adjacent_find(sorted.begin(), sorted.end(),
                                         [](Member const* a, Member const* b) { return a->name == b->name; });
    return same == sorted.end() ? nullptr : *same;
}

} // namespace

bool Builder::Null()
{
    place(Kind::null);
    return completed();
}

bool Builder::Bool(bool value)
{
    place(Kind::boolean).boolean = value;
    return completed();
}

bool Builder::RawNumber(char const* text, rapidjson::SizeType size, bool /*copy*/)
{
    place(Kind::number).text.assign(text, size);
    return completed();
}

bool Builder::String(char const* text, rapidjson::SizeType size, bool /*copy*/)
{
    if (!accept_text({text, size})) return false;
    place(Kind::string).text.assign(text, size);
    return completed();
}

bool Builder::StartObject()
{
    return open(Kind::object);
}

bool Builder::Key(char const* text, rapidjson::SizeType size, bool /*copy*/)
{
    if (!accept_text({text, size})) return false;
    auto& name = open_.back()->members.emplace_back().name;
    name.assign(text, size);
    if (open_.size() == 1) {
        member_ = name;
        member_complete_ = false;
    }
    return true;
}

bool Builder::EndObject(rapidjson::SizeType /*count*/)
{
    if (auto const* const duplicate = find_duplicate(open_.back()->members)) {
        if (open_.size() == 1) member_ = duplicate->name;
        member_complete_ = false;
        return refuse("must not hold the same member twice", "json_duplicate");
    }
    open_.pop_back();
    return completed();
}

bool Builder::StartArray()
{
    return open(Kind::array);
}

bool Builder::EndArray(rapidjson::SizeType /*count*/)
{
    open_.pop_back();
    return completed();
}

// Where the next value belongs: the document itself, the next item, or the member whose name has just come.
Value& Builder::place(Kind kind)
{
    auto* value = &root_;
    if (!open_.empty()) {
        auto& parent = *open_.back();
        value = parent.kind == Kind::array ? &parent.items.emplace_back() : &parent.members.back().value;
    }
    value->kind = kind;
    return *value;
}

bool Builder::open(Kind kind)
{
    // Before anything is built: destroying, copying and writing values is recursive.
    if (open_.size() == depth_max_) return refuse("is nested too deeply", "json_depth");
    open_.push_back(&place(kind));
    return true;
}

bool Builder::completed()
{
    if (open_.size() == 1) member_complete_ = true;
    return true;
}

bool Builder::refuse(std::string_view msg, std::string_view type)
{
    refusal_ = Refusal{.msg = msg, .type = type};
    return false;
}

// The reader has checked raw bytes; what came as \u0000 or as half a surrogate pair is seen only here.
bool Builder::accept_text(std::string_view text)
{
    if (text.find('\0') != std::string_view::npos) return refuse("must not contain NUL", "string_nul");
    return base::is_utf8(text) || refuse("must be valid Unicode", "string_unicode");
}

} // namespace json
