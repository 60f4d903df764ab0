#include "profile/decode.h"

namespace outhaul {

extern const std::string_view
    kProfileSchemaText;  // profile_schema_text.cc, made from schemas/profile.schema.json

std::string_view profile_schema() {
  return kProfileSchemaText;
}

}  // namespace outhaul
