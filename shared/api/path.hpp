// What a path names.
#pragma once

#include "shared/base/error.hpp"
#include "shared/base/uuid.hpp"
#include "shared/ledger/user_ref.hpp"
#include "shared/service/service.hpp"

#include <string_view>

namespace api {

// {user_id}: a number or a UUID; anything else is Failure user_not_found.
ledger::UserRef user_in_path(service::Call const& call);

// {id}, a UUID; anything else is this failure.
base::Uuid id_in_path(service::Call const& call, base::Error absent);

} // namespace api
