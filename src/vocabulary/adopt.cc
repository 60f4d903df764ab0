#include "outhaul/adopt.h"

namespace outhaul {

std::string_view to_string(AdoptCompare compare) noexcept {
  switch (compare) {
    case AdoptCompare::size:
      return "size";
    case AdoptCompare::mtime:
      return "mtime";
    case AdoptCompare::hash:
      return "hash";
    case AdoptCompare::read:
      break;
  }
  return "read";
}

std::string_view to_string(AdoptFinding::Kind kind) noexcept {
  return kind == AdoptFinding::Kind::differs ? "differs" : "foreign";
}

}  // namespace outhaul
