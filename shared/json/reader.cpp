// The strict reader: RapidJSON's, kept away from numbers, recursion and everything behind the document.
//
// The reader never sees a double of ours (RapidJSON 1.1 crashes on some exponents), works on a stream that
// knows its end (its UTF-8 check reads on past a lone lead byte otherwise), and is not believed about the end
// of the document: a NUL looks like one to it.
#include "shared/json/builder.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"

namespace json {
namespace {

constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                           rapidjson::kParseNumbersAsStringsFlag;
constexpr std::string_view blanks = " \t\n\r";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view number_range = "number_range";

using Refusal = Builder::Refusal;

[[noreturn]] void refuse(Refusal const& refusal, std::optional<std::string> const& member)
{
    auto problem =
        base::Problem{.loc = {"body"}, .msg = std::string(refusal.msg), .type = std::string(refusal.type)};
    if (member) problem.loc.push_back(*member);
    // A number that is JSON and only too large is the member's fault, not the document's: where the member is
    // an amount, the code must say so, as it does for every other amount out of range.
    if (refusal.type == number_range) throw_if_any({problem});
    throw validation_failure(std::move(problem));
}

// The member to name: the one being read, or the one whose value is followed by something that cannot be.
// What goes wrong in the name of the next member is no fault of the last.
std::optional<std::string> culprit(Builder const& builder, rapidjson::ParseErrorCode code)
{
    bool const named =
        !builder.member_complete() || code == rapidjson::kParseErrorObjectMissCommaOrCurlyBracket;
    return named ? builder.member() : std::nullopt;
}

Value empty_object()
{
    auto object = Value();
    object.kind = Kind::object;
    return object;
}

Refusal explain(rapidjson::ParseErrorCode code, std::string_view text, std::size_t offset)
{
    if (code == rapidjson::kParseErrorStringInvalidEncoding ||
        code == rapidjson::kParseErrorStringUnicodeSurrogateInvalid)
        return {.msg = "must be valid Unicode", .type = "string_unicode"};
    if (code == rapidjson::kParseErrorNumberTooBig)
        return {.msg = "holds a number that is too large", .type = number_range};
    if (offset >= text.size()) return {.msg = "ends before it is complete", .type = "json_invalid"};
    if (text[offset] == '\0') return {.msg = "must not contain NUL", .type = "string_nul"};
    return {.msg = "is not valid JSON", .type = "json_invalid"};
}

} // namespace

Value parse(std::string_view text, std::size_t depth_max)
{
    if (depth_max > depth_most) throw std::logic_error("json::parse: too deep to be walked");
    if (text.find_first_not_of(blanks) == std::string_view::npos) return empty_object();
    // The stream would skip a byte order mark, and even a part of one.
    if (text.substr(0, byte_order_mark.size()) == byte_order_mark)
        refuse({.msg = "must not begin with a byte order mark", .type = "json_invalid"}, std::nullopt);
    if (static_cast<unsigned char>(text.front()) >= 0x80)
        refuse({.msg = "is not valid JSON", .type = "json_invalid"}, std::nullopt);

    auto bytes = rapidjson::MemoryStream(text.data(), text.size());
    auto stream = rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream>(bytes);
    auto reader = rapidjson::Reader();
    auto builder = Builder(depth_max);
    auto const result = reader.Parse<flags>(stream, builder);

    if (builder.refusal()) refuse(*builder.refusal(), culprit(builder, result.Code()));
    if (result.IsError())
        refuse(explain(result.Code(), text, result.Offset()), culprit(builder, result.Code()));
    if (stream.Tell() != text.size())
        refuse(explain(rapidjson::kParseErrorDocumentRootNotSingular, text, stream.Tell()), std::nullopt);
    return builder.take();
}

} // namespace json
