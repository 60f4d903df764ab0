// For leaks that LeakSanitizer is right about and that are not ours.
#pragma once

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace outhaul::test {

/// While one lives, nothing that its thread allocates counts as leaked.
class LeaksOfOthers {
 public:
#ifdef __SANITIZE_ADDRESS__
  LeaksOfOthers() {
    __lsan_disable();
  }
  ~LeaksOfOthers() {
    __lsan_enable();
  }
#else
  LeaksOfOthers() {}
  ~LeaksOfOthers() {}
#endif
  LeaksOfOthers(const LeaksOfOthers&) = delete;
  LeaksOfOthers& operator=(const LeaksOfOthers&) = delete;
};

}  // namespace outhaul::test
