// The command line: words → one command.
#pragma once

namespace outhaul::cli {

/// Parses and carries out; returns the process's exit code (see ExitCode). Never throws: every failure is
/// printed to standard error with its advice.
int main(int argc, char** argv) noexcept;

}  // namespace outhaul::cli
