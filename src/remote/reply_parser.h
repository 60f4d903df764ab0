// FTP replies out of a stream of bytes (RFC 959 §4.2). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

/// One complete reply. `lines` holds its text, without the code on the first and the last line, without line
/// ends.
struct Reply {
  int code = 0;  ///< 100…699
  std::vector<std::string> lines;

  /// The text for people: printable, the lines joined with "; ", at most some 300 bytes.
  std::string text() const;
  bool positive() const noexcept { return code >= 200 && code < 300; }
};

/// Takes bytes in fragments of any size. Once bad() it stays so: the stream can't be trusted any more.
class ReplyParser {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;     ///< without the line end
  static constexpr std::size_t kMaxReply = 1024 * 1024;  ///< all lines of one reply

  void feed(std::string_view bytes);
  /// The next complete reply; nothing when more bytes are needed or the stream is bad.
  std::optional<Reply> next();
  /// True when something has been fed that next() has not returned yet: half a reply, or an extra one.
  bool pending() const noexcept { return !rest().empty() || open_code_ != 0; }
  bool bad() const noexcept { return !why_bad_.empty(); }
  const std::string& why_bad() const noexcept { return why_bad_; }
  void reset();

 private:
  std::string_view rest() const noexcept { return std::string_view(buffer_).substr(at_); }
  std::optional<std::string> next_line();
  bool take_line(std::string line);  ///< true when it ended a reply
  void spoil(std::string why);

  std::string buffer_;
  std::size_t at_ = 0;       ///< start of what is not yet consumed
  std::size_t scanned_ = 0;  ///< no line feed before this
  int open_code_ = 0;        ///< code of the multi-line reply that is being read
  std::size_t open_bytes_ = 0;
  Reply open_;
  std::string why_bad_;
};

}  // namespace outhaul
