// A JSON document as strict readers see it: members in order, duplicates refused, numbers kept as their exact
// text (no double ever comes near money).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace json {

enum class Kind { null, boolean, number, string, array, object };

struct Member;

struct Value {
    Kind kind = Kind::null;
    bool boolean = false;
    std::string text;            // a string's characters (UTF-8, never NUL) or a number's exact text
    std::vector<Value> items;    // of an array
    std::vector<Member> members; // of an object, in the order they came

    // The member of that name, or nullptr.
    Value const* find(std::string_view name) const;
};

struct Member {
    std::string name;
    Value value;
};

// How deep a document may be nested: what is usual, and the most that may be asked for (schemas of tools in
// chat take two levels for each object of theirs). Destroying, copying and writing a value is recursive, so
// the second bounds the stack they need.
constexpr std::size_t depth_usual = 16;
constexpr std::size_t depth_most = 64;

// Reads one document that is the whole of `text`. An empty or all-blank text counts as {}, as a client
// means it that sends no body. Throws Failure(validation_error) with one Problem whose loc is {"body"} or
// {"body", <top-level member>} for: not JSON, truncated, deeper than depth_max, a duplicate member, invalid
// UTF-8, NUL (raw or \u0000), a lone surrogate, a byte order mark, a number past 1e308 (invalid_amount where
// that member is "amount"), anything after the document. Time grows as n log n with the size of the text; no
// recursion on the input. A depth_max past depth_most is std::logic_error.
Value parse(std::string_view text, std::size_t depth_max = depth_usual);

// Compact text; numbers exactly as they were read.
std::string write(Value const& value);

// Like write, with the members of every object sorted by name: equal requests give equal text. For
// fingerprints.
std::string canonical(Value const& value);

} // namespace json
