#include "job/libraries.h"

#include "remote/connect.h"

namespace outhaul {

std::string libraries() {
  return libraries_in_use();
}

}  // namespace outhaul
