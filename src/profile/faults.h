// Everything that is wrong with a profile, collected while it is read.
#pragma once

#include <string>
#include <vector>

#include "profile/decode.h"

namespace outhaul {

class Faults {
 public:
  void add(std::string pointer, std::string found, std::string expected, std::string hint = {}) {
    all_.push_back({std::move(pointer), std::move(found), std::move(expected), std::move(hint)});
  }
  bool empty() const noexcept { return all_.empty(); }
  std::vector<ProfileFault> take() { return std::move(all_); }

 private:
  std::vector<ProfileFault> all_;
};

}  // namespace outhaul
