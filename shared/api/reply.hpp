// What answers have in common.
#pragma once

#include "shared/http/message.hpp"
#include "shared/json/writer.hpp"
#include "shared/ledger/receipt.hpp"

#include <string_view>

namespace api {

// The first answer, or the same again with Idempotent-Replayed: true.
http::Response reply(int status, json::Writer& body, bool replayed);

// The members of a move that took effect, into an object that is open: "transaction_id", the amount under `amount_name`,
// "balance_before", "balance_after".
void write_move(json::Writer& body, ledger::Receipt const& receipt, std::string_view amount_name);

} // namespace api
