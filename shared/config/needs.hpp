// Which variables a program reads, in groups: a secret that a program does not use is none that it can lose.
// Whoever starts a program asks it with --needs and passes no other on.
#pragma once

#include <string>
#include <vector>

namespace config {

struct Needs {
    bool database = false;      // calls the database
    bool callers = false;       // recognises who is calling
    bool supabase_auth = false; // has Supabase Auth do something
    bool local_auth = false;    // is the stand-in for Supabase Auth
    bool service_name = false;  // says what the service is called

    static constexpr Needs of_handlers()
    {
        return {.database = true, .callers = true, .supabase_auth = true};
    }
};

struct Variable {
    std::string name;
    std::string unless; // read only where that one is not set; "": always
};

// Those that every program reads among them; no name twice.
std::vector<Variable> variables(Needs const& needs);

// As --needs prints it: "NAME", or "NAME unless OTHER".
std::string written(Variable const& variable);

} // namespace config
