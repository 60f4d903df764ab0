// What the scripted server does on the control connection.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/digest.h"
#include "support/scripted_session.h"

namespace outhaul::test {
namespace {

std::string time_val(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::optional<std::int64_t> time_of(const std::string& text) {
  std::tm utc{};
  if (text.size() != 14 || ::strptime(text.c_str(), "%Y%m%d%H%M%S", &utc) == nullptr) return std::nullopt;
  return ::timegm(&utc);
}

}  // namespace

std::string facts_of(const ScriptedNode& node) {
  return fmt::format("type={};size={};modify={}; ", node.directory ? "dir" : "file", node.content.size(),
                     time_val(node.mtime_s));
}

void ScriptedSession::pass(const std::string& password) {
  if (password != ScriptedServer::kPassword) return say("530 Login incorrect");
  const Quirks quirks = this->quirks();
  if (!counted_ && !enter()) {
    say(quirks.too_many);
    open_ = false;
    return;
  }
  say("230 Welcome");
}

void ScriptedSession::quit(const std::string&) {
  say("221 Goodbye");
  open_ = false;
}

void ScriptedSession::cwd(const std::string& path) {
  std::string target = resolve(path);
  bool there = false;
  {
    const std::lock_guard lock(inside_->mutex);
    there = inside_->is_dir(target);
  }
  if (!there) return say("550 No such directory");
  cwd_ = std::move(target);
  say("250 OK");
}

void ScriptedSession::feat(const std::string&) {
  const Quirks quirks = this->quirks();
  std::string text = "211-Features:\r\n";
  for (const auto& [verb, feature] :
       {std::pair{"MLST", "MLST type*;size*;modify*;"}, std::pair{"MFMT", "MFMT"}, std::pair{"MDTM", "MDTM"},
        std::pair{"SIZE", "SIZE"}, std::pair{"REST", "REST STREAM"}, std::pair{"EPSV", "EPSV"}})
    if (!quirks.unknown.contains(verb)) text += fmt::format(" {}\r\n", feature);
  if (quirks.digests) text += " XSHA256\r\n";
  say(text + " UTF8\r\n211 End");
}

void ScriptedSession::rest(const std::string& offset) {
  offset_ = std::stoull(offset);
  say("350 Go on");
}

void ScriptedSession::size(const std::string& path) {
  std::optional<std::uint64_t> size;
  {
    const std::lock_guard lock(inside_->mutex);
    if (const auto node = inside_->find(resolve(path));
        node != inside_->nodes.end() && !node->second.directory) {
      size = node->second.content.size();
      if (node->second.late_sizes != 0) *size /= 2;
      if (node->second.late_sizes > 0) --node->second.late_sizes;
    }
  }
  if (size == 0U && quirks().empty_sizes_untold) return say("213 File status");
  say(size ? fmt::format("213 {}", *size) : "550 No such file");
}

void ScriptedSession::xsha256(const std::string& path) {
  std::optional<std::string> content;
  if (!quirks().digests) return say("500 Unknown command");
  {
    const std::lock_guard lock(inside_->mutex);
    if (const auto node = inside_->find(resolve(path)); node != inside_->nodes.end())
      content = node->second.content;
  }
  if (!content) return say("550 No such file");
  Sha256 hash;
  hash.update(*content);
  say("250 " + to_hex(hash.finish()));
}

void ScriptedSession::set_time(const std::string& path, std::int64_t time, const std::string& done) {
  bool there = false;
  {
    const std::lock_guard lock(inside_->mutex);
    const auto node = inside_->find(resolve(path));
    there = node != inside_->nodes.end();
    if (there) node->second.mtime_s = time;
  }
  say(there ? done : "550 No such file");
}

void ScriptedSession::mfmt(const std::string& argument) {
  const auto time = time_of(argument.substr(0, 14));
  if (!time || argument.size() < 16) return say("501 Bad time");
  set_time(argument.substr(15), *time, "213 Modify=" + argument.substr(0, 14) + "; " + argument.substr(15));
}

void ScriptedSession::mdtm(const std::string& argument) {
  const auto time = time_of(argument.substr(0, 14));
  if (quirks().mdtm_sets && time && argument.size() > 15)
    return set_time(argument.substr(15), *time, "213 File modification time set.");
  std::optional<std::int64_t> mtime;
  {
    const std::lock_guard lock(inside_->mutex);
    if (const auto node = inside_->find(resolve(argument)); node != inside_->nodes.end())
      mtime = node->second.mtime_s;
  }
  say(mtime ? "213 " + time_val(*mtime) : "550 No such file");
}

void ScriptedSession::mkd(const std::string& path) {
  const std::string name = resolve(path);
  std::string reply = fmt::format("257 \"/{}\" made", name);
  {
    const std::lock_guard lock(inside_->mutex);
    if (name.empty() || inside_->find(name) != inside_->nodes.end())
      reply = inside_->quirks.made_already;
    else if (!inside_->is_dir(parent_of(name)))
      reply = "550 No such directory";
    else
      inside_->nodes[name].directory = true;
  }
  say(reply);
}

void ScriptedSession::rmd(const std::string& path) {
  const std::string name = resolve(path);
  std::string reply = "250 OK";
  {
    const std::lock_guard lock(inside_->mutex);
    const auto node = inside_->find(name);
    if (node == inside_->nodes.end() || !node->second.directory) {
      reply = inside_->quirks.gone_already;
    } else {
      const auto next = std::next(node);
      const bool empty = std::none_of(next, inside_->nodes.end(), [&](const auto& other) {
        return other.first.starts_with(node->first + "/");
      });
      if (empty)
        inside_->nodes.erase(node);
      else
        reply = "550 Directory not empty";
    }
  }
  say(reply);
}

void ScriptedSession::dele(const std::string& path) {
  std::string reply = "250 OK";
  {
    const std::lock_guard lock(inside_->mutex);
    const auto node = inside_->find(resolve(path));
    if (node == inside_->nodes.end())
      reply = inside_->quirks.gone_already;
    else if (node->second.directory)
      reply = "550 Is a directory";
    else
      inside_->nodes.erase(node);
  }
  say(reply);
}

void ScriptedSession::rnfr(const std::string& path) {
  bool there = false;
  {
    const std::lock_guard lock(inside_->mutex);
    const auto node = inside_->find(resolve(path));
    there = node != inside_->nodes.end();
    rename_from_ = there ? node->first : std::string();
  }
  say(there ? "350 And to?" : "550 No such file");
}

void ScriptedSession::rnto(const std::string& path) {
  const std::string to = resolve(path);
  std::string reply = "250 OK";
  {
    const std::lock_guard lock(inside_->mutex);
    const auto from = inside_->nodes.find(std::exchange(rename_from_, {}));
    const auto there = inside_->find(to);
    if (from == inside_->nodes.end()) {
      reply = "503 RNFR first";
    } else if (!inside_->is_dir(parent_of(to))) {
      reply = "550 No such directory";
    } else if (there != inside_->nodes.end() && there != from && !inside_->quirks.renames_over) {
      reply = inside_->quirks.rename_over_refusal;
    } else if (there != from) {
      ScriptedNode node = std::move(from->second);
      inside_->nodes.erase(from);
      if (there != inside_->nodes.end()) inside_->nodes.erase(there);
      inside_->nodes[to] = std::move(node);
    }
  }
  say(reply);
}

}  // namespace outhaul::test
