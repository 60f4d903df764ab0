#include "profile/netrc.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/error.h"

namespace outhaul {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool same_host(std::string_view a, std::string_view b) {
  const auto folded = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, folded, folded);
}

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  /// The next token; none at the end. A token may be a password, hence a Secret.
  std::optional<Secret> next() {
    skip_blanks_and_comments();
    if (rest_.empty()) return std::nullopt;
    at_line_start_ = false;
    return rest_.front() == '"' ? quoted() : plain();
  }

  Secret need(const char* what) {
    auto token = next();
    if (!token) fail(fmt::format("the file ends where {} should follow", what));
    return std::move(*token);
  }

  /// A macro ends with an empty line, or with the file.
  void skip_macro() {
    while (!rest_.empty()) {
      const std::string_view line = take_line();
      if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    }
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::profile, fmt::format("line {}: {}", line_, message),
                "a netrc file has entries of this form: machine HOST login USER password \"SECRET\"");
  }

 private:
  void skip_blanks_and_comments() {
    while (!rest_.empty()) {
      if (at_line_start_ && rest_.front() == '#') {
        take_line();
      } else if (is_space(rest_.front())) {
        advance();
      } else {
        return;
      }
    }
  }

  Secret plain() {
    const auto end = std::ranges::find_if(rest_, is_space);
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    Secret token(std::string(rest_.substr(0, length)));
    rest_.remove_prefix(length);
    return token;
  }

  Secret quoted() {
    advance();
    std::string token;
    token.reserve(
        std::min(rest_.size(), rest_.find('\n')));  // grown in place: no copy of a password is left behind
    while (!rest_.empty() && rest_.front() != '"' && rest_.front() != '\n') {
      if (rest_.front() == '\\' && rest_.size() > 1) {
        advance();
        token += unescaped(rest_.front());
      } else {
        token += rest_.front();
      }
      advance();
    }
    Secret result(std::move(token));
    if (rest_.empty() || rest_.front() != '"') fail("a quote is opened and not closed");
    advance();
    return result;
  }

  static char unescaped(char c) { return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c; }

  void advance() {
    at_line_start_ = rest_.front() == '\n';
    line_ += at_line_start_ ? 1 : 0;
    rest_.remove_prefix(1);
  }

  std::string_view take_line() {
    const std::size_t newline = rest_.find('\n');
    const std::size_t length = newline == std::string_view::npos ? rest_.size() : newline + 1;
    const std::string_view line = rest_.substr(0, length);
    rest_.remove_prefix(length);
    line_ += 1;
    at_line_start_ = true;
    return line;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
  bool at_line_start_ = true;
};

struct NetrcEntry {
  bool is_default = false;
  std::string machine, login;
  Secret password;
  bool has_password = false;
};

class Finder {
 public:
  Finder(std::string_view host, std::string_view user) : host_(host), user_(user) {}

  void consider(NetrcEntry entry) {
    if (!entry.has_password || !fits(entry)) return;
    auto& slot = entry.is_default ? fallback_ : found_;
    if (!slot)
      slot = Credentials{entry.login.empty() ? std::string(user_) : entry.login, std::move(entry.password)};
  }
  std::optional<Credentials> best() { return found_ ? std::move(found_) : std::move(fallback_); }

 private:
  bool fits(const NetrcEntry& entry) const {
    if (!entry.is_default && !same_host(entry.machine, host_)) return false;
    if (entry.login.empty()) return !user_.empty();  // a password for nobody helps only who named a user
    return user_.empty() || entry.login == user_;
  }

  std::string_view host_, user_;
  std::optional<Credentials> found_, fallback_;
};

}  // namespace

std::optional<Credentials> find_in_netrc(std::string_view text, std::string_view host,
                                         std::string_view user) {
  Tokens tokens(text);
  Finder finder(host, user);
  std::optional<NetrcEntry> entry;
  const auto start = [&](bool is_default, std::string machine) {
    if (entry) finder.consider(std::move(*entry));
    entry = NetrcEntry{is_default, std::move(machine), {}, {}, false};
  };
  while (const auto token = tokens.next()) {
    const std::string& word = token->reveal();
    if (word == "machine") {
      start(false, tokens.need("a host name").reveal());
    } else if (word == "default") {
      start(true, {});
    } else if (word == "macdef") {
      tokens.skip_macro();
    } else if (!entry) {
      tokens.fail("a word before the first \"machine\" or \"default\"");
    } else if (word == "login") {
      entry->login = tokens.need("a user name").reveal();
    } else if (word == "password") {
      entry->password = tokens.need("a password");
      entry->has_password = true;
    } else if (word == "account") {
      tokens.need("an account name");
    } else {
      tokens.fail(
          "a word that is none of machine, default, login, password, account, macdef (a password with a "
          "space "
          "in it needs quotes)");
    }
  }
  if (entry) finder.consider(std::move(*entry));
  return finder.best();
}

}  // namespace outhaul
