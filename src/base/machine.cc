#include "base/machine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <random>

namespace outhaul {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

std::string random_name() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace outhaul
