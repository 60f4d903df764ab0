// Did you mean …? Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outhaul {

/// Insertions, deletions, substitutions and swaps of neighbours (Damerau-Levenshtein, optimal string
/// alignment) that turn `a` into `b`. ASCII case and the difference between '-' and '_' cost nothing.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, when it is near enough to be meant: at most a third of its letters
/// differ.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "did you mean \"exclude\"?", or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// `"keep" or "delete"`, `"a", "b" or "c"`.
std::string one_of(std::span<const std::string_view> words);

}  // namespace outhaul
