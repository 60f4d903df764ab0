#include "witness.h"

#include <fmt/format.h>

#include <fstream>
#include <optional>

#include "base/digest.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/sqlite.h"
#include "state/state.h"
#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

struct Object {
  std::int64_t id;
  std::string name;
  std::uint64_t size;
  std::string sha256;  ///< raw
};

std::optional<std::string> digest_of(const fs::path& file, std::uint64_t size) {
  std::error_code missing;
  if (!fs::is_regular_file(fs::symlink_status(file, missing)) || fs::file_size(file, missing) != size)
    return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> buffer(256 * 1024);
  Sha256 hash;
  while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || stream.gcount() > 0)
    hash.update(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(stream.gcount()))));
  const Sha256Digest digest = hash.finish();
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

class Witness {
 public:
  Witness(const fs::path& database, fs::path space)
      : db_(database, sqlite::Access::read_write), space_(std::move(space)) {}

  void look(std::vector<std::string>& broken) {
    for (const char* question : {"PRAGMA integrity_check", "PRAGMA foreign_key_check"}) {
      sqlite::Statement rows = db_.prepare(question);
      while (rows.step())
        if (rows.bytes(0) != "ok") broken.push_back(fmt::format("{}: {}", question, rows.bytes(0)));
    }
    for (const Object& object : stored())
      if (!whole(object, object.name) && !replaced(object) && !intended(object))
        broken.push_back(fmt::format("object {} is live or a version, but not whole at \"{}\": {}", object.id,
                                     printable(object.name), found(object.name)));
  }

 private:
  std::vector<Object> stored() {
    std::vector<Object> objects;
    sqlite::Statement rows =
        db_.prepare("SELECT id, remote_name, size, sha256 FROM object WHERE status IN ('live', 'retired')");
    while (rows.step())
      objects.push_back({rows.integer(0), rows.string(1), rows.get<std::uint64_t>(2), rows.string(3)});
    return objects;
  }

  bool whole(const Object& object, const std::string& name) const {
    return digest_of(space_ / name, object.size) == object.sha256;
  }

  /// The journal says that the object was being replaced when everything stopped: then either the new one is
  /// whole under the name, or the old one stands aside. One that becomes a version must be whole there.
  bool replaced(const Object& object) {
    sqlite::Statement rows = db_.prepare(
        "SELECT p.size, p.sha256, p.aside_name, p.stage FROM part AS p JOIN object AS o ON o.id = p.object "
        "WHERE o.remote_name = ? AND p.stage <> 'sending'");
    rows.bind(1, sqlite::Blob{object.name});
    while (rows.step()) {
      const Object next{0, object.name, rows.get<std::uint64_t>(0), rows.string(1)};
      if (rows.bytes(3) != "retiring" && whole(next, object.name)) return true;
      if (!rows.is_null(2) && whole(object, rows.string(2))) return true;
    }
    return false;
  }

  /// The journal says that it was about to be removed, moved or retired, or to expire.
  bool intended(const Object& object) {
    sqlite::Statement own = db_.prepare("SELECT kind, name FROM intent WHERE object = ?");
    own.bind(1, object.id);
    while (own.step()) {
      if (own.bytes(0) == "expire") return !fs::exists(fs::symlink_status(space_ / object.name));
      if (whole(object, own.string(1))) return true;
    }
    sqlite::Statement rows = db_.prepare(
        "SELECT i.kind, i.name FROM intent AS i JOIN entry AS e "
        "ON e.job = i.job AND e.path = coalesce(i.from_path, i.path) WHERE e.object = ?");
    rows.bind(1, object.id);
    while (rows.step()) {
      if (rows.bytes(0) == "remove") return !fs::exists(fs::symlink_status(space_ / object.name));
      if (rows.bytes(0) == "move" && whole(object, rows.string(1))) return true;
    }
    return false;
  }

  std::string found(const std::string& name) const {
    std::error_code missing;
    const fs::path file = space_ / name;
    const auto status = fs::symlink_status(file, missing);
    if (!fs::exists(status)) return "nothing is there";
    if (!fs::is_regular_file(status)) return "not a file";
    return fmt::format("{} bytes", fs::file_size(file, missing));
  }

  sqlite::Database db_;
  fs::path space_;
};

}  // namespace

std::vector<std::string> broken_promises(const fs::path& state_dir, const std::string& profile,
                                         const fs::path& space, const fs::path& scratch) {
  std::vector<std::string> broken;
  if (!fs::exists(state_dir / "state.db")) return broken;  // killed before there was one
  fs::remove_all(scratch);
  fs::create_directories(scratch);
  for (const char* name : {"state.db", "state.db-wal"})
    if (fs::exists(state_dir / name)) fs::copy_file(state_dir / name, scratch / name);
  try {
    State::open(scratch, profile, State::Open::must_exist);
    Witness(scratch / "state.db", space).look(broken);
  } catch (const Error& error) {
    broken.push_back(fmt::format("the state doesn't open: {}", error.what()));
  }
  return broken;
}

}  // namespace outhaul::test
