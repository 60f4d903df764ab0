#include "outhaul/own_names_advice.h"

#include "outhaul/names.h"

namespace outhaul {
namespace {

bool may_mean_the_name(int reply_code) {
  return reply_code == 550 || reply_code == 553;
}

}  // namespace

std::string_view advice_on_own_name(const RemotePath& path) {
  const RemotePath control = RemotePath::parse(kControlDir);
  if (path == control)
    return "If the server forbids names that begin with a dot, give the profile's \"remote\" another "
           "\"control_dir\", such as \"_outhaul\".";
  if (path.is_at_or_below(control) && path.name().ends_with(kPartSuffix))
    return "If the server forbids names that end in .part, give the profile's \"remote\" another "
           "\"part_suffix\", such as \".tmp\".";
  return {};
}

std::string with_advice_on_own_name(std::string advice, const RemotePath& path, int reply_code) {
  if (!may_mean_the_name(reply_code)) return advice;
  const std::string_view more = advice_on_own_name(path);
  if (!advice.empty() && !more.empty()) advice += ' ';
  return advice.append(more);
}

}  // namespace outhaul
