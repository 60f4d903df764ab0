// Typed reading of a JSON tree: every call either gives a value or adds a fault that names the place; reading
// goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/faults.h"
#include "profile/json_document.h"

namespace outhaul {

/// Which keys an object has. `later` are those of later versions: refused by name, so that nobody believes
/// that they work.
struct Keys {
  std::span<const std::string_view> known;
  std::span<const std::string_view> later;
};

/// A value and where it stands. Cheap to copy; the tree and the faults must outlive it.
class Node {
 public:
  Node(const JsonValue& value, std::string pointer, Faults& faults)
      : value_(&value), pointer_(std::move(pointer)), faults_(&faults) {}

  const JsonValue& value() const noexcept { return *value_; }
  const std::string& pointer() const noexcept { return pointer_; }
  /// No message quotes this value or one below it: it may be a secret that was put in the wrong place.
  Node hidden() const;

  void fault(std::string expected, std::string hint = {}) const;
  void fault_found(std::string found, std::string expected, std::string hint = {}) const;

  // Each: the value, or none and a fault. `what` is the noun of the expectation: "a path".
  std::optional<std::string> string(std::string_view what) const;
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
  /// Index into `words`.
  std::optional<std::size_t> word(std::span<const std::string_view> words,
                                  std::span<const std::string_view> later = {}) const;
  /// The items of an array with at least `least` of them.
  std::vector<Node> items(std::string_view what, std::size_t least = 0) const;

  bool is(JsonValue::Kind kind) const noexcept { return value_->kind == kind; }
  /// False, with a fault, when this is no object; unknown and later keys are faults of their own.
  bool object(const Keys& keys, std::string_view what) const;
  /// The member, if there; this must be an object.
  std::optional<Node> find(std::string_view key) const;
  /// The member; a fault when it is missing.
  std::optional<Node> need(std::string_view key, std::string_view expected) const;

 private:
  std::string found() const;
  Node child(const JsonValue& value, std::string_view token) const;

  const JsonValue* value_;
  std::string pointer_;
  Faults* faults_;
  bool hidden_ = false;
};

}  // namespace outhaul
