// What an operator is told of a failure. Private to this layer.
#pragma once

#include <string>

namespace outhaul {

struct Words {
  std::string what;
  std::string advice;
};

}  // namespace outhaul
