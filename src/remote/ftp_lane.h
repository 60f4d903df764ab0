// A lane over libcurl: one connection that stores, fetches, lists and runs commands.
#pragma once

#include <memory>

#include "base/cancel.h"
#include "outhaul/remote.h"
#include "remote/endpoint.h"

namespace outhaul {

std::unique_ptr<Lane> make_ftp_lane(std::shared_ptr<Endpoint> endpoint, const CancelToken& cancel);

}  // namespace outhaul
