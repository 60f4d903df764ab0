// A pseudo terminal of a given size, and pipes, for tests of what is written to them.
#pragma once

#include <string>

#include "base/fd.h"

namespace outhaul::test {

class Pty {
 public:
  Pty(int columns, int rows);
  int terminal() const { return terminal_.get(); }  ///< what a program writes to
  void resize(int columns, int rows);
  /// Everything that was written since the last call.
  std::string output();
  /// Reads on until `text` has come; throws when the terminal is closed first or nothing comes for 20 s.
  std::string output_until(const std::string& text);
  void hang_up() { user_.reset(); }

 private:
  std::string read_some();
  Fd user_, terminal_;
};

/// Sets an environment variable (nullptr: removes it) while it lives.
class Environment {
 public:
  Environment(const char* name, const char* value);
  ~Environment();
  Environment(const Environment&) = delete;

 private:
  std::string name_, before_;
  bool had_ = false;
};

}  // namespace outhaul::test
