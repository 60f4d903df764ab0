// Text inside of HTML.
#pragma once

#include <string>
#include <string_view>

namespace outhaul {

/// Nothing of it opens a tag, ends an attribute, or names an entity. What isn't UTF-8 becomes U+FFFD.
std::string html(std::string_view text);

}  // namespace outhaul
