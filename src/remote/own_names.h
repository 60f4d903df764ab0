// What outhaul's own things are called on a server that forbids their usual names: a leading dot, or ".part".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "outhaul/names.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Which part of the remote a name stands in.
enum class NamePlace : std::uint8_t {
  top,   ///< the base directory: the control directory is there
  own,   ///< below the control directory, where every name is outhaul's
  tree,  ///< where names are people's: the trees, and their copies below ".outhaul/versions"
};
/// Of what lies in `dir`; ".outhaul" in it is the control directory, whatever the server calls it.
NamePlace place_in(std::string_view dir);

/// A name there, as the server has it. The same way back: the two names change places, so that what else
/// bears one of them keeps a name of its own. Pure.
std::string translated(std::string_view name, NamePlace place, const OwnNames& names);
RemotePath on_server(const RemotePath& path, const OwnNames& names);

/// `remote`, with such names. Where they are the usual ones it is `remote` itself. Messages of `remote` hold
/// the server's names.
std::unique_ptr<Remote> with_own_names(std::unique_ptr<Remote> remote, const OwnNames& names);

}  // namespace outhaul
