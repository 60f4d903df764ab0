#include "profile/json_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/paths.h"
#include "profile/keys.h"
#include "profile/suggest.h"

namespace outhaul {
namespace {

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string list_of(std::span<const std::string_view> keys) {
  std::string list;
  for (const std::string_view key : keys) {
    if (!list.empty()) list += ", ";
    list += key;
  }
  return list;
}

constexpr std::string_view kLater = "remove it; this version would not do what it says";

}  // namespace

Node Node::hidden() const {
  Node copy = *this;
  copy.hidden_ = true;
  return copy;
}

Node Node::child(const JsonValue& value, std::string_view token) const {
  Node node(value, fmt::format("{}/{}", pointer_, token), *faults_);
  node.hidden_ = hidden_;
  return node;
}

std::string Node::found() const {
  if (!hidden_ || is(JsonValue::Kind::object) || is(JsonValue::Kind::array)) return describe(*value_);
  return is(JsonValue::Kind::string) ? "a string (not shown here)" : "a value (not shown here)";
}

void Node::fault(std::string expected, std::string hint) const {
  faults_->add(pointer_, found(), std::move(expected), std::move(hint));
}

void Node::fault_found(std::string what, std::string expected, std::string hint) const {
  faults_->add(pointer_, std::move(what), std::move(expected), std::move(hint));
}

std::optional<std::string> Node::string(std::string_view what) const {
  if (!is(JsonValue::Kind::string)) {
    fault(std::string(what));
    return std::nullopt;
  }
  return value_->text;
}

std::optional<bool> Node::boolean() const {
  if (is(JsonValue::Kind::boolean)) return value_->boolean;
  fault("true or false", is(JsonValue::Kind::string) ? "write it without quotes" : "");
  return std::nullopt;
}

std::optional<std::int64_t> Node::integer(std::int64_t least, std::int64_t most) const {
  if (is(JsonValue::Kind::number) && value_->integer && *value_->integer >= least && *value_->integer <= most)
    return value_->integer;
  fault(fmt::format("a whole number from {} to {}", least, most),
        is(JsonValue::Kind::string) ? "write it without quotes" : "");
  return std::nullopt;
}

std::optional<std::size_t> Node::word(std::span<const std::string_view> words,
                                      std::span<const std::string_view> later) const {
  if (is(JsonValue::Kind::string)) {
    const auto at = std::ranges::find(words, std::string_view(value_->text));
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
    if (contains(later, value_->text)) {
      fault_found(fmt::format("\"{}\", which this version does not support yet", value_->text),
                  one_of(words));
      return std::nullopt;
    }
  }
  fault(one_of(words), is(JsonValue::Kind::string) ? did_you_mean(value_->text, words) : "");
  return std::nullopt;
}

std::vector<Node> Node::items(std::string_view what, std::size_t least) const {
  std::vector<Node> nodes;
  if (!is(JsonValue::Kind::array) || value_->items.size() < least) {
    fault(std::string(what), is(JsonValue::Kind::string) ? "put it into brackets: [\"…\"]" : "");
    return nodes;
  }
  for (std::size_t i = 0; i < value_->items.size(); ++i)
    nodes.push_back(child(value_->items[i], fmt::to_string(i)));
  return nodes;
}

bool Node::object(const Keys& keys, std::string_view what) const {
  if (!is(JsonValue::Kind::object)) {
    fault(std::string(what));
    return false;
  }
  for (const JsonMember& member : value_->members) {
    if (contains(keys.known, member.key)) continue;
    const std::string pointer = pointer_ + "/" + pointer_token(member.key);
    if (contains(keys.later, member.key)) {
      faults_->add(pointer,
                   fmt::format("the key \"{}\", which this version does not support yet", member.key),
                   "one of " + list_of(keys.known), std::string(kLater));
      continue;
    }
    std::string hint = did_you_mean(member.key, keys.known);
    if (hint.empty()) hint = key_belongs_elsewhere(member.key);
    faults_->add(pointer, fmt::format("the unknown key \"{}\"", printable(member.key)),
                 "one of " + list_of(keys.known), std::move(hint));
  }
  return true;
}

std::optional<Node> Node::find(std::string_view key) const {
  const auto at = std::ranges::find_if(value_->members, [&](const JsonMember& m) { return m.key == key; });
  if (at == value_->members.end()) return std::nullopt;
  return child(at->value, pointer_token(key));
}

std::optional<Node> Node::need(std::string_view key, std::string_view expected) const {
  auto node = find(key);
  if (!node)
    faults_->add(fmt::format("{}/{}", pointer_, key), "nothing: the key is missing", std::string(expected));
  return node;
}

}  // namespace outhaul
