#include "tests/support/refusal.hpp"

#include "shared/base/error.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

namespace support {
namespace {

std::string joined(Json const& loc)
{
    auto text = std::string();
    for (std::size_t i = 0; i < loc.size(); ++i)
        text += (i > 0 ? "." : "") + loc[i].text();
    return text;
}

std::vector<std::string> locations(Json const& detail)
{
    auto result = std::vector<std::string>();
    for (std::size_t i = 0; i < detail.size(); ++i) {
        CHECK(detail[i].names() == std::vector<std::string>{"loc", "msg", "type"});
        CHECK_FALSE(detail[i]["msg"].text().empty());
        CHECK_FALSE(detail[i]["type"].text().empty());
        result.push_back(joined(detail[i]["loc"]));
    }
    return result;
}

} // namespace

void check_refusal(Reply const& reply, int status, std::string_view name)
{
    INFO("answer: " << reply.status << " " << reply.body.substr(0, 600));
    CHECK(reply.status == status);
    CHECK(reply.header("content-type").starts_with("application/json"));
    auto const answer = reply.json();
    CHECK(answer.names() ==
          std::vector<std::string>{"code", "detail", "details", "error", "message", "request_id"});
    CHECK(answer["code"].text() == base::upper_snake(name));
    CHECK((answer["error"].text() == name || answer["error"].text() == answer["message"].text()));
    CHECK_FALSE(answer["message"].text().empty());
    CHECK(answer["details"].kind() == json::Kind::object);
    CHECK(answer["request_id"].text() == reply.header("x-request-id"));
    CHECK(answer["request_id"].text().size() >= 8);
    if (status == 401) CHECK(reply.header("www-authenticate").starts_with("Bearer"));
    if (status == 405) CHECK_FALSE(reply.header("allow").empty());
    if (status == 429 || status == 503) CHECK_FALSE(reply.header("retry-after").empty());
}

void check_invalid(Reply const& reply, std::string_view name, std::string_view field, std::string_view loc)
{
    check_refusal(reply, 422, name);
    CHECK(reply["error"].text() == name);
    CHECK(reply["details"]["field"].text() == field);
    auto const named = locations(reply["detail"]);
    INFO("detail names " << reply["detail"].str());
    CHECK(std::find(named.begin(), named.end(), loc) != named.end());
}

std::string without_request_id(Reply const& reply)
{
    auto text = reply.body;
    auto const id = reply["request_id"].text();
    if (auto const at = text.find(id); at != std::string::npos) text.replace(at, id.size(), "-");
    return text;
}

std::string without_user(Reply const& reply)
{
    return std::regex_replace(without_request_id(reply), std::regex("User -?[0-9]+ not found"),
                              "User not found");
}

} // namespace support
