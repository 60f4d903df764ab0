#include "profile/wipe.h"

#include <string.h>  // explicit_bzero

namespace outhaul {

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // never allocates, and makes the spare bytes ours to write
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

Secret WipedBuffer::take() {
  Secret secret(std::string(bytes_.data(), used_));
  used_ = 0;
  return secret;
}

}  // namespace outhaul
