// Permissions that bind root, too.
#pragma once

#include <unistd.h>

#include <filesystem>

#include "nightly.h"
#include "support/catch.h"

namespace outhaul::test {

/// Hands what the test made to the user who will have to live with the permissions.
inline void hand_over(const Nightly& night) {
  if (::geteuid() != 0) return;
  const auto top = night.source().parent_path();
  REQUIRE(::chown(top.c_str(), 65534, 65534) == 0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(top))
    REQUIRE(::lchown(entry.path().c_str(), 65534, 65534) == 0);
}

/// Gives up root for a while, so that permissions count.
class Unprivileged {
 public:
  Unprivileged() : root_(::geteuid() == 0) {
    if (root_) REQUIRE(::seteuid(65534) == 0);
  }
  ~Unprivileged() {
    if (root_) CHECK(::seteuid(0) == 0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool root_;
};

}  // namespace outhaul::test
