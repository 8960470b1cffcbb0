#include "shared/api/reply.hpp"

namespace api {

http::Response reply(int status, json::Writer& body, bool replayed)
{
    auto response = http::json(status, body.str());
    if (replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
    return response;
}

void write_move(json::Writer& body, ledger::Receipt const& receipt, std::string_view amount_name)
{
    body.field("transaction_id", base::to_string(receipt.entry))
        .field(amount_name, receipt.amount)
        .field("balance_before", receipt.before)
        .field("balance_after", receipt.after);
}

} // namespace api
