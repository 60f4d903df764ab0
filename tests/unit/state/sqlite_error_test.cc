#include "state/sqlite_error.h"

#include <cerrno>

#include "support/catch.h"

using namespace outhaul;

TEST_CASE("every result code of SQLite means one thing to an operator") {
  struct Case {
    int result, system_errno;
    ErrorKind kind;
    const char* word;
  };
  // sqlite.org/rescode.html
  const Case cases[] = {
      {13, 0, ErrorKind::local_io, "No space left"},           // FULL
      {13, ENOSPC, ErrorKind::local_io, "No space left"},      //
      {778, EFBIG, ErrorKind::local_io, "File too large"},     // IOERR_WRITE
      {778, EDQUOT, ErrorKind::local_io, "quota"},             //
      {1034, EIO, ErrorKind::local_io, "Input/output error"},  // IOERR_FSYNC
      {14, ENOENT, ErrorKind::local_io, "No such file"},       // CANTOPEN
      {8, EROFS, ErrorKind::local_io, "Read-only"},            // READONLY
      {1544, 0, ErrorKind::local_io, "detail"},                // READONLY_DIRECTORY
      {11, 0, ErrorKind::state, "damaged"},                    // CORRUPT
      {267, 0, ErrorKind::state, "damaged"},                   // CORRUPT_VTAB
      {26, 0, ErrorKind::state, "damaged"},                    // NOTADB
      {5, 0, ErrorKind::locked, "in use"},                     // BUSY
      {517, 0, ErrorKind::locked, "in use"},                   // BUSY_SNAPSHOT
      {7, 0, ErrorKind::local_io, "memory"},                   // NOMEM
      {1, 0, ErrorKind::internal, "detail"},                   // ERROR
      {19, 0, ErrorKind::internal, "detail"},                  // CONSTRAINT
      {21, 0, ErrorKind::internal, "detail"},                  // MISUSE
  };
  for (const Case& c : cases) {
    INFO(c.result << " " << c.system_errno);
    const Error error =
        sqlite::error_for(c.result, c.system_errno, "/var/lib/outhaul/w\x1B/state.db", "the detail");
    CHECK(error.kind() == c.kind);
    const std::string what = error.what();
    CHECK(what.find("/var/lib/outhaul/w\\x1B/state.db") != std::string::npos);
    CHECK(what.find(c.word) != std::string::npos);
    CHECK_FALSE(error.advice().empty());
  }
}
