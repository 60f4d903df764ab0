// What must hold after every kill, asked of the state and of the server's disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace outhaul::test {

/// Looks at a copy of the state in `state_dir`, so that the program finds its own as it left it, and at
/// `space`, the remote's base directory on the server's disk. Every sentence is a broken promise: a state
/// that doesn't open or isn't sound, an object that is called live and isn't whole. `scratch` is for the
/// copy.
std::vector<std::string> broken_promises(const std::filesystem::path& state_dir, const std::string& profile,
                                         const std::filesystem::path& space,
                                         const std::filesystem::path& scratch);

}  // namespace outhaul::test
