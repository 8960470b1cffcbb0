#include "tests/model/operation.hpp"

#include <array>
#include <sstream>
#include <stdexcept>

namespace model {
namespace {

constexpr auto names = std::array<std::string_view, 16>{
    "wait",     "read",    "spend", "hold",    "capture", "release", "mark_started", "grant",
    "transfer", "reverse", "block", "unblock", "owe",     "confirm", "leave",        "come_back"};

// The numbers of an operation, by the names that they have in a script.
struct Number {
    std::string_view name;
    std::int64_t (*get)(Operation const&);
    void (*set)(Operation&, std::int64_t);
};

constexpr auto numbers = std::array<Number, 9>{{
    {"wallet", [](auto const& o) { return std::int64_t{o.wallet}; },
     [](auto& o, auto value) { o.wallet = static_cast<int>(value); }},
    {"to", [](auto const& o) { return std::int64_t{o.to}; },
     [](auto& o, auto value) { o.to = static_cast<int>(value); }},
    {"of", [](auto const& o) { return std::int64_t{o.of}; },
     [](auto& o, auto value) { o.of = static_cast<int>(value); }},
    {"amount", [](auto const& o) { return o.amount; }, [](auto& o, auto value) { o.amount = value; }},
    {"hours", [](auto const& o) { return std::int64_t{o.hours}; },
     [](auto& o, auto value) { o.hours = static_cast<int>(value); }},
    {"priority", [](auto const& o) { return std::int64_t{o.priority}; },
     [](auto& o, auto value) { o.priority = static_cast<int>(value); }},
    {"lapse", [](auto const& o) { return o.lapse; }, [](auto& o, auto value) { o.lapse = value; }},
    {"times", [](auto const& o) { return std::int64_t{o.times}; },
     [](auto& o, auto value) { o.times = static_cast<int>(value); }},
    {"key", [](auto const& o) { return std::int64_t{o.key}; },
     [](auto& o, auto value) { o.key = static_cast<int>(value); }},
}};

void read_word(Operation& operation, std::string const& word)
{
    if (word == "clamp") {
        operation.clamp = true;
    } else if (word == "joins") {
        operation.joins = true;
    } else if (word == "twice") {
        operation.resend = Resend::twice;
    } else if (word == "cut") {
        operation.resend = Resend::cut;
    } else {
        auto const equals = word.find('=');
        for (auto const& number : numbers) {
            if (equals == std::string::npos || number.name != word.substr(0, equals)) continue;
            number.set(operation, std::stoll(word.substr(equals + 1)));
            return;
        }
        throw std::invalid_argument(word);
    }
}

Operation read_line(std::string const& text)
{
    auto operation = Operation();
    auto stream = std::istringstream(text);
    auto kind = std::string();
    if (!(stream >> operation.label >> kind)) throw std::invalid_argument(text);
    auto place = std::size_t{0};
    while (place < names.size() && names[place] != kind)
        ++place;
    if (place == names.size()) throw std::invalid_argument(kind);
    operation.kind = static_cast<Kind>(place);
    for (auto word = std::string(); stream >> word;)
        read_word(operation, word);
    return operation;
}

bool settles(Kind kind)
{
    return kind == Kind::capture || kind == Kind::release;
}

} // namespace

std::string_view name(Kind kind)
{
    return names.at(static_cast<std::size_t>(kind));
}

std::string fingerprint(Operation const& operation)
{
    auto text = std::ostringstream();
    text << name(operation.kind) << ' ' << operation.amount << ' ' << operation.hours << ' '
         << operation.priority << ' ' << operation.lapse;
    return text.str();
}

bool same_call(Operation const& one, Operation const& other)
{
    auto const batches = one.kind == Kind::spend || (one.kind == Kind::hold && one.times + other.times == 0);
    return (batches && one.kind == other.kind) || (settles(one.kind) && settles(other.kind));
}

std::string line(Operation const& operation)
{
    auto text = std::ostringstream();
    text << operation.label << ' ' << name(operation.kind);
    for (auto const& number : numbers) {
        if (auto const value = number.get(operation); value != 0) text << ' ' << number.name << '=' << value;
    }
    if (operation.clamp) text << " clamp";
    if (operation.joins) text << " joins";
    if (operation.resend == Resend::twice) text << " twice";
    if (operation.resend == Resend::cut) text << " cut";
    return text.str();
}

std::string lines(Script const& script)
{
    auto text = std::string();
    for (auto const& operation : script)
        text += line(operation) + "\n";
    return text;
}

Script read_script(std::string_view text)
{
    auto script = Script();
    auto stream = std::istringstream(std::string(text));
    for (auto one = std::string(); std::getline(stream, one);) {
        if (one.find_first_not_of(' ') == std::string::npos || one.front() == '#') continue;
        try {
            script.push_back(read_line(one));
        } catch (std::logic_error const&) { // of std::stoll as well
            throw std::runtime_error("not an operation: " + one);
        }
    }
    return script;
}

} // namespace model
