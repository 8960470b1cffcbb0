// One request from its first variable to its last written byte, whichever wire it came over.
#pragma once

#include "shared/server/exchange.hpp"
#include "shared/service/service.hpp"

namespace service {

// Reads a request, has it answered, writes the answer. False when there was no whole request, which is then
// dropped without an answer: a request cut short may have lost its limits or half of its body.
bool converse(server::Exchange& exchange, Dispatcher& dispatcher);

} // namespace service
