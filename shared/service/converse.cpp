#include "shared/service/converse.hpp"

namespace service {

bool converse(server::Exchange& exchange, Dispatcher& dispatcher)
{
    auto head = server::read_head(exchange.variables());
    if (head.request.method.empty() || !head.body_bytes) return false;
    auto const too_large = *head.body_bytes > dispatcher.body_max(head.request);
    if (!too_large && !exchange.read(head.request.body, *head.body_bytes)) return false;
    return exchange.write(server::render(dispatcher.answer(head.request, too_large)));
}

} // namespace service
