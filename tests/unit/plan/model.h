// What an executor must do with a plan, as a small model of remote and state. It is strict: whatever a plain
// FTP server would refuse, or what would lose track of an object, throws ModelError.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "outhaul/plan.h"

namespace outhaul::test {

struct ModelError : std::logic_error {
  using std::logic_error::logic_error;
};

/// Stands for the bytes of a file: equal numbers, equal bytes.
using Content = std::uint64_t;

/// What plain FTP can do, and no more: a name is one directory or one file; no parents are made; RMD wants it
/// empty; a rename takes only a free name.
class ModelRemote {
 public:
  using Node = std::optional<Content>;  ///< none for a directory

  void make_dir(const std::string& path);
  void publish(const std::string& path, Content content);  ///< may replace a file
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  void remove_dir(const std::string& path);
  const std::map<std::string, Node>& nodes() const { return nodes_; }
  Content content(const std::string& path) const;

 private:
  void need_parent(const std::string& path) const;
  void need_free(const std::string& path) const;
  std::map<std::string, Node> nodes_;  ///< by wire path
};

class Model {
 public:
  /// The bytes that a source file has right now.
  using ReadSource = std::function<Content(const Entry&)>;

  explicit Model(RemotePath target = {});

  /// Carries out every action: first those that don't wait for the removals, then those that do.
  void carry_out(const Plan& plan, const ReadSource& read);

  const ModelRemote& remote() const { return remote_; }
  const std::map<std::string, Entry>& state() const { return state_; }
  std::vector<Entry> entries() const;  ///< of the state, in order
  std::string remote_name(const RelPath& path) const;

 private:
  void carry_out(const Action& action, const ReadSource& read);
  void upload(const Action& action, const ReadSource& read);
  void compare(const Action& action, const ReadSource& read);
  void move(const Action& action);
  void remove(const Action& action);
  void record(const Entry& entry);
  void end(const RelPath& path);
  const Entry& stored(const RelPath& path) const;

  ModelRemote remote_;
  RemotePath target_;
  std::map<std::string, Entry> state_;
  std::int64_t last_object_ = 0;
};

}  // namespace outhaul::test
