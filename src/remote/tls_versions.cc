#include "remote/tls_versions.h"

namespace outhaul {
namespace {

TlsVersions::Most first_choice(const std::string& allowed, const std::optional<std::string>& known,
                               bool cautious) {
  using Most = TlsVersions::Most;
  if (allowed == "1.2" || known == "1.2") return Most::v1_2;
  if (allowed == "1.3" || known == "1.3") return Most::v1_3;
  return cautious ? Most::v1_2 : Most::v1_3;
}

}  // namespace

TlsVersions::TlsVersions(const std::string& allowed, const std::optional<std::string>& known, bool cautious)
    : fixed_(allowed == "1.2"), most_(first_choice(allowed, known, cautious)) {}

bool TlsVersions::was_too_old(Most asked) noexcept {
  if (fixed_ || asked != Most::v1_2) return false;
  lesson_ = Lesson::v1_3_needed;
  most_ = Most::v1_3;
  return true;
}

/// What takes nothing less than 1.3 would only refuse 1.2.
bool TlsVersions::may_have_failed(Most used) noexcept {
  if (used != Most::v1_3 || lesson_ == Lesson::v1_3_needed) return false;
  lesson_ = Lesson::v1_2_works;
  most_ = Most::v1_2;
  return true;
}

std::optional<std::string> TlsVersions::learned() const {
  switch (lesson_) {
    case Lesson::v1_2_works:
      return "1.2";
    case Lesson::v1_3_needed:
      return "1.3";
    case Lesson::none:
      break;
  }
  return std::nullopt;
}

}  // namespace outhaul
