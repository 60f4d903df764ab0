// What the remote holds of an object, in the state's one vocabulary.
#pragma once

#include <cstdint>

namespace outhaul {

/// Whole under its remote_name in all but `uploading` and `gone`.
enum class ObjectStatus : std::uint8_t {
  uploading,
  live,     ///< an entry's content
  kept,     ///< left in its place by on_removal
  retired,  ///< a version: remote_name is its place below .outhaul/
  gone,     ///< its bytes are no more, or something else took its name
};

}  // namespace outhaul
